package io.ablate.ort;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.cuda.ElementType;
import io.ablate.cuda.GradientKernels;
import io.ablate.cuda.GradientKernels.Known;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way back through a ReLU. Inputs: the derivative by its output, for some a second part of
 * that, and the output.
 *
 * @param two whether the derivative comes in two parts
 */
record ReluGradient(boolean two, boolean half) implements DeviceOperator {
  static List<ReluGradient> all() {
    return List.of(
        new ReluGradient(false, false),
        new ReluGradient(false, true),
        new ReluGradient(true, false),
        new ReluGradient(true, true));
  }

  @Override
  public String label() {
    return "ReluGradient" + (two ? "OfTwo" : "") + (half ? "Half" : "");
  }

  @Override
  public int inputs() {
    return two ? 3 : 2;
  }

  @Override
  public Kernel kernel(Surroundings in, long info) {
    return new Node(this, in);
  }

  private static final class Node implements Kernel {
    private final ReluGradient operator;
    private final Surroundings in;
    private final MemorySegment made;
    private @Nullable MemorySegment shape;
    private long elements = 1;

    Node(ReluGradient operator, Surroundings in) {
      this.operator = operator;
      this.in = in;
      this.made = in.arena().allocate(JAVA_LONG);
    }

    @Override
    public void compute(long context) {
      OrtTable table = in.table();
      MemorySegment known = shape;
      if (known == null) {
        long[] found = OrtShapes.of(table, table.input(context, 0, made));
        for (long extent : found) {
          elements *= extent;
        }
        known = in.arena().allocateFrom(JAVA_LONG, found);
        shape = known;
      }
      long axes = known.byteSize() / JAVA_LONG.byteSize();
      GradientKernels.relu(
          in.device(),
          operator.half ? ElementType.F16 : ElementType.F32,
          elements,
          new Known(
              input(context, 0),
              operator.two ? input(context, 1) : 0,
              0,
              input(context, operator.inputs() - 1)),
          table.data(table.output(context, 0, known, axes, made), made));
    }

    private long input(long context, int index) {
      return in.table().data(in.table().input(context, index, made), made);
    }
  }
}
