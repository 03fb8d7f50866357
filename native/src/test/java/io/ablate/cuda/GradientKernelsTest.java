package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F16;
import static io.ablate.cuda.ElementType.F32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.cuda.GradientKernels.Known;
import io.ablate.cuda.GradientKernels.Layer;
import io.ablate.cuda.GradientKernels.Mask;
import io.ablate.cuda.GradientKernels.Wanted;
import io.ablate.cuda.ImageKernels.Image;
import io.ablate.cuda.ImageKernels.Windows;
import io.ablate.cuda.ImageOracle.Source;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bit for bit what Java computes, but for sums; awkward extents, and those of 16 bytes. */
class GradientKernelsTest extends KernelContract {
  /** A tensor of both types on the device, and its values. */
  private final class Tensor {
    final ElementType type;
    final float[] values;
    final DeviceArray array;

    Tensor(ElementType type, float[] values) {
      this.type = type;
      this.values = values.clone();
      if (type == F16) {
        int[] half = Halves.pack(values);
        array = scope.copy("tensor", half, half.length);
        for (int i = 0; i < values.length; i++) {
          this.values[i] = Halves.get(half, i);
        }
      } else {
        array = scope.copy("tensor", values, values.length);
      }
    }

    Tensor(ElementType type, int elements) {
      this(type, new float[elements]);
    }

    Source source() {
      return at -> values[(int) at];
    }

    void assertHolds(float[] expected) {
      int[] half = type == F16 ? device.readInts(array) : new int[0];
      float[] found = type == F16 ? new float[expected.length] : device.readFloats(array);
      for (int i = 0; i < expected.length; i++) {
        float value = type == F16 ? Halves.get(half, i) : found[i];
        float rounded =
            type == F16 ? Float.float16ToFloat(Float.floatToFloat16(expected[i])) : expected[i];
        // 0 and −0 are both fine where a ReLU cuts off.
        assertThat(value + 0f).as("%d", i).isEqualTo(Float.valueOf(rounded + 0f));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    // rows, positions, channels, columns, first, two parts, ReLU, residual
    "1,1,1,1,0,false,false,false",
    "3,7,9,20,5,true,true,true",
    "2,33,8,8,0,true,true,false",
    "2,300,16,40,8,false,true,true",
    "2,9,320,321,1,true,false,true",
    "0,4,8,8,0,false,true,false",
    "4,1,64,70,3,false,true,false"
  })
  void shouldGoBackThroughAMaskedLayer(
      int rows,
      int positions,
      int channels,
      int columns,
      int first,
      boolean two,
      boolean relu,
      boolean residual) {
    int elements = rows * positions * channels;
    for (ElementType type : new ElementType[] {F32, F16}) {
      Tensor gradient = new Tensor(type, floats(random(elements, 1)));
      Tensor more = new Tensor(type, floats(random(elements, 2)));
      Tensor layer = new Tensor(type, floats(random(elements, 3)));
      Tensor output = new Tensor(type, floats(random(elements, 4)));
      Tensor mask = new Tensor(type, floats(random(rows * columns, 5)));
      Tensor byLayer = new Tensor(type, elements);
      Tensor byResidual = new Tensor(type, elements);
      Layer of = new Layer(type, rows, positions, channels, relu);
      DeviceArray byMask = scope.array("by mask", F32, rows, channels);
      GradientKernels.masked(
          device,
          of,
          new Known(
              gradient.array.address(),
              two ? more.array.address() : 0,
              layer.array.address(),
              relu ? output.array.address() : 0),
          new Mask(mask.array.address(), columns, first),
          new Wanted(
              byLayer.array.address(),
              residual ? byResidual.array.address() : 0,
              scope.array("sums", F32, rows, of.slices(), channels).address(),
              byMask.address()));
      float[] layerGradient = new float[elements];
      float[] passed = new float[elements];
      float[] sums = new float[rows * channels];
      GradientOracle.masked(
          rows,
          positions,
          channels,
          columns,
          first,
          new GradientOracle.Masked(
              gradient.source(),
              two ? more.source() : null,
              layer.source(),
              relu ? output.source() : null,
              mask.source(),
              (at, value) -> layerGradient[(int) at] = value,
              (at, value) -> passed[(int) at] = value,
              (at, value) -> sums[(int) at] = value));
      byLayer.assertHolds(layerGradient);
      byResidual.assertHolds(residual ? passed : new float[elements]);
      float[] found = device.readFloats(byMask);
      for (int i = 0; i < sums.length; i++) {
        assertThat(found[i]).as("%d", i).isCloseTo(sums[i], within(1e-6f * (positions + 4)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,true", "0,false", "1000,false", "4097,true", "64,true"})
  void shouldGoBackThroughARelu(int elements, boolean two) {
    for (ElementType type : new ElementType[] {F32, F16}) {
      Tensor gradient = new Tensor(type, floats(random(elements, 1)));
      Tensor more = new Tensor(type, floats(random(elements, 2)));
      Tensor output = new Tensor(type, floats(random(elements, 3)));
      Tensor to = new Tensor(type, elements);
      GradientKernels.relu(
          device,
          type,
          elements,
          new Known(
              gradient.array.address(), two ? more.array.address() : 0, 0, output.array.address()),
          to.array.address());
      float[] expected = new float[elements];
      GradientOracle.relu(
          elements,
          gradient.source(),
          two ? more.source() : null,
          output.source(),
          (at, value) -> expected[(int) at] = value);
      to.assertHolds(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({
    // rows, height, width, channels, window, stride, top and left, bottom and right
    "1,1,1,1,1,1,0,0",
    "3,5,7,9,3,2,1,1",
    "2,8,6,16,3,2,1,1",
    "2,9,10,8,2,2,0,1",
    "0,4,4,8,2,2,0,0",
    "2,7,7,12,2,3,0,0"
  })
  void shouldGoBackToTheFirstOfTheLargest(
      int rows, int height, int width, int channels, int window, int stride, int top, int bottom) {
    Image of = new Image(rows, height, width, channels);
    Windows windows = new Windows(window, window, stride, stride, top, top);
    Image out =
        new Image(
            rows,
            (height + top + bottom - window) / stride + 1,
            (width + top + bottom - window) / stride + 1,
            channels);
    int windowCount = rows * out.height() * out.width() * channels;
    float[] values = floats(random(rows * height * width * channels, 1));
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.round(values[i] * 2); // many are equal
    }
    float[] whole = floats(random(windowCount, 2));
    for (int i = 0; i < whole.length; i++) {
      whole[i] = Math.round(whole[i] * 64); // sums are exact in any order
    }
    for (ElementType type : new ElementType[] {F32, F16}) {
      Tensor x = new Tensor(type, values);
      float[] largest = new float[windowCount];
      ImageOracle.largest(of, windows, x.source(), out, (at, value) -> largest[(int) at] = value);
      Tensor most = new Tensor(type, largest);
      Tensor gradient = new Tensor(type, whole);
      Tensor to = new Tensor(type, values.length);
      GradientKernels.largest(
          device,
          type,
          of,
          windows,
          x.array.address(),
          out,
          most.array.address(),
          gradient.array.address(),
          to.array.address());
      float[] expected = new float[values.length];
      GradientOracle.largest(
          of,
          windows,
          x.source(),
          out,
          gradient.source(),
          (at, value) -> expected[(int) at] = value);
      to.assertHolds(expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,1,1,1,1,1", "2,3,4,8,2,2,6,8", "3,4,3,5,2,3,7,7", "0,2,2,8,2,2,3,3"})
  void shouldSpread(
      int rows,
      int height,
      int width,
      int channels,
      int strideY,
      int strideX,
      int outHeight,
      int outWidth) {
    Image of = new Image(rows, height, width, channels);
    Image out = new Image(rows, outHeight, outWidth, channels);
    for (ElementType type : new ElementType[] {F32, F16}) {
      Tensor x = new Tensor(type, floats(random(rows * height * width * channels, 1)));
      Tensor to = new Tensor(type, rows * outHeight * outWidth * channels);
      GradientKernels.spread(
          device, type, of, strideY, strideX, x.array.address(), out, to.array.address());
      float[] expected = new float[to.values.length];
      GradientOracle.spread(
          of, strideY, strideX, x.source(), out, (at, value) -> expected[(int) at] = value);
      to.assertHolds(expected);
    }
  }
}
