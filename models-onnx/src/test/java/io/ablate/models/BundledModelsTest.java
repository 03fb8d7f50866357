package io.ablate.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BundledModelsTest {
  @TempDir Path cache;

  @Test
  void shouldListTheBundledModels() {
    assertThat(BundledModels.names())
        .contains(BundledModels.DEFAULT, "resnet8-cifar10", "resnet18-cifar10");
  }

  @ParameterizedTest
  @MethodSource("io.ablate.models.BundledModels#names")
  void shouldExtractModelAndSidecar(String name) throws IOException {
    Path model = BundledModels.extract(name, cache);
    assertThat(model).hasFileName(name + ".onnx");
    try (InputStream in = BundledModels.open(name)) {
      assertThat(model).hasBinaryContent(in.readAllBytes());
    }
    assertThat(model.resolveSibling(name + ".json"))
        .content()
        .contains("\"input\"", "\"classes\"", "\"licence\"");
    try (Stream<Path> files = Files.list(model.getParent())) {
      assertThat(files).hasSize(2);
    }
  }

  @Test
  void shouldKeepAGoodCopyAndReplaceADamagedOne() throws IOException {
    Path model = BundledModels.extract(BundledModels.DEFAULT, cache);
    byte[] good = Files.readAllBytes(model);
    FileTime old = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(model, old);
    assertThat(BundledModels.extract(BundledModels.DEFAULT, cache)).isEqualTo(model);
    assertThat(Files.getLastModifiedTime(model)).isEqualTo(old);

    Files.write(model, new byte[] {1, 2, 3});
    assertThat(BundledModels.extract(BundledModels.DEFAULT, cache)).isEqualTo(model);
    assertThat(model).hasBinaryContent(good);
  }

  @Test
  void shouldNameTheModelsWhereOneIsUnknown() {
    assertThatThrownBy(() -> BundledModels.extract("../secret", cache))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "no bundled model '../secret'; there are: " + String.join(", ", BundledModels.names()));
    assertThatThrownBy(() -> BundledModels.open("vgg"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("no bundled model 'vgg'");
  }
}
