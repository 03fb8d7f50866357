package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F16;
import static io.ablate.cuda.ElementType.F32;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.cuda.ImageKernels.Image;
import io.ablate.cuda.ImageKernels.Windows;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bit for bit what Java computes in the same order; awkward extents, and those of 16 bytes. */
class ImageKernelsTest extends KernelContract {
  @ParameterizedTest
  @CsvSource({"1,1,1,1", "3,5,7,9", "2,4,4,300", "5,2,9,8", "0,3,3,8", "2,8,8,64", "1,40,3,264"})
  void shouldAverageOverPositions(int rows, int height, int width, int channels) {
    Image of = new Image(rows, height, width, channels);
    float[] x = floats(random(rows * height * width * channels, 1));
    float[] expected = new float[rows * channels];
    ImageOracle.mean(of, at -> x[(int) at], (at, value) -> expected[(int) at] = value);
    DeviceArray out = scope.array("out", F32, rows, channels);
    ImageKernels.mean(device, F32, of, scope.copy("x", x, x.length).address(), out.address());
    assertThat(device.readFloats(out)).isEqualTo(expected);

    int[] half = Halves.pack(x);
    int[] rounded = new int[(expected.length + 1) / 2];
    ImageOracle.mean(
        of, at -> Halves.get(half, (int) at), (at, value) -> Halves.put(rounded, (int) at, value));
    DeviceArray to = scope.copy("out", new int[rounded.length], rounded.length);
    ImageKernels.mean(device, F16, of, scope.copy("x", half, half.length).address(), to.address());
    assertThat(device.readInts(to)).isEqualTo(rounded);
  }

  @ParameterizedTest
  @CsvSource({
    // rows, height, width, channels, window, stride, top and left, bottom and right
    "1,1,1,1,1,1,0,0",
    "3,5,7,9,3,2,1,1",
    "2,8,6,16,3,2,1,1",
    "2,9,10,8,2,2,0,1",
    "0,4,4,8,2,2,0,0",
    "2,11,11,12,5,3,2,1"
  })
  void shouldFindTheLargestOfWindows(
      int rows, int height, int width, int channels, int window, int stride, int top, int bottom) {
    Image of = new Image(rows, height, width, channels);
    Windows windows = new Windows(window, window, stride, stride, top, top);
    Image to =
        new Image(
            rows,
            (height + top + bottom - window) / stride + 1,
            (width + top + bottom - window) / stride + 1,
            channels);
    float[] x = floats(random(rows * height * width * channels, 1));
    if (x.length > 0) {
      x[x.length / 2] = Float.NaN;
    }
    int elements = to.rows() * to.height() * to.width() * channels;
    float[] expected = new float[elements];
    ImageOracle.largest(
        of, windows, at -> x[(int) at], to, (at, value) -> expected[(int) at] = value);
    DeviceArray out = scope.array("out", F32, elements);
    ImageKernels.largest(
        device, F32, of, windows, scope.copy("x", x, x.length).address(), to, out.address());
    assertThat(device.readFloats(out)).isEqualTo(expected);

    int[] half = Halves.pack(x);
    DeviceArray found = scope.copy("out", new int[(elements + 1) / 2], (elements + 1) / 2);
    ImageKernels.largest(
        device,
        F16,
        of,
        windows,
        scope.copy("x", half, half.length).address(),
        to,
        found.address());
    int[] bits = device.readInts(found);
    for (int i = 0; i < elements; i++) {
      float rounded = Float.float16ToFloat(Float.floatToFloat16(expected[i]));
      assertThat(Halves.get(bits, i)).as("%d", i).isEqualTo(Float.valueOf(rounded));
    }
  }
}
