package io.ablate.onednn;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Operators that give numbers other extents or put them beside each other. */
final class ShapeLowering {
  private final Lowering lowering;

  ShapeLowering(Lowering lowering) {
    this.lowering = lowering;
  }

  /** Shapes that keep rows apart and their numbers in place: [batch, values], or one position. */
  Value reshape(NodeProto node) throws UnsupportedGraphException {
    Value value = lowering.value(node, 0);
    boolean onePosition = value.height() * value.width() == 1 && value.unrolled() == null;
    boolean flattens =
        switch (node.getOpType()) {
          case "Flatten" -> Nodes.integer(node, "axis", 1) == 1;
          case "Squeeze" -> !value.flat() && onePosition && dropsPositions(node);
          case "Reshape" -> isTarget(node, value, 2);
          default -> false;
        };
    if (flattens) {
      return lowering.alias(node, value.flat() ? value : value.flattened());
    }
    boolean adds =
        onePosition
            && (Nodes.is(node, "Unsqueeze")
                ? value.flat() && dropsPositions(node)
                : Nodes.is(node, "Reshape") && isTarget(node, value, 4));
    if (!adds) {
      throw lowering.unsupported(node, "a shape other than [batch, values]");
    }
    return lowering.alias(node, value.unflattened());
  }

  /** Whether the axes of a Squeeze or Unsqueeze are those of the positions. */
  private boolean dropsPositions(NodeProto node) {
    String input = Nodes.input(node, 1);
    long[] axes =
        input.isEmpty() ? Nodes.integers(node, "axes") : Constants.longs(lowering.graph(), input);
    return axes != null
        && Arrays.equals(
            Arrays.stream(axes).map(axis -> axis < 0 ? axis + 4 : axis).sorted().toArray(),
            new long[] {2, 3});
  }

  /** Whether a Reshape is to [batch, all values of a row], or the same with one position. */
  private boolean isTarget(NodeProto node, Value value, int rank) {
    long[] target = Constants.longs(lowering.graph(), Nodes.input(node, 1));
    if (target == null || target.length != rank || target[0] > 0) {
      return false;
    }
    long row = value.elements() / value.batch();
    boolean takesRest = target[1] == -1 && target[0] == 0;
    boolean positions = rank == 2 || target[2] == 1 && target[3] == 1;
    return positions && (takesRest || target[1] == row);
  }

  Value expand(NodeProto node) throws UnsupportedGraphException {
    ProgramBuilder program = lowering.program();
    Value value = lowering.value(node, 0);
    if (!lowering.dependsOnShape(Nodes.input(node, 1)) || lowering.constant(node, 1) != null) {
      throw lowering.unsupported(node, "a shape that is not that of the mask");
    }
    return value.batch() == program.rows() || program.rows() == 1
        ? lowering.alias(node, value)
        : program.repeated(value);
  }

  Value concat(NodeProto node) throws UnsupportedGraphException {
    ProgramBuilder program = lowering.program();
    List<Value> inputs = new ArrayList<>();
    int channels = 0;
    int batch = 1;
    for (int i = 0; i < node.getInputCount(); i++) {
      Value input = lowering.value(node, i);
      inputs.add(input);
      channels += input.channels();
      batch = Math.max(batch, input.batch());
    }
    Value first = inputs.getFirst();
    long axis = Nodes.integer(node, "axis", 0);
    boolean unrolled = inputs.stream().anyMatch(input -> input.unrolled() != null);
    if ((axis != 1 && axis != (first.flat() ? -1 : -3)) || unrolled) {
      throw lowering.unsupported(node, "an axis other than that of the channels");
    }
    for (int i = 0; i < inputs.size(); i++) {
      inputs.set(
          i, inputs.get(i).batch() < batch ? program.repeated(inputs.get(i)) : inputs.get(i));
    }
    int storage = program.newStorage();
    Value output =
        first.flat()
            ? Value.flat(storage, batch, channels)
            : Value.image(storage, batch, channels, first.height(), first.width());
    return program.add(new Step.Concatenation(inputs, output));
  }
}
