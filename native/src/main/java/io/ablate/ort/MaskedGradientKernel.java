package io.ablate.ort;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.cuda.ElementType;
import io.ablate.cuda.GradientKernels;
import io.ablate.cuda.GradientKernels.Known;
import io.ablate.cuda.GradientKernels.Layer;
import io.ablate.cuda.GradientKernels.Mask;
import io.ablate.cuda.GradientKernels.Wanted;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A node of a {@link MaskedGradient}. */
final class MaskedGradientKernel implements DeviceOperator.Kernel {
  private final DeviceOperator.Surroundings in;
  private final MaskedGradient operator;
  private final int first;
  private final MemorySegment made;
  private @Nullable Extents extents;

  /**
   * @param first the mask's column of channel 0
   */
  MaskedGradientKernel(DeviceOperator.Surroundings in, MaskedGradient operator, int first) {
    this.in = in;
    this.operator = operator;
    this.first = first;
    this.made = in.arena().allocate(JAVA_LONG);
  }

  /**
   * What one look at the inputs tells.
   *
   * @param columns of the mask
   * @param outputs extents of each
   */
  private record Extents(Layer layer, int columns, MemorySegment[] outputs) {}

  @Override
  public void compute(long context) {
    OrtTable table = in.table();
    int layer = operator.two() ? 2 : 1;
    Extents known = extents;
    if (known == null) {
      known =
          look(
              OrtShapes.of(table, table.input(context, layer, made)),
              OrtShapes.of(table, table.input(context, layer + 1, made)));
      extents = known;
    }
    GradientKernels.masked(
        in.device(),
        known.layer,
        new Known(
            input(context, 0),
            operator.two() ? input(context, 1) : 0,
            input(context, layer),
            operator.relu() ? input(context, layer + 2) : 0),
        new Mask(input(context, layer + 1), known.columns, first),
        new Wanted(
            output(context, MaskedGradient.BY_LAYER, known),
            operator.residual() ? output(context, MaskedGradient.BY_RESIDUAL, known) : 0,
            output(context, MaskedGradient.SUMS, known),
            output(context, MaskedGradient.BY_MASK, known)));
  }

  private long input(long context, int index) {
    return in.table().data(in.table().input(context, index, made), made);
  }

  private long output(long context, int index, Extents known) {
    MemorySegment shape = known.outputs[index];
    long axes = shape.byteSize() / JAVA_LONG.byteSize();
    return in.table().data(in.table().output(context, index, shape, axes, made), made);
  }

  private Extents look(long[] shape, long[] mask) {
    long positions = 1;
    for (int axis = 1; axis < shape.length - 1; axis++) {
      positions *= shape[axis];
    }
    long channels = shape[shape.length - 1];
    Layer layer =
        new Layer(
            operator.half() ? ElementType.F16 : ElementType.F32,
            Math.toIntExact(shape[0]),
            Math.toIntExact(positions),
            Math.toIntExact(channels),
            operator.relu());
    if (mask[0] != shape[0]) {
      throw new IllegalArgumentException(mask[0] + " masks for " + shape[0] + " rows");
    }
    MemorySegment whole = in.arena().allocateFrom(JAVA_LONG, shape);
    MemorySegment[] outputs = {
      whole,
      in.arena().allocateFrom(JAVA_LONG, shape[0], channels),
      in.arena().allocateFrom(JAVA_LONG, shape[0], layer.slices(), channels),
      whole
    };
    return new Extents(layer, Math.toIntExact(mask[1]), outputs);
  }
}
