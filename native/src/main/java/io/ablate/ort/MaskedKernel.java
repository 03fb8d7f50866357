package io.ablate.ort;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ablate.cuda.Device;
import io.ablate.cuda.ElementType;
import io.ablate.cuda.MaskedKernels;
import io.ablate.cuda.MaskedKernels.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A node of a {@link MaskedOperator}. */
final class MaskedKernel implements DeviceOperator.Kernel {
  private static final int LAYER = 0;
  private static final int MASK = 1;

  private final OrtTable table;
  private final Arena arena;
  private final Device device;
  private final MaskedOperator operator;
  private final int first;
  private final MemorySegment made;
  private @Nullable Extents extents;

  /**
   * @param first the mask's column of channel 0; without a mask 0
   */
  MaskedKernel(DeviceOperator.Surroundings in, MaskedOperator operator, int first) {
    this.table = in.table();
    this.arena = in.arena();
    this.device = in.device();
    this.operator = operator;
    this.first = first;
    this.made = arena.allocate(JAVA_LONG);
  }

  /**
   * What one look at the inputs tells.
   *
   * @param rows of each input
   * @param bias its address: a constant stays where it is
   * @param output the output's extents
   */
  private record Extents(
      MaskedKernels.Form form, int[] rows, long bias, MemorySegment output, int axes) {}

  @Override
  public void compute(long context) {
    Extents known = extents;
    if (known == null) {
      known = look(context);
      extents = known;
    }
    Tensor layer = input(context, LAYER, known);
    Tensor mask = operator.masked() ? input(context, MASK, known) : null;
    Tensor residual = operator.residual() ? input(context, operator.bias() + 1, known) : null;
    int rows = Math.toIntExact(known.output.getAtIndex(JAVA_LONG, 0));
    long out = table.output(context, 0, known.output, known.axes, made);
    MaskedKernels.apply(
        device,
        known.form,
        layer,
        mask,
        known.bias,
        residual,
        new Tensor(table.data(out, made), rows));
  }

  private Tensor input(long context, int index, Extents known) {
    return new Tensor(table.data(table.input(context, index, made), made), known.rows[index]);
  }

  private Extents look(long context) {
    int[] rows = new int[operator.inputs()];
    long[] shape = OrtShapes.of(table, table.input(context, LAYER, made));
    int columns = 0;
    for (int i = 0; i < rows.length; i++) {
      if (i != operator.bias()) {
        long[] of = OrtShapes.of(table, table.input(context, i, made));
        rows[i] = Math.toIntExact(of[0]);
        shape[0] = Math.max(shape[0], of[0]);
        columns = operator.masked() && i == MASK ? Math.toIntExact(of[1]) : columns;
      }
    }
    int channelAxis = operator.channelsLast() ? shape.length - 1 : 1;
    long positions = 1;
    for (int axis = 1; axis < shape.length; axis++) {
      positions *= axis == channelAxis ? 1 : shape[axis];
    }
    MaskedKernels.Form form =
        new MaskedKernels.Form(
            operator.half() ? ElementType.F16 : ElementType.F32,
            operator.channelsLast(),
            Math.toIntExact(shape[channelAxis]),
            Math.toIntExact(positions),
            columns,
            first,
            operator.relu());
    long bias = table.data(table.input(context, operator.bias(), made), made);
    MemorySegment output = arena.allocateFrom(JAVA_LONG, shape);
    return new Extents(form, rows, bias, output, shape.length);
  }
}
