package dev.lookalike.ingest;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Holds the sentences of the project's map about this service. */
class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.lookalike.ingest");

  @Test
  void knowsNothingOfModelsVectorsAndTheIndex() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "ai.onnxruntime..",
            "org.apache.lucene..",
            "io.milvus..",
            "org.bytedeco..",
            "dev.lookalike.embed..",
            "dev.lookalike.query..",
            "dev.lookalike.cli..",
            "dev.lookalike.broker..")
        .because("ingest-service owns the images and meets the rest through contracts only")
        .check(CLASSES);
  }

  @Test
  void onlyTheLogRoomKnowsKafka() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.lookalike.ingest.log")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.apache.kafka..")
        .check(CLASSES);
  }

  @Test
  void onlyTheStoreOfBlobsKnowsItsClient() {
    noClasses()
        .that()
        .haveNameNotMatching(".*\\.blobs\\.S3(BlobStore|Uploads|Connection).*")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("software.amazon..")
        .because("without a bucket no class of it is loaded")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycle() {
    slices().matching("dev.lookalike.ingest.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void namesSayWhatAThingIs() {
    noClasses()
        .should()
        .haveNameMatching(".*(Manager|Helper|Util|Utils|Impl)")
        .orShould()
        .resideInAnyPackage("..util..", "..common..", "..helper..", "..manager..")
        .check(CLASSES);
  }
}
