package dev.lookalike.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.lookalike.cli");

  @Test
  void packagesHaveNoCycle() {
    slices().matching("dev.lookalike.cli.(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void onlyTheMachineKnowsTheBroker() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.lookalike.cli.machine")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.lookalike.broker..")
        .check(CLASSES);
  }
}
