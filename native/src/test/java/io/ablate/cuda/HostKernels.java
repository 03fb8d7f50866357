package io.ablate.cuda;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Kernels written again in Java, on memory of a {@link HostDevice}; it counts their launches. */
final class HostKernels {
  private final Set<ElementType> expanded = EnumSet.noneOf(ElementType.class);
  private int masked;
  private int drawn;
  private int gradients;

  /** How often what follows a layer was launched. */
  int masked() {
    return masked;
  }

  /** How often a kernel of the way back was launched. */
  int gradients() {
    return gradients;
  }

  /** In which types masks became numbers. */
  Set<ElementType> expanded() {
    return Set.copyOf(expanded);
  }

  /** How often masks were drawn. */
  int drawn() {
    return drawn;
  }

  void run(KernelCall call) {
    switch (call.kernel()) {
      case "bernoulli_masks" -> draw(call.arguments());
      case "expand_masks_f32", "expand_masks_f16" -> expand(call.arguments());
      case "masked_f32", "masked_f32_x4", "masked_f16", "masked_f16_x8" -> masked(call.arguments());
      case "mean_f32", "mean_f32_x4", "mean_f16", "mean_f16_x8" -> mean(call.arguments());
      case "largest_f32", "largest_f32_x4", "largest_f16", "largest_f16_x8" ->
          largest(call.arguments());
      case "sum_slices_f32" -> sumSlices(call.arguments());
      default -> gradient(call);
    }
  }

  private static DeviceArray array(List<KernelCall.Argument> arguments, int at) {
    return ((KernelCall.Argument.ArrayValue) arguments.get(at)).array();
  }

  private static long whole(List<KernelCall.Argument> arguments, int at) {
    return ((KernelCall.Argument.LongValue) arguments.get(at)).value();
  }

  private static int[] integers(List<KernelCall.Argument> arguments, int from, int count) {
    return arguments.subList(from, from + count).stream()
        .mapToInt(argument -> ((KernelCall.Argument.IntValue) argument).value())
        .toArray();
  }

  private void draw(List<KernelCall.Argument> arguments) {
    drawn++;
    DeviceArray words = array(arguments, 0);
    long first = whole(arguments, 1);
    long seed = whole(arguments, 2);
    long threshold = whole(arguments, 3);
    int columns = integers(arguments, 5, 1)[0];
    MaskMatrix masks =
        MaskMatrix.of(
            new BernoulliMasks(seed, threshold * 0x1p-32, columns), first, words.extent(0));
    HostDevice.at(words.address(), words.bytes()).copyFrom(MemorySegment.ofArray(masks.words()));
  }

  private static void mean(List<KernelCall.Argument> arguments) {
    DeviceArray x = array(arguments, 0);
    DeviceArray out = array(arguments, 1);
    ImageOracle.mean(image(x), source(x), target(out));
  }

  private static void largest(List<KernelCall.Argument> arguments) {
    DeviceArray x = array(arguments, 0);
    DeviceArray out = array(arguments, 1);
    int[] n = integers(arguments, 8, 6);
    ImageOracle.largest(
        image(x),
        new ImageKernels.Windows(n[0], n[1], n[2], n[3], n[4], n[5]),
        source(x),
        image(out),
        target(out));
  }

  private static void sumSlices(List<KernelCall.Argument> arguments) {
    DeviceArray sums = array(arguments, 0);
    DeviceArray to = array(arguments, 1);
    ImageOracle.Source from = source(sums);
    ImageOracle.Target target = target(to);
    int channels = to.extent(1);
    for (long at = 0; at < to.elements(); at++) {
      float sum = 0;
      for (int slice = 0; slice < sums.extent(1); slice++) {
        sum += from.get((at / channels * sums.extent(1) + slice) * channels + at % channels);
      }
      target.set(at, sum);
    }
  }

  private void gradient(KernelCall call) {
    String kernel = call.kernel().replaceFirst("_f(32|16)(_x[48])?$", "");
    DeviceArray[] arrays =
        call.arguments().stream()
            .filter(KernelCall.Argument.ArrayValue.class::isInstance)
            .map(argument -> ((KernelCall.Argument.ArrayValue) argument).array())
            .toArray(DeviceArray[]::new);
    int[] n =
        call.arguments().stream()
            .filter(KernelCall.Argument.IntValue.class::isInstance)
            .mapToInt(argument -> ((KernelCall.Argument.IntValue) argument).value())
            .toArray();
    gradients++;
    switch (kernel) {
      case "masked_gradient" -> {
        // All in the first slice.
        DeviceArray sums = arrays[7];
        HostDevice.at(sums.address(), sums.bytes()).fill((byte) 0);
        ImageOracle.Target all = target(sums);
        int channels = sums.extent(2);
        ImageOracle.Target byMask =
            (at, value) ->
                all.set(at / channels * sums.extent(1) * channels + at % channels, value);
        GradientOracle.masked(
            n[0],
            n[1],
            n[2],
            n[3],
            n[4],
            new GradientOracle.Masked(
                source(arrays[0]),
                n[5] == 0 ? null : source(arrays[1]),
                source(arrays[2]),
                n[6] == 0 ? null : source(arrays[3]),
                source(arrays[4]),
                target(arrays[5]),
                n[7] == 0 ? null : target(arrays[6]),
                byMask));
      }
      case "relu_gradient" ->
          GradientOracle.relu(
              arrays[3].elements(),
              source(arrays[0]),
              n[0] == 0 ? null : source(arrays[1]),
              source(arrays[2]),
              target(arrays[3]));
      case "largest_gradient" ->
          GradientOracle.largest(
              image(arrays[0]),
              new ImageKernels.Windows(n[6], n[7], n[8], n[9], n[10], n[11]),
              source(arrays[0]),
              image(arrays[1]),
              source(arrays[2]),
              target(arrays[3]));
      case "spread" ->
          GradientOracle.spread(
              image(arrays[0]), n[6], n[7], source(arrays[0]), image(arrays[1]), target(arrays[1]));
      default -> throw new AssertionError("unknown kernel " + call.kernel());
    }
  }

  private static ImageKernels.Image image(DeviceArray of) {
    return new ImageKernels.Image(of.extent(0), of.extent(1), of.extent(2), of.extent(3));
  }

  private static ImageOracle.Source source(DeviceArray array) {
    MemorySegment memory = HostDevice.at(array.address(), array.bytes());
    return array.type() == ElementType.F16
        ? index -> Float.float16ToFloat(memory.getAtIndex(ValueLayout.JAVA_SHORT, index))
        : index -> memory.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  private static ImageOracle.Target target(DeviceArray array) {
    MemorySegment memory = HostDevice.at(array.address(), array.bytes());
    return array.type() == ElementType.F16
        ? (index, value) ->
            memory.setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(value))
        : (index, value) -> memory.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }

  private void masked(List<KernelCall.Argument> arguments) {
    masked++;
    MemorySegment[] arrays = new MemorySegment[5];
    boolean half = array(arguments, 0).type() == ElementType.F16;
    for (int i = 0; i < 5; i++) {
      DeviceArray array = array(arguments, i);
      arrays[i] = HostDevice.at(array.address(), array.bytes());
    }
    int[] n = integers(arguments, 5, 11);
    MaskedOracle.apply(
        new MaskedOracle(n[0], n[1], n[2], n[3] != 0, n[4], n[5], n[7], n[8], n[9], n[10] != 0),
        half ? halves(arrays) : singles(arrays));
  }

  private static MaskedOracle.Arrays singles(MemorySegment[] arrays) {
    return new MaskedOracle.Arrays(
        (array, index) -> arrays[array].getAtIndex(ValueLayout.JAVA_FLOAT, index),
        (index, value) -> arrays[4].setAtIndex(ValueLayout.JAVA_FLOAT, index, value));
  }

  private static MaskedOracle.Arrays halves(MemorySegment[] arrays) {
    return new MaskedOracle.Arrays(
        (array, index) ->
            Float.float16ToFloat(arrays[array].getAtIndex(ValueLayout.JAVA_SHORT, index)),
        (index, value) ->
            arrays[4].setAtIndex(ValueLayout.JAVA_SHORT, index, Float.floatToFloat16(value)));
  }

  private void expand(List<KernelCall.Argument> arguments) {
    DeviceArray words = array(arguments, 0);
    DeviceArray out = array(arguments, 1);
    expanded.add(out.type());
    MemorySegment bits = HostDevice.at(words.address(), words.bytes());
    ImageOracle.Target values = target(out);
    int columns = out.extent(1);
    int perRow = words.extent(1);
    for (int row = 0; row < out.extent(0); row++) {
      for (int column = 0; column < columns; column++) {
        long word = bits.getAtIndex(ValueLayout.JAVA_LONG, (long) row * perRow + (column >>> 6));
        values.set((long) row * columns + column, (float) (word >>> column & 1));
      }
    }
  }
}
