package io.ablate.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyFileTest {
  private static final byte[] NONE = {};

  @TempDir Path folder;

  @Test
  void shouldReadWhatItWrites() {
    Path file = folder.resolve("a.npy");
    NpyWriter.writeFloats(file, new float[][] {{1, 2, 3}, {4, 5, 6.5f}});
    try (NpyFile npy = NpyFile.open(file)) {
      assertThat(npy.shape()).containsExactly(2, 3);
      assertThat(npy.rows(1, 1)).containsExactly(4, 5, 6.5);
      assertThat(npy.header().dataOffset() % 64).isZero();
    }
  }

  @Test
  void shouldReadFortranOrderOfThreeAxes() throws IOException {
    // Element (i, j, k) of shape (2, 3, 2) is 100 i + 10 j + k; the first axis runs fastest.
    ByteBuffer data = ByteBuffer.allocate(12 * 2).order(ByteOrder.LITTLE_ENDIAN);
    for (int k = 0; k < 2; k++) {
      for (int j = 0; j < 3; j++) {
        for (int i = 0; i < 2; i++) {
          data.putShort((short) (100 * i + 10 * j + k));
        }
      }
    }
    Path file = raw("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3, 2), }", data.array());
    assertThat(NpyFile.readDoubles(file))
        .containsExactly(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121);
  }

  @Test
  void shouldNameFileAndSizesWhenTruncated() throws IOException {
    Path file = raw("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", new byte[20]);
    assertThatThrownBy(() -> NpyFile.open(file))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("truncated");
  }

  @Test
  void shouldRefuseWhatIsNoNpyFile() throws IOException {
    Path file = Files.writeString(folder.resolve("x.npy"), "hello, this is text");
    assertThatThrownBy(() -> NpyFile.open(file))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("magic");
    assertThatThrownBy(() -> NpyFile.open(folder.resolve("none.npy")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no such file");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "<f4;(4000000000000000000, 3);a shape that a file can hold",
        "<f4;(4611686018427387904,);a shape that a file can hold",
        "<f4;(18446744073709551615, 1);expected a shape",
        "<f4;(-1, 3);expected a shape",
        "'';(1,);found descr ''",
        "|O;(1,);found descr '|O'",
      })
  void shouldRefuseHeadersThatCannotBe(String type, String shape, String message)
      throws IOException {
    Path file =
        raw(
            "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + "}",
            new byte[64]);
    assertThatThrownBy(() -> NpyFile.open(file))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("raw.npy")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"(0, 99999, 99999)", "(0, 3, 6148914691236517203)"})
  void shouldRefuseRowsThatNoArrayHolds(String shape) throws IOException {
    Path file = raw("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}", NONE);
    try (NpyFile npy = NpyFile.open(file)) {
      assertThatThrownBy(npy::rowLength)
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("fewer than 2^31 elements");
    }
  }

  @Test
  void shouldRefuseWhatIsNoFile() {
    assertThatThrownBy(() -> NpyFile.open(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected a file on a disk, found a folder");
  }

  private Path raw(String header, byte[] data) throws IOException {
    byte[] text = (header + "\n").getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer bytes =
        ByteBuffer.allocate(12 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0});
    bytes.putInt(text.length).put(text).put(data);
    return Files.write(folder.resolve("raw.npy"), bytes.array());
  }
}
