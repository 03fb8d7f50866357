package io.ablate;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures.LayeredArchitecture;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The packages follow the way the data travels; each knows only those before it. */
class ArchitectureTest {
  private static final List<String> ORDER =
      List.of(
          "base",
          "onnx",
          "component",
          "instrument",
          "example",
          "differentiate",
          "mask",
          "forward",
          "dataset",
          "linalg",
          "estimate",
          "evaluate",
          "edit",
          "backend");

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.ablate");

  @Test
  void shouldKnowOnlyEarlierStations() {
    LayeredArchitecture rule =
        layeredArchitecture().consideringOnlyDependenciesInLayers().withOptionalLayers(true);
    for (String station : ORDER) {
      rule = rule.layer(station).definedBy("io.ablate." + station + "..");
    }
    rule = rule.layer("root").definedBy("io.ablate");
    for (int i = 0; i < ORDER.size(); i++) {
      List<String> later = new java.util.ArrayList<>(ORDER.subList(i + 1, ORDER.size()));
      later.add("root");
      rule = rule.whereLayer(ORDER.get(i)).mayOnlyBeAccessedByLayers(later.toArray(String[]::new));
    }
    rule.whereLayer("root").mayNotBeAccessedByAnyLayer().check(CLASSES);
  }

  @Test
  void shouldNameNoForeignFunctionsNorCudaNorAccelerators() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.lang.foreign..",
            "jcuda..",
            "org.bytedeco..",
            "io.ablate.nativelib..",
            "io.ablate.openblas..",
            "io.ablate.ort..")
        .check(CLASSES);
  }
}
