package dev.lookalike.imaging;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.lookalike.imaging");

  @Test
  void opencvIsInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.lookalike.imaging.opencv")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .because("one hardened decoder is easier to keep hardened than two")
        .check(CLASSES);
  }

  @Test
  void codecsKnowNothingOfPolicy() {
    noClasses()
        .that()
        .resideInAPackage("dev.lookalike.imaging.opencv")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.lookalike.imaging")
        .because("limits, formats and refusals are decided in one place")
        .check(CLASSES);
  }

  @Test
  void imagingKnowsOnlyImages() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.apache.kafka..",
            "ai.onnxruntime..",
            "io.milvus..",
            "io.quarkus..",
            "org.apache.lucene..",
            "lookalike..")
        .because("it is pure functions from bytes to images")
        .check(CLASSES);
  }
}
