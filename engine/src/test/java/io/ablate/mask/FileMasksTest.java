package io.ablate.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileMasksTest {
  @TempDir Path folder;

  @Test
  void shouldReadBoolAndFloatMasksAlike() throws IOException {
    MaskMatrix expected = MaskMatrix.of(new BernoulliMasks(3, 0.5, 71), 0, 5003);
    float[][] floats = new float[5003][71];
    byte[] bools = new byte[5003 * 71];
    for (int i = 0; i < 5003; i++) {
      expected.unpack(i, floats[i], 0);
      for (int j = 0; j < 71; j++) {
        bools[i * 71 + j] = (byte) floats[i][j];
      }
    }
    Path asFloat = folder.resolve("float.npy");
    NpyWriter.writeFloats(asFloat, floats);
    Path asBool = write("bool.npy", NpyType.BOOL, 5003, 71, bools);
    for (Path file : new Path[] {asFloat, asBool}) {
      try (FileMasks masks = FileMasks.open(file, 71)) {
        assertThat(masks.rows()).isEqualTo(5003);
        assertThat(MaskMatrix.of(masks, 0, 5003)).isEqualTo(expected);
        assertThat(MaskMatrix.of(masks, 5000, 3)).isEqualTo(expected.rows(5000, 5003));
        assertThat(MaskMatrix.of(masks, 1, 2)).isEqualTo(expected.rows(1, 3));
      }
    }
  }

  @Test
  void shouldNameExpectedAndFoundWidth() throws IOException {
    Path file = write("narrow.npy", NpyType.BOOL, 2, 3, new byte[6]);
    assertThatThrownBy(() -> FileMasks.open(file, 672))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("masks of the wrong width")
        .hasMessageContaining(file.toString())
        .hasMessageContaining("[rows, 672]")
        .hasMessageContaining("[2, 3]");
  }

  @Test
  void shouldNameRowAndColumnOfASoftValue() {
    Path file = folder.resolve("soft.npy");
    NpyWriter.writeFloats(file, new float[][] {{0, 1}, {1, 0.25f}});
    assertThatThrownBy(() -> FileMasks.open(file, 2))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("row 1, column 1")
        .hasMessageContaining("0.25");
  }

  private Path write(String name, NpyType type, int rows, int columns, byte[] data)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(NpyWriter.header(type, rows, columns));
    out.write(data);
    return Files.write(folder.resolve(name), out.toByteArray());
  }
}
