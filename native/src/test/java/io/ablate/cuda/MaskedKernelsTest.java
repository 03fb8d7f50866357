package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.cuda.MaskedKernels.Form;
import io.ablate.cuda.MaskedKernels.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The one pass has the bits of separate operations in float32, each rounded; in float16 those of
 * float32, rounded once. Awkward extents, and those at which threads take 16 bytes.
 */
class MaskedKernelsTest extends KernelContract {
  @ParameterizedTest
  @CsvSource({
    // rows, channels, positions, channels last, columns, first, rows of y, mask, residual, relu
    "1,1,1,false,1,0,1,1,0,false",
    "5,7,9,false,7,0,5,5,5,true",
    "5,33,4,false,50,3,1,5,0,true",
    "3,8,49,false,20,12,3,1,1,true",
    "4,3,65,false,3,0,4,4,1,false",
    "0,3,4,false,3,0,1,1,0,true",
    "4,5,8,false,9,2,4,4,1,false",
    "3,2,300,false,2,0,3,3,3,true",
    "1,1,1,true,1,0,1,1,0,false",
    "5,7,9,true,7,0,5,5,5,true",
    "3,17,6,true,40,21,3,3,0,true",
    "3,8,49,true,24,8,3,3,1,true",
    "3,8,49,true,24,4,3,3,1,true",
    "3,24,5,true,29,5,1,3,3,false",
    "2,16,33,true,16,0,2,1,2,true",
    "3,600,1,true,600,0,3,3,0,true",
    // without a mask
    "1,1,1,false,0,0,1,0,0,true",
    "5,7,9,false,0,0,5,0,5,true",
    "4,5,8,false,0,0,4,0,0,false",
    "3,8,49,false,0,0,1,0,3,true",
    "3,8,49,true,0,0,3,0,1,true",
    "5,7,9,true,0,0,5,0,0,true",
    "2,16,33,true,0,0,2,0,2,false",
    "3,24,5,true,0,0,1,0,3,true"
  })
  void shouldEqualSeparateOperations(
      int rows,
      int channels,
      int positions,
      boolean last,
      int columns,
      int first,
      int ofY,
      int ofMask,
      int ofResidual,
      boolean relu) {
    MaskedOracle of =
        new MaskedOracle(
            rows, channels, positions, last, columns, first, ofY, ofMask, ofResidual, relu);
    int ofRow = channels * positions;
    float[][] arrays = {
      floats(random(ofY * ofRow, 1)),
      floats(random(Math.max(1, ofMask * columns), 2)),
      floats(random(channels, 3)),
      floats(random(Math.max(1, ofResidual) * ofRow, 4))
    };
    arrays[0][0] = Float.NaN;
    assertSingle(of, arrays);
    assertHalf(of, arrays);
  }

  private void assertSingle(MaskedOracle of, float[][] arrays) {
    DeviceArray out = scope.array("out", F32, of.rows(), of.channels(), of.positions());
    long[] in = new long[4];
    for (int i = 0; i < 4; i++) {
      in[i] = scope.copy("in", arrays[i], arrays[i].length).address();
    }
    apply(of, F32, in, out.address());
    float[] expected = new float[of.rows() * of.channels() * of.positions()];
    MaskedOracle.apply(
        of,
        new MaskedOracle.Arrays(
            (array, index) -> arrays[array][(int) index],
            (index, value) -> expected[(int) index] = value));
    assertThat(device.readFloats(out)).isEqualTo(expected);
  }

  private void assertHalf(MaskedOracle of, float[][] arrays) {
    long[] in = new long[4];
    int[][] packed = new int[4][];
    for (int i = 0; i < 4; i++) {
      packed[i] = Halves.pack(arrays[i]);
      in[i] = scope.copy("in", packed[i], packed[i].length).address();
    }
    int elements = of.rows() * of.channels() * of.positions();
    int[] expected = new int[(elements + 1) / 2];
    DeviceArray out = scope.copy("out", expected, expected.length);
    apply(of, ElementType.F16, in, out.address());
    MaskedOracle.apply(
        of,
        new MaskedOracle.Arrays(
            (array, index) -> Halves.get(packed[array], (int) index),
            (index, value) -> Halves.put(expected, (int) index, value)));
    int[] found = device.readInts(out.require(I32, expected.length));
    for (int i = 0; i < elements; i++) {
      // NaN has many forms.
      assertThat(Halves.get(found, i))
          .as("%d", i)
          .isEqualTo(Float.valueOf(Halves.get(expected, i)));
    }
  }

  private void apply(MaskedOracle of, ElementType type, long[] in, long out) {
    MaskedKernels.apply(
        device,
        new Form(
            type,
            of.channelsLast(),
            of.channels(),
            of.positions(),
            of.columns(),
            of.first(),
            of.relu()),
        new Tensor(in[0], of.ofY()),
        of.ofMask() == 0 ? null : new Tensor(in[1], of.ofMask()),
        in[2],
        of.ofResidual() == 0 ? null : new Tensor(in[3], of.ofResidual()),
        new Tensor(out, of.rows()));
  }
}
