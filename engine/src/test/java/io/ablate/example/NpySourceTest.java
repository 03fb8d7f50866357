package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.base.UsageException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpySourceTest {
  private static final ModelSidecar UNIT = ModelSidecar.NONE.withPreprocessing(Preprocessing.UNIT);

  @TempDir Path folder;

  @Test
  void shouldFeedFloatsAsTheyAreWithoutASidecar() throws IOException {
    write("x", NpyType.FLOAT32, floats(1, 2, 3, 4, 5, -6.5f), 3, 2);
    labels(4, 0, 7);
    try (ExampleSource source = open(ModelSidecar.NONE, 2)) {
      assertThat(source.size()).isEqualTo(3);
      Example example = source.load(2);
      assertThat(example.input()).containsExactly(5, -6.5f);
      assertThat(example.shape()).containsExactly(2);
      assertThat(example.label()).isEqualTo(7);
      assertThat(example.name()).isEqualTo("x.npy[2]");
      assertThat(example.thumbnail()).isNull();
      assertThatThrownBy(() -> source.load(3))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("expected 0 to 2, found 3");
    }
  }

  /** Tokens, for example. */
  @Test
  void shouldFeedSignedIntegersAsTheyAre() throws IOException {
    write("x", NpyType.INT16, new byte[] {1, 0, -2, -1, 3, 1, 4, 0}, 2, 2);
    labels(1, 0);
    try (ExampleSource source = open(ModelSidecar.NONE, 2)) {
      assertThat(source.load(0).input()).containsExactly(1, -2);
      assertThat(source.load(1).input()).containsExactly(259, 4);
    }
  }

  @Test
  void shouldPreprocessPixels() throws IOException {
    byte[] pixels = {0, 51, (byte) 255, 0, 0, 102};
    write("x", NpyType.UINT8, pixels, 1, 2, 1, 3);
    labels(1);
    try (ExampleSource source = open(UNIT, 3, 2, 1)) {
      Example example = source.load(0);
      assertThat(example.input()).containsExactly(0f, 0f, 0.2f, 0f, 1f, 0.4f);
      assertThat(Objects.requireNonNull(example.thumbnail()).data()).isEqualTo(pixels);
    }
  }

  @Test
  void shouldTakePixelsOfManyChannels() throws IOException {
    write("x", NpyType.UINT8, new byte[] {0, 0, 0, 0, (byte) 255}, 1, 1, 1, 5);
    labels(0);
    try (ExampleSource source = open(UNIT, 5, 1, 1)) {
      assertThat(source.load(0).input()).containsExactly(0, 0, 0, 0, 1);
      assertThat(source.load(0).thumbnail()).isNull();
    }
  }

  @Test
  void shouldRefuseInputsOfAnotherShapeOrType() throws IOException {
    labels(0);
    write("x", NpyType.FLOAT32, floats(1, 2), 1, 2);
    refused(
        "expected floating-point numbers or signed integers N × [3], or uint8 N × height × width ×"
            + " channels, found <f4 [1, 2]");
    write("x", NpyType.BOOL, new byte[3], 1, 3);
    refused("found |b1 [1, 3]");
    write("x", NpyType.UINT8, new byte[3], 1, 3);
    refused("found |u1 [1, 3]");
  }

  @Test
  void shouldRefuseLabelsThatDoNotSuit() throws IOException {
    write("x", NpyType.FLOAT32, floats(1, 2, 3, 4, 5, 6), 2, 3);
    labels(0);
    refused("expected 2 labels, the inputs in " + folder.resolve("x.npy") + ", found 1");
    labels(0, 3);
    refused(folder.resolve("y.npy") + ", element 1; expected 0 to 2, the model's classes, found 3");
    labels(-1, 0);
    refused("element 0; expected 0 to 2, the model's classes, found -1");
    write("y", NpyType.FLOAT32, floats(0, 1), 2);
    refused("expected integers [N], found <f4 [2]");
  }

  private void refused(String message) {
    ModelSidecar three = UNIT.withClasses(List.of("a", "b", "c"));
    assertThatThrownBy(() -> open(three, 3))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldNameTheElementThatIsNotFinite() throws IOException {
    write("x", NpyType.FLOAT32, floats(1, 2, 3, Float.NaN), 2, 2);
    labels(0, 0);
    try (ExampleSource source = open(UNIT, 2)) {
      assertThat(source.load(0).input()).containsExactly(1, 2);
      assertThatThrownBy(() -> source.load(1))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("x.npy, example 1, element 1; expected finite values, found NaN");
    }
  }

  private ExampleSource open(ModelSidecar sidecar, long... shape) {
    String data = "npy:" + folder.resolve("x.npy") + "," + folder.resolve("y.npy");
    return ExampleSources.open(data, sidecar, shape);
  }

  private void labels(int... labels) {
    NpyWriter.writeInts(folder.resolve("y.npy"), labels);
  }

  private void write(String name, NpyType type, byte[] data, long... shape) throws IOException {
    try (OutputStream out = Files.newOutputStream(folder.resolve(name + ".npy"))) {
      out.write(NpyWriter.header(type, shape));
      out.write(data);
    }
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }
}
