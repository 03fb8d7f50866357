package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.mask.MaskMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks expanded and turned by kernels are the engine's, bit for bit. */
class MaskKernelsTest extends KernelContract {
  @ParameterizedTest
  @CsvSource({"1,1", "3,31", "31,32", "33,33", "64,63", "5,64", "65,65", "63,257", "257,70", "0,9"})
  void shouldExpandAndTranspose(int rows, int columns) {
    MaskMatrix masks = masks(rows, columns);
    DeviceArray words = copy(masks);
    DeviceArray single = scope.array("singles", F32, rows, columns);
    MaskKernels.expand(device, words, single);
    float[] expected = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      masks.unpack(row, expected, row * columns);
    }
    assertThat(device.readFloats(single)).isEqualTo(expected);

    DeviceArray turned = scope.array("turned", I64, columns, MaskMatrix.wordsPerRow(rows));
    MaskKernels.transpose(device, words, columns, turned);
    assertThat(device.readLongs(turned)).isEqualTo(transposed(masks).words());
  }

  @Test
  void shouldNameAnArrayOfAnotherShape() {
    DeviceArray words = scope.array("my masks", I64, 3, 2);
    assertThatThrownBy(() -> MaskKernels.transpose(device, words, 64, words))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("array my masks: expected I64 [3, 1], found I64 [3, 2]");
  }
}
