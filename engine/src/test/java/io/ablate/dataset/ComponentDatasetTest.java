package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.base.SharedFiles;
import io.ablate.base.UsageException;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComponentDatasetTest {
  private static final int ROWS = 53;
  private static final int COLUMNS = 7;
  private static final int EXAMPLES = 3;

  @TempDir Path folder;

  @Test
  void shouldReadMasksAndOutputsAlone() throws IOException {
    MaskMatrix expected = writeMasks();
    writeOutputs("outputs.npy", NpyType.FLOAT32);
    try (ComponentDataset dataset = ComponentDataset.open(folder)) {
      assertThat(dataset.rows()).isEqualTo(ROWS);
      assertThat(dataset.columns()).isEqualTo(COLUMNS);
      assertThat(dataset.examples()).isEqualTo(EXAMPLES);
      assertThat(dataset.completedRows()).hasSize(ROWS);
      assertThat(dataset.components()).isNull();
      assertThat(dataset.manifest()).isNull();
      assertThat(dataset.labels()).isNull();
      assertThat(dataset.activationScale()).isNull();
      assertThat(dataset.layerOfColumn()).containsOnly(0).hasSize(COLUMNS);
      int[] rows = {5, 6, 7, 2, 52, 5};
      assertThat(dataset.masks(rows)).isEqualTo(expected.select(rows));
      double[][] outputs = dataset.outputs(rows);
      for (int e = 0; e < EXAMPLES; e++) {
        for (int i = 0; i < rows.length; i++) {
          assertThat(outputs[e][i]).isEqualTo(value(rows[i], e));
        }
      }
    }
  }

  @Test
  void shouldReadTheLayoutOfCoar() throws IOException {
    MaskMatrix expected = writeMasks();
    writeOutputs("cifar10_test_margins.npy", NpyType.FLOAT16);
    byte[] completed = new byte[ROWS];
    completed[1] = 1;
    completed[17] = 1;
    write("_completed.npy", NpyType.BOOL, completed, ROWS);
    try (ComponentDataset dataset = ComponentDataset.open(folder)) {
      assertThat(dataset.completedRows()).containsExactly(1, 17);
      assertThat(dataset.firstCompleted(2)).containsExactly(1, 17);
      assertThat(dataset.completedBetween(2, 53)).containsExactly(17);
      assertThat(dataset.masks(new int[] {17})).isEqualTo(expected.rows(17, 18));
      assertThat(dataset.outputs(new int[] {17})[2][0]).isCloseTo(value(17, 2), within(1e-2));
      assertThatThrownBy(() -> dataset.firstCompleted(3))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("1 to 2")
          .hasMessageContaining("found 3");
      assertThatThrownBy(() -> dataset.completedBetween(40, 54))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("40:54");
    }
    writeOutputs("cifar10_train_margins.npy", NpyType.FLOAT16);
    assertThatThrownBy(() -> ComponentDataset.open(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("cifar10_test_margins.npy, cifar10_train_margins.npy");
    try (ComponentDataset dataset =
        ComponentDataset.open(folder, folder.resolve("cifar10_train_margins.npy"))) {
      assertThat(dataset.examples()).isEqualTo(EXAMPLES);
    }
  }

  @Test
  void shouldNameRowAndExampleOfAnOutputThatIsNotFinite() throws IOException {
    writeMasks();
    writeOutputs("outputs.npy", NpyType.FLOAT32);
    Path file = folder.resolve("outputs.npy");
    try (RandomAccessFile raw = new RandomAccessFile(file.toFile(), "rw")) {
      raw.seek(raw.length() - 4L * (EXAMPLES * (ROWS - 11) - 1));
      raw.writeInt(Integer.reverseBytes(Float.floatToIntBits(Float.NaN)));
    }
    try (ComponentDataset dataset = ComponentDataset.open(folder)) {
      assertThatThrownBy(() -> dataset.outputs(dataset.completedRows()))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("row 11")
          .hasMessageContaining("NaN for example 1");
    }
  }

  @Test
  void shouldRefuseArraysThatDoNotFit() throws IOException {
    writeMasks();
    assertThatThrownBy(() -> ComponentDataset.open(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no outputs in the store");
    write("outputs.npy", NpyType.FLOAT32, new byte[4 * (ROWS - 1)], ROWS - 1, 1);
    assertThatThrownBy(() -> ComponentDataset.open(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("[53, any]")
        .hasMessageContaining("[52, 1]");
    writeOutputs("outputs.npy", NpyType.FLOAT32);
    Path file = folder.resolve("outputs.npy");
    Files.write(file, java.util.Arrays.copyOf(Files.readAllBytes(file), 300));
    assertThatThrownBy(() -> ComponentDataset.open(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("outputs.npy")
        .hasMessageContaining("300 bytes (truncated)");
    writeOutputs("outputs.npy", NpyType.FLOAT32);
    Files.writeString(folder.resolve("components.json"), "{\"columns\": []}");
    assertThatThrownBy(() -> ComponentDataset.open(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("7 columns");
  }

  @Test
  void shouldReadTheGoldenDataset() {
    Path golden = SharedFiles.require("golden/resnet8-cifar10-dataset");
    try (ComponentDataset dataset = ComponentDataset.open(golden)) {
      assertThat(dataset.rows()).isEqualTo(6000);
      assertThat(dataset.columns()).isEqualTo(672);
      assertThat(dataset.examples()).isEqualTo(10);
      assertThat(dataset.layerOfColumn()).hasSize(672).endsWith(8);
      assertThat(dataset.activationScale()).hasDimensions(10, 672);
      int[] rows = dataset.completedBetween(4500, 6000);
      assertThat(dataset.masks(rows).rows()).isEqualTo(1500);
      double[] independent = NpyFile.readDoubles(golden.resolve("outputs.npy"));
      assertThat(dataset.outputs(rows)[7])
          .containsExactly(IntStream.of(rows).mapToDouble(r -> independent[r * 10 + 7]).toArray());
    }
  }

  private static float value(int row, int example) {
    return row + example / 4f;
  }

  private MaskMatrix writeMasks() throws IOException {
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(9, 0.5, COLUMNS), 0, ROWS);
    byte[] bytes = new byte[ROWS * COLUMNS];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (masks.get(i / COLUMNS, i % COLUMNS) ? 1 : 0);
    }
    write("masks.npy", NpyType.BOOL, bytes, ROWS, COLUMNS);
    return masks;
  }

  private void writeOutputs(String name, NpyType type) throws IOException {
    ByteBuffer data =
        ByteBuffer.allocate(ROWS * EXAMPLES * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < ROWS; row++) {
      for (int e = 0; e < EXAMPLES; e++) {
        if (type == NpyType.FLOAT16) {
          data.putShort(Float.floatToFloat16(value(row, e)));
        } else {
          data.putFloat(value(row, e));
        }
      }
    }
    write(name, type, data.array(), ROWS, EXAMPLES);
  }

  private void write(String name, NpyType type, byte[] data, long... shape) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(NpyWriter.header(type, shape));
    out.write(data);
    Files.write(folder.resolve(name), out.toByteArray());
  }
}
