package io.ablate.ort;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.cuda.ElementType;
import io.ablate.cuda.GradientKernels;
import io.ablate.cuda.ImageKernels.Image;
import io.ablate.cuda.ImageKernels.Windows;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * On the way back through images with channels last: to the first of a window's elements that is
 * the largest (inputs: images, the largest of each window, the derivative by that), or elements put
 * strides apart (input: images). Extents and windows are those of {@link ImageOperator#WINDOWS}; of
 * strides the last two are the output's height and width.
 *
 * @param largest whether it is the former
 */
record ImageGradient(boolean largest, boolean half) implements DeviceOperator {
  static List<ImageGradient> all() {
    return List.of(
        new ImageGradient(false, false),
        new ImageGradient(false, true),
        new ImageGradient(true, false),
        new ImageGradient(true, true));
  }

  @Override
  public String label() {
    return (largest ? "LargestGradient" : "Spread") + (half ? "Half" : "");
  }

  @Override
  public int inputs() {
    return largest ? 3 : 1;
  }

  @Override
  public Kernel kernel(Surroundings in, long info) {
    return new Node(this, in, ImageKernel.windows(in, info));
  }

  private static final class Node implements Kernel {
    private final ImageGradient operator;
    private final Surroundings in;
    private final int[] windows;
    private final MemorySegment made;
    private @Nullable Extents extents;

    Node(ImageGradient operator, Surroundings in, int[] windows) {
      this.operator = operator;
      this.in = in;
      this.windows = windows;
      this.made = in.arena().allocate(JAVA_LONG);
    }

    /**
     * @param from of the first input
     * @param other of the windows' largest, or of the elements apart
     */
    private record Extents(Image from, Image other, MemorySegment output) {}

    @Override
    public void compute(long context) {
      OrtTable table = in.table();
      Extents known = extents;
      if (known == null) {
        known = look(OrtShapes.of(table, table.input(context, 0, made)));
        extents = known;
      }
      long x = input(context, 0);
      long out = table.data(table.output(context, 0, known.output, 4, made), made);
      ElementType type = operator.half ? ElementType.F16 : ElementType.F32;
      if (operator.largest) {
        GradientKernels.largest(
            in.device(),
            type,
            known.from,
            new Windows(windows[0], windows[1], windows[2], windows[3], windows[4], windows[5]),
            x,
            known.other,
            input(context, 1),
            input(context, 2),
            out);
      } else {
        GradientKernels.spread(
            in.device(), type, known.from, windows[2], windows[3], x, known.other, out);
      }
    }

    private long input(long context, int index) {
      return in.table().data(in.table().input(context, index, made), made);
    }

    private Extents look(long[] shape) {
      int[] n = new int[4];
      for (int i = 0; i < n.length; i++) {
        n[i] = Math.toIntExact(shape[i]);
      }
      Image from = new Image(n[0], n[1], n[2], n[3]);
      Image other = new Image(n[0], windows[6], windows[7], n[3]);
      Image to = operator.largest ? from : other;
      return new Extents(
          from,
          other,
          in.arena().allocateFrom(JAVA_LONG, to.rows(), to.height(), to.width(), to.channels()));
    }
  }
}
