package dev.lookalike.embed;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class StructureTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.lookalike.embed");

  @Test
  void onnxRuntimeIsInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.lookalike.embed.model.runtime")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("ai.onnxruntime..")
        .because("a model is what package model.runtime shows of it")
        .check(classes);
  }

  @Test
  void nothingOfOtherServicesOrOfAnIndex() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.lookalike.ingest..",
            "dev.lookalike.query..",
            "org.apache.lucene..",
            "io.milvus..",
            "org.bytedeco..")
        .because("embed-service owns the models and nothing else")
        .check(classes);
  }

  @Test
  void kafkaIsInOnePackage() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.lookalike.embed.log")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.kafka..")
        .because("what is made of a record is decided without a broker")
        .check(classes);
  }

  @Test
  void coresKnowNeitherInjectionNorQuarkus() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.lookalike.embed.builds..",
            "dev.lookalike.embed.infer..",
            "dev.lookalike.embed.model..",
            "dev.lookalike.embed.preprocess..",
            "dev.lookalike.embed.query..",
            "dev.lookalike.embed.stage..",
            "dev.lookalike.embed.teaching..")
        .and()
        .haveSimpleNameNotEndingWith("Settings")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "jakarta..", "io.quarkus..", "io.smallrye..", "org.eclipse.microprofile..")
        .because("Wiring makes what is made of what")
        .check(classes);
  }

  @Test
  void preprocessingKnowsPixelsOnly() {
    noClasses()
        .that()
        .resideInAPackage("dev.lookalike.embed.preprocess")
        .should()
        .dependOnClassesThat()
        .resideOutsideOfPackages(
            "java..", "dev.lookalike.imaging", "dev.lookalike.embed.preprocess", "org.jspecify..")
        .because("preprocessing is functions from value to value")
        .check(classes);
  }

  @Test
  void noCycles() {
    slices().matching("dev.lookalike.embed.(*)..").should().beFreeOfCycles().check(classes);
  }
}
