package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.cuda.MaskedKernels.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The one pass has the bits of separate operations, each rounded. */
class MaskedKernelsTest extends KernelContract {
  @ParameterizedTest
  @CsvSource({
    "1,1,1,1,1,0,false",
    "5,7,9,5,5,5,true",
    "5,33,4,1,5,0,true",
    "3,8,49,3,1,1,true",
    "4,3,65,4,4,1,false",
    "0,3,4,1,1,0,true"
  })
  void shouldEqualSeparateOperations(
      int rows, int channels, int positions, int ofY, int ofMask, int ofResidual, boolean relu) {
    int ofRow = channels * positions;
    float[] y = floats(random(ofY * ofRow, 1));
    float[] mask = floats(random(ofMask * channels, 2));
    float[] bias = floats(random(channels, 3));
    float[] residual = floats(random(Math.max(1, ofResidual) * ofRow, 4));
    y[0] = Float.NaN;
    DeviceArray out = scope.array("out", F32, rows, channels, positions);
    MaskedKernels.apply(
        device,
        new Tensor(scope.copy("y", y, y.length).address(), ofY),
        new Tensor(scope.copy("mask", mask, mask.length).address(), ofMask),
        scope.copy("bias", bias, channels).address(),
        ofResidual == 0
            ? null
            : new Tensor(scope.copy("residual", residual, residual.length).address(), ofResidual),
        new Tensor(out.address(), rows),
        channels,
        positions,
        relu);
    float[] expected = new float[rows * ofRow];
    for (int at = 0; at < expected.length; at++) {
      int row = at / ofRow;
      int within = at % ofRow;
      int channel = within / positions;
      float product = y[(ofY > 1 ? row * ofRow : 0) + within];
      product *= mask[(ofMask > 1 ? row * channels : 0) + channel];
      float value = product + bias[channel];
      if (ofResidual > 0) {
        value += residual[(ofResidual > 1 ? row * ofRow : 0) + within];
      }
      expected[at] = relu && value < 0 ? 0 : value;
    }
    assertThat(device.readFloats(out)).isEqualTo(expected);
  }
}
