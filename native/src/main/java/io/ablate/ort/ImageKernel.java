package io.ablate.ort;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.cuda.ElementType;
import io.ablate.cuda.ImageKernels;
import io.ablate.cuda.ImageKernels.Image;
import io.ablate.cuda.ImageKernels.Windows;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A node of an {@link ImageOperator}. */
final class ImageKernel implements DeviceOperator.Kernel {
  private static final int NUMBERS = 8;

  private final DeviceOperator.Surroundings in;
  private final ImageOperator operator;
  private final int[] windows;
  private final MemorySegment made;
  private @Nullable Extents extents;

  /**
   * @param windows as the attribute has them; none for means
   */
  ImageKernel(DeviceOperator.Surroundings in, ImageOperator operator, int[] windows) {
    this.in = in;
    this.operator = operator;
    this.windows = windows;
    this.made = in.arena().allocate(JAVA_LONG);
  }

  /** The attribute's numbers. */
  static int[] windows(DeviceOperator.Surroundings in, long info) {
    try (Arena local = Arena.ofConfined()) {
      MemorySegment numbers = local.allocate(JAVA_LONG, NUMBERS);
      MemorySegment count = local.allocateFrom(JAVA_LONG, NUMBERS);
      in.table()
          .call(
              OrtFunction.KERNEL_INFO_GET_ATTRIBUTE_ARRAY_INT64,
              info,
              ImageOperator.WINDOWS,
              numbers,
              count);
      return Arrays.stream(numbers.toArray(JAVA_LONG)).mapToInt(Math::toIntExact).toArray();
    }
  }

  private record Extents(Image from, Image to, MemorySegment output) {}

  @Override
  public void compute(long context) {
    OrtTable table = in.table();
    long input = table.input(context, 0, made);
    Extents known = extents;
    if (known == null) {
      known = look(OrtShapes.of(table, input));
      extents = known;
    }
    long x = table.data(input, made);
    long out = table.data(table.output(context, 0, known.output, 4, made), made);
    ElementType type = operator.half() ? ElementType.F16 : ElementType.F32;
    if (operator.mean()) {
      ImageKernels.mean(in.device(), type, known.from, x, out);
    } else {
      Windows moved =
          new Windows(windows[0], windows[1], windows[2], windows[3], windows[4], windows[5]);
      ImageKernels.largest(in.device(), type, known.from, moved, x, known.to, out);
    }
  }

  private Extents look(long[] shape) {
    int[] n = Arrays.stream(shape).mapToInt(Math::toIntExact).toArray();
    Image from = new Image(n[0], n[1], n[2], n[3]);
    Image to =
        operator.mean()
            ? new Image(n[0], 1, 1, n[3])
            : new Image(n[0], windows[6], windows[7], n[3]);
    MemorySegment output =
        in.arena().allocateFrom(JAVA_LONG, to.rows(), to.height(), to.width(), to.channels());
    return new Extents(from, to, output);
  }
}
