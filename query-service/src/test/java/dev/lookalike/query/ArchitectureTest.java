package dev.lookalike.query;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.lookalike.query");

  @Test
  void luceneIsInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..query.index.lucene")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.lucene..")
        .because("another engine comes behind VectorIndex")
        .check(CLASSES);
  }

  @Test
  void milvusIsInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..query.index.milvus")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.milvus..", "com.google.gson..")
        .because("another engine comes behind VectorIndex")
        .check(CLASSES);
  }

  @Test
  void kafkaIsInTheLog() {
    noClasses()
        .that()
        .resideOutsideOfPackage("..query.log")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.kafka..")
        .check(CLASSES);
  }

  @Test
  void theIndexKnowsNothingOfTheEdge() {
    noClasses()
        .that()
        .resideInAnyPackage("..query.index..", "..query.filter..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.quarkus..", "jakarta..", "io.grpc..", "org.apache.kafka..")
        .check(CLASSES);
  }

  @Test
  void howAnEmbeddingIsComputedIsNotKnown() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "ai.onnxruntime..",
            "dev.lookalike.imaging..",
            "dev.lookalike.embed..",
            "dev.lookalike.ingest..",
            "org.bytedeco..")
        .check(CLASSES);
  }

  @Test
  void noCycles() {
    slices().matching("dev.lookalike.query.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void namesSayTheJob() {
    classes()
        .should()
        .haveNameNotMatching(".*(Manager|Helper|Util|Utils|Impl|Common)$")
        .check(CLASSES);
  }
}
