package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.SharedFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Cifar10SourceTest {
  private static final ModelSidecar UNIT = ModelSidecar.NONE.withPreprocessing(Preprocessing.UNIT);

  @TempDir Path folder;

  @Test
  void shouldReadPlanesAndLabels() throws IOException {
    byte[] record = new byte[3073];
    record[0] = 9;
    record[1] = (byte) 255;
    record[1 + 1024 + 1] = 51;
    record[3072] = 102;
    write(30_730_000, 9_999, record);
    try (ExampleSource source = ExampleSources.open("cifar10:" + folder, UNIT, 3, 32, 32)) {
      assertThat(source.size()).isEqualTo(10_000);
      Example example = source.load(9_999);
      assertThat(example.label()).isEqualTo(9);
      assertThat(example.input()[0]).isEqualTo(1);
      assertThat(example.input()[1025]).isEqualTo(0.2f);
      assertThat(example.input()[3071]).isEqualTo(0.4f);
      assertThat(Objects.requireNonNull(example.thumbnail()).value(0, 0, 0)).isEqualTo(255);
      assertThat(Objects.requireNonNull(example.thumbnail()).value(0, 1, 1)).isEqualTo(51);
      assertThat(Objects.requireNonNull(example.thumbnail()).value(31, 31, 2)).isEqualTo(102);
    }
  }

  @Test
  void shouldNameTheSizesOfATruncatedFile() throws IOException {
    write(30_729_999, 0, new byte[3073]);
    assertThatThrownBy(() -> ExampleSources.open("cifar10:" + folder, UNIT, 3, 32, 32))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("test_batch.bin")
        .hasMessageContaining("expected 30730000 bytes")
        .hasMessageContaining("found 30729999 bytes");
  }

  @Test
  void shouldNameTheRecordOfAWrongLabel() throws IOException {
    byte[] record = new byte[3073];
    record[0] = 10;
    write(30_730_000, 17, record);
    try (ExampleSource source = ExampleSources.open("cifar10:" + folder, UNIT, 3, 32, 32)) {
      assertThatThrownBy(() -> source.load(17))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("record 17; expected 0 to 9, found 10");
    }
  }

  @Test
  void shouldSayHowToGetMissingFiles() {
    assertThatThrownBy(() -> ExampleSources.open("cifar10:" + folder, UNIT, 3, 32, 32))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no CIFAR-10 binary files: " + folder)
        .hasMessageContaining("ablate fetch cifar10");
    assertThatThrownBy(
            () -> ExampleSources.open("cifar10:" + folder.resolve("none"), UNIT, 3, 32, 32))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("found no such folder");
  }

  @Test
  void shouldAgreeWithTheGoldenLabels() {
    JsonNode golden = Json.read(SharedFiles.require("golden/resnet8-cifar10/golden.json"));
    Path data = SharedFiles.require("data/cifar-10-batches-bin");
    ModelSidecar sidecar = ModelSidecar.of(SharedFiles.require("models/resnet8-cifar10.onnx"));
    JsonNode examples = golden.get("examples_in_test_batch");
    JsonNode labels = golden.get("labels");
    assertThat(labels).isNotEmpty().hasSameSizeAs(examples);
    // The folder's parent will do as well.
    for (Path place : new Path[] {data, data.getParent()}) {
      try (ExampleSource source = ExampleSources.open("cifar10:" + place, sidecar, 3, 32, 32)) {
        for (int i = 0; i < labels.size(); i++) {
          assertThat(source.load(examples.get(i).intValue()).label())
              .isEqualTo(labels.get(i).intValue());
        }
      }
    }
  }

  private void write(long length, int index, byte[] record) throws IOException {
    Path inner = Files.createDirectories(folder.resolve("cifar-10-batches-bin"));
    try (RandomAccessFile file =
        new RandomAccessFile(inner.resolve("test_batch.bin").toFile(), "rw")) {
      file.setLength(length);
      file.seek(index * 3073L);
      file.write(record);
      file.setLength(length);
    }
  }
}
