package io.ablate.onednn;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;

/** Matrix products with stored weights. */
final class LinearLowering {
  private final Lowering lowering;

  LinearLowering(Lowering lowering) {
    this.lowering = lowering;
  }

  Value gemm(NodeProto node) throws UnsupportedGraphException {
    if (Nodes.integer(node, "transA", 0) != 0) {
      throw lowering.unsupported(node, "a transposed first input");
    }
    boolean transposed = Nodes.integer(node, "transB", 0) != 0;
    Value output = linear(node, transposed, Nodes.number(node, "alpha", 1));
    if (Nodes.input(node, 2).isEmpty()) {
      return output;
    }
    float[] bias = lowering.requireConstant(node, 2).floats();
    float beta = Nodes.number(node, "beta", 1);
    if (bias.length != 1 && bias.length != output.channels()) {
      throw lowering.unsupported(node, "a bias that is not one number per output");
    }
    for (int i = 0; i < bias.length; i++) {
      bias[i] *= beta;
    }
    return lowering
        .program()
        .apply(output, true, new PostOp.Binary(Const.BINARY_ADD, new Operand.Constant(bias)));
  }

  Value matMul(NodeProto node) throws UnsupportedGraphException {
    return linear(node, false, 1);
  }

  private Value linear(NodeProto node, boolean transposed, float alpha)
      throws UnsupportedGraphException {
    ProgramBuilder program = lowering.program();
    Value input = lowering.value(node, 0);
    Constant weight = lowering.requireConstant(node, 1);
    long[] dims = weight.dims();
    if (!input.flat() || dims.length != 2) {
      throw lowering.unsupported(node, "inputs that are not matrices");
    }
    int out = (int) dims[transposed ? 0 : 1];
    int in = (int) dims[transposed ? 1 : 0];
    float[] stored = weight.floats();
    float[] ordered = new float[stored.length];
    for (int i = 0; i < in; i++) {
      int position = position(input, i);
      for (int o = 0; o < out; o++) {
        ordered[o * in + position] = alpha * stored[transposed ? o * in + i : i * out + o];
      }
    }
    return program.add(
        new Step.Linear(
            input,
            node.getOutput(0),
            ordered,
            Value.flat(program.newStorage(), input.batch(), out),
            new ArrayList<>()));
  }

  /** Where an element of a row lies in memory: unrolled values keep channels innermost. */
  private static int position(Value value, int element) {
    int[] extents = value.unrolled();
    if (extents == null) {
      return element;
    }
    int positions = extents[1] * extents[2];
    return element % positions * extents[0] + element / positions;
  }
}
