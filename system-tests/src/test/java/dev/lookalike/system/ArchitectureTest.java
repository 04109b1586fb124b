package dev.lookalike.system;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The map of the modules, held: who owns what, and who knows nothing of what. */
class ArchitectureTest {
  private static JavaClasses product;

  @BeforeAll
  static void readClasses() {
    product =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.lookalike");
  }

  private record Rule(String sentence, ArchRule rule) {}

  private static final List<Rule> MAP =
      List.of(
          new Rule(
              "imaging knows neither Kafka, ONNX Runtime, an index, Quarkus nor the contracts",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.imaging..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "org.apache.kafka..",
                      "ai.onnxruntime..",
                      "org.apache.lucene..",
                      "io.milvus..",
                      "io.quarkus..",
                      "jakarta..",
                      "dev.lookalike.proto..",
                      "dev.lookalike.log..")),
          new Rule(
              "log holds the layout of the topics and knows no service, imaging or framework",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.log..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "dev.lookalike.imaging..",
                      "dev.lookalike.broker..",
                      "io.quarkus..",
                      "jakarta..")),
          new Rule(
              "access says what a key is, and knows no service, protocol or framework",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.access..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "io.grpc..",
                      "io.vertx..",
                      "io.quarkus..",
                      "jakarta..",
                      "dev.lookalike.service.access..",
                      "dev.lookalike.proto..",
                      "dev.lookalike.log..")),
          new Rule(
              "service is what every service is before it does anything of its own, and knows none of them",
              noClasses()
                  .that()
                  .resideInAnyPackage(
                      "dev.lookalike.service.access..", "dev.lookalike.service.admission..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "dev.lookalike.proto..",
                      "dev.lookalike.log..",
                      "dev.lookalike.imaging..",
                      "org.apache.kafka..")),
          new Rule(
              "ingest-service knows no vectors or index, and of models only whether they are served",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.ingest..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "ai.onnxruntime..",
                      "org.apache.lucene..",
                      "io.milvus..",
                      "dev.lookalike.embed..",
                      "dev.lookalike.query..",
                      "dev.lookalike.cli..")),
          new Rule(
              "clients of ingest-service ask for the models",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.ingest..")
                  .and()
                  .resideOutsideOfPackage("dev.lookalike.ingest.client")
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("dev.lookalike.proto.embed..")),
          new Rule(
              "embed-service knows neither uploads nor an index",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.embed..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "org.apache.lucene..",
                      "io.milvus..",
                      "dev.lookalike.proto.ingest..",
                      "dev.lookalike.proto.search..",
                      "dev.lookalike.ingest..",
                      "dev.lookalike.query..",
                      "dev.lookalike.cli..")),
          new Rule(
              "query-service knows not how an embedding is computed",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.query..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "ai.onnxruntime..",
                      "org.bytedeco..",
                      "dev.lookalike.imaging..",
                      "dev.lookalike.proto.ingest..",
                      "dev.lookalike.ingest..",
                      "dev.lookalike.embed..",
                      "dev.lookalike.cli..")),
          new Rule(
              "the command line knows the services by their interfaces only",
              noClasses()
                  .that()
                  .resideInAPackage("dev.lookalike.cli..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      "dev.lookalike.ingest..",
                      "dev.lookalike.embed..",
                      "dev.lookalike.query..",
                      "dev.lookalike.service.access..",
                      "dev.lookalike.service.admission..",
                      "dev.lookalike.log..",
                      "dev.lookalike.imaging..")),
          new Rule(
              "no service starts a broker",
              noClasses()
                  .that()
                  .resideInAnyPackage(
                      "dev.lookalike.ingest..", "dev.lookalike.embed..", "dev.lookalike.query..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("dev.lookalike.broker..")));

  @TestFactory
  List<DynamicTest> everySentenceOfTheMapHolds() {
    return MAP.stream()
        .map(rule -> DynamicTest.dynamicTest(rule.sentence(), () -> rule.rule().check(product)))
        .toList();
  }

  private static final List<String> SERVICES = List.of("ingest", "embed", "query");

  /** The rooms that every service has; whatever else it has is a core, named after its feature. */
  private static final List<String> ROOMS =
      List.of("rest", "grpc", "client", "log", "health", "metrics");

  @Test
  void everyServiceHasTheSameRooms() {
    for (String service : SERVICES) {
      String root = "dev.lookalike." + service;
      for (String room : List.of("rest", "grpc", "log", "health", "metrics")) {
        assertThat(product.stream().anyMatch(c -> c.getPackageName().equals(root + "." + room)))
            .as(service + " has the room " + room)
            .isTrue();
      }
      for (String part : List.of("Wiring", "Endpoints")) {
        assertThat(product.contain(root + "." + part)).as(root + "." + part).isTrue();
      }
    }
  }

  @TestFactory
  List<DynamicTest> theRoomsOfEveryServiceKeepToThemselves() {
    List<DynamicTest> tests = new ArrayList<>();
    for (String service : SERVICES) {
      String root = "dev.lookalike." + service;
      String[] rooms = ROOMS.stream().map(room -> root + "." + room + "..").toArray(String[]::new);
      String[] roomsAndRoot =
          Stream.concat(Stream.of(root), Stream.of(rooms)).toArray(String[]::new);
      DescribedPredicate<JavaClass> settings =
          DescribedPredicate.describe(
              "settings", c -> c.getName().replaceAll("\\$.*", "").endsWith("Settings"));
      tests.add(
          rule(
              service + ": only log and Wiring know Kafka",
              noClasses()
                  .that()
                  .resideInAPackage(root + "..")
                  .and()
                  .resideOutsideOfPackages(root, root + ".log..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage("org.apache.kafka..")));
      tests.add(
          rule(
              service + ": cores know no framework",
              noClasses()
                  .that()
                  .resideInAPackage(root + "..")
                  .and()
                  .resideOutsideOfPackages(roomsAndRoot)
                  .and(DescribedPredicate.not(settings))
                  .should()
                  .dependOnClassesThat(
                      DescribedPredicate.describe(
                          "are of a framework",
                          c ->
                              c.getPackageName().startsWith("io.quarkus")
                                      && !c.getName().equals(MEMORY_SIZE)
                                  || c.getPackageName().startsWith("jakarta.inject")
                                  || c.getPackageName().startsWith("jakarta.enterprise")
                                  || c.getPackageName().startsWith("jakarta.ws")
                                  || c.getPackageName().startsWith("io.vertx")))));
      tests.add(
          rule(
              service + ": cores know neither protocol, log, health nor clients",
              noClasses()
                  .that()
                  .resideInAPackage(root + "..")
                  .and()
                  .resideOutsideOfPackages(roomsAndRoot)
                  .should()
                  .dependOnClassesThat()
                  .resideInAnyPackage(
                      root,
                      root + ".rest..",
                      root + ".grpc..",
                      root + ".client..",
                      root + ".log..",
                      root + ".health..")));
      tests.add(
          rule(
              service + ": protocols do not meet",
              noClasses()
                  .that()
                  .resideInAPackage(root + ".rest..")
                  .should()
                  .dependOnClassesThat()
                  .resideInAPackage(root + ".grpc..")));
      tests.add(
          rule(
              service + ": what is made of what is said in Wiring",
              noClasses()
                  .that()
                  .resideInAPackage(root + "..")
                  .and()
                  .doNotHaveFullyQualifiedName(root + ".Wiring")
                  .and()
                  .doNotHaveFullyQualifiedName(root + ".Endpoints")
                  .should()
                  .dependOnClassesThat()
                  .haveFullyQualifiedName("jakarta.enterprise.inject.Produces")));
    }
    return tests;
  }

  private static final String MEMORY_SIZE = "io.quarkus.runtime.configuration.MemorySize";

  private static DynamicTest rule(String sentence, ArchRule rule) {
    return DynamicTest.dynamicTest(sentence, () -> rule.check(product));
  }

  @Test
  void eachEngineAppearsInOnePackage() {
    onePackageUses("org.apache.lucene..", "dev.lookalike.query.index.lucene");
    onePackageUses("io.milvus..", "dev.lookalike.query.index.milvus");
    onePackageUses("ai.onnxruntime..", "dev.lookalike.embed.model.runtime");
    onePackageUses("org.bytedeco..", "dev.lookalike.imaging.opencv");
  }

  private static void onePackageUses(String engine, String owner) {
    noClasses()
        .that()
        .resideOutsideOfPackage(owner)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(engine)
        .check(product);
    classes()
        .that()
        .resideInAPackage(owner)
        .should()
        .resideInAPackage(owner)
        .as(owner + " exists")
        .check(product);
  }

  @Test
  void packagesHaveNoCycles() {
    for (String module :
        List.of(
            "imaging", "log", "access", "service", "broker", "ingest", "embed", "query", "cli")) {
      slices()
          .matching("dev.lookalike." + module + ".(**)")
          .should()
          .beFreeOfCycles()
          .allowEmptyShould(true)
          .check(product);
    }
  }

  @Test
  void nothingIsNamedAfterNothing() {
    noClasses()
        .should()
        .haveNameMatching("dev\\.lookalike\\..*(Util|Utils|Helper|Manager|Impl|Common)(\\$.*)?")
        .orShould()
        .resideInAnyPackage("..util..", "..utils..", "..common..", "..helper..")
        .check(
            product.that(
                com.tngtech.archunit.base.DescribedPredicate.describe(
                    "written by us", c -> !c.getPackageName().startsWith("dev.lookalike.proto"))));
  }
}
