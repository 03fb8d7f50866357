package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F16;
import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks made and turned by kernels are the engine's, bit for bit. */
class MaskKernelsTest extends KernelContract {
  @ParameterizedTest
  @CsvSource({
    "1,1,0,.5",
    "3,31,7,.9",
    "2,32,0,.1",
    "5,33,4294967290,.9",
    "4,63,1,.3",
    "2,64,9999999999,.9",
    "7,65,0,.95",
    "33,257,12,.9",
    "0,100,0,.9",
    "1,5000,3,.999999999999"
  })
  void shouldDrawTheBitsOfTheEngine(int rows, int columns, long first, double keep) {
    for (long seed : new long[] {0, 42, -1, 0x123456789ABCDEFL}) {
      MaskMatrix expected = MaskMatrix.of(new BernoulliMasks(seed, keep, columns), first, rows);
      DeviceArray words = scope.array("masks", I64, rows, expected.wordsPerRow());
      MaskKernels.bernoulli(device, words, seed, keep, first, columns);
      assertThat(device.readLongs(words)).isEqualTo(expected.words());
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,31", "31,32", "33,33", "64,63", "5,64", "65,65", "63,257", "257,70", "0,9"})
  void shouldExpandTransposeAndComplement(int rows, int columns) {
    MaskMatrix masks = masks(rows, columns);
    DeviceArray words = copy(masks);
    DeviceArray single = scope.array("singles", F32, rows, columns);
    DeviceArray half = scope.array("halves", F16, rows, columns);
    MaskKernels.expand(device, words, single);
    MaskKernels.expand(device, words, half);
    float[] expected = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      masks.unpack(row, expected, row * columns);
    }
    assertThat(device.readFloats(single)).isEqualTo(expected);
    short[] halves = device.readHalves(half);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Float.float16ToFloat(halves[i])).isEqualTo(expected[i]);
    }

    DeviceArray turned = scope.array("turned", I64, columns, MaskMatrix.wordsPerRow(rows));
    MaskKernels.transpose(device, words, columns, turned);
    assertThat(device.readLongs(turned)).isEqualTo(transposed(masks).words());

    MaskMatrix ablated = new MaskMatrix(rows, columns);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        ablated.set(row, column, !masks.get(row, column));
      }
    }
    MaskKernels.complement(device, words, columns, words);
    assertThat(device.readLongs(words)).isEqualTo(ablated.words());
  }

  @Test
  void shouldNameAnArrayOfAnotherShape() {
    DeviceArray words = scope.array("my masks", I64, 3, 2);
    assertThatThrownBy(() -> MaskKernels.bernoulli(device, words, 1, .9, 0, 64))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("array my masks: expected I64 [3, 1], found I64 [3, 2]");
  }
}
