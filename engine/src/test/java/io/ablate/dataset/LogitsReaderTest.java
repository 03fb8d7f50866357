package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogitsReaderTest {
  private static final int ROWS = 11;
  private static final int[] LABELS = {2, 0, 1};
  private static final int CLASSES = 3;

  @TempDir Path folder;

  @Test
  void shouldReadTheRowsAskedFor() throws IOException {
    write(-1);
    LogitsReader reader = reader(LABELS);
    int[] rows = {4, 5, 2, 10};
    StoredLogits logits = reader.read(rows);
    assertThat(logits.classes()).isEqualTo(CLASSES);
    for (int e = 0; e < LABELS.length; e++) {
      for (int i = 0; i < rows.length; i++) {
        for (int c = 0; c < CLASSES; c++) {
          assertThat(logits.values()[e][i * CLASSES + c]).isEqualTo(value(rows[i], e, c));
        }
      }
    }
  }

  @Test
  void shouldNameRowAndExampleOfALogitThatIsNoNumber() throws IOException {
    write(7);
    assertThat(reader(LABELS).read(new int[] {6, 8}).values()).hasDimensions(3, 6);
    assertThatThrownBy(() -> reader(LABELS).read(new int[] {6, 7}))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("logits.npy, row 7")
        .hasMessageContaining("NaN for example 1");
  }

  @Test
  void shouldRefuseALabelThatIsNoClass() throws IOException {
    write(-1);
    assertThatThrownBy(() -> reader(new int[] {2, 3, 1}))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected 0 to 2, found 3");
    assertThatThrownBy(() -> reader(new int[] {0, 1}))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("wrong shape");
  }

  @Test
  void shouldReadNothingWithoutLabelsOrFile() throws IOException {
    assertThat(LogitsReader.of(folder, ROWS, LABELS)).isNull();
    write(-1);
    assertThat(LogitsReader.of(folder, ROWS, null)).isNull();
  }

  private LogitsReader reader(int[] labels) {
    return Objects.requireNonNull(LogitsReader.of(folder, ROWS, labels));
  }

  private static float value(int row, int example, int c) {
    return 100 * row + 10 * example + c;
  }

  private void write(int broken) throws IOException {
    ByteBuffer values =
        ByteBuffer.allocate(4 * ROWS * LABELS.length * CLASSES).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < ROWS; row++) {
      for (int e = 0; e < LABELS.length; e++) {
        for (int c = 0; c < CLASSES; c++) {
          values.putFloat(row == broken && e == 1 ? Float.NaN : value(row, e, c));
        }
      }
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(NpyWriter.header(NpyType.FLOAT32, ROWS, LABELS.length, CLASSES));
    bytes.write(values.array());
    Files.write(folder.resolve("logits.npy"), bytes.toByteArray());
  }
}
