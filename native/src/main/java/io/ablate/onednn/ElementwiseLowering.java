package io.ablate.onednn;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Nodes;
import java.util.Arrays;

/** Activations, and sums and products of two tensors. */
final class ElementwiseLowering {
  private static final float SIXTH = 1 / 6f;

  private final Lowering lowering;

  ElementwiseLowering(Lowering lowering) {
    this.lowering = lowering;
  }

  Value lower(NodeProto node) throws UnsupportedGraphException {
    return switch (node.getOpType()) {
      case "Add" -> binary(node, Const.BINARY_ADD, true);
      case "Mul" -> binary(node, Const.BINARY_MUL, true);
      case "Sub" -> binary(node, Const.BINARY_SUB, false);
      case "Div" -> binary(node, Const.BINARY_DIV, false);
      case "BatchNormalization" -> batchNormalization(node);
      default -> activation(node);
    };
  }

  private Value activation(NodeProto node) throws UnsupportedGraphException {
    PostOp.Eltwise function =
        switch (node.getOpType()) {
          case "Relu" -> eltwise(Const.ELTWISE_RELU, 0, 0);
          case "LeakyRelu" -> eltwise(Const.ELTWISE_RELU, Nodes.number(node, "alpha", .01f), 0);
          case "Elu" -> eltwise(Const.ELTWISE_ELU, Nodes.number(node, "alpha", 1), 0);
          case "Sigmoid" -> eltwise(Const.ELTWISE_LOGISTIC, 0, 0);
          case "Tanh" -> eltwise(Const.ELTWISE_TANH, 0, 0);
          case "Softplus" -> eltwise(Const.ELTWISE_SOFT_RELU, 1, 0);
          case "HardSwish" -> eltwise(Const.ELTWISE_HARDSWISH, SIXTH, .5f);
          case "HardSigmoid" ->
              eltwise(
                  Const.ELTWISE_HARDSIGMOID,
                  Nodes.number(node, "alpha", .2f),
                  Nodes.number(node, "beta", .5f));
          case "Gelu" ->
              eltwise(
                  Nodes.text(node, "approximate", "none").equals("tanh")
                      ? Const.ELTWISE_GELU_TANH
                      : Const.ELTWISE_GELU_ERF,
                  0,
                  0);
          case "Clip" -> clip(node);
          default -> throw lowering.unsupported(node, "an operator without a fused form");
        };
    return lowering.program().apply(lowering.value(node, 0), lowering.onlyUse(node, 0), function);
  }

  private static PostOp.Eltwise eltwise(int algorithm, float alpha, float beta) {
    return new PostOp.Eltwise(algorithm, alpha, beta);
  }

  private PostOp.Eltwise clip(NodeProto node) throws UnsupportedGraphException {
    return eltwise(
        Const.ELTWISE_CLIP,
        bound(node, 1, "min", -Float.MAX_VALUE),
        bound(node, 2, "max", Float.MAX_VALUE));
  }

  private float bound(NodeProto node, int input, String attribute, float otherwise)
      throws UnsupportedGraphException {
    return Nodes.input(node, input).isEmpty()
        ? Nodes.number(node, attribute, otherwise)
        : lowering.requireConstant(node, input).floats()[0];
  }

  /** One that could not be folded into a layer: a factor and a constant per channel. */
  private Value batchNormalization(NodeProto node) throws UnsupportedGraphException {
    float[] scale = lowering.requireConstant(node, 1).floats();
    float[] shift = lowering.requireConstant(node, 2).floats();
    float[] mean = lowering.requireConstant(node, 3).floats();
    float[] variance = lowering.requireConstant(node, 4).floats();
    double epsilon = Nodes.number(node, "epsilon", 1e-5f);
    Value value = lowering.value(node, 0);
    if (scale.length != value.channels() || value.unrolled() != null) {
      throw lowering.unsupported(node, "an axis other than that of the channels");
    }
    for (int c = 0; c < scale.length; c++) {
      double factor = scale[c] / Math.sqrt(variance[c] + epsilon);
      shift[c] = (float) (shift[c] - factor * mean[c]);
      scale[c] = (float) factor;
    }
    Value scaled =
        lowering
            .program()
            .apply(
                value,
                lowering.onlyUse(node, 0),
                new PostOp.Binary(Const.BINARY_MUL, new Operand.Constant(scale)));
    return lowering
        .program()
        .apply(scaled, true, new PostOp.Binary(Const.BINARY_ADD, new Operand.Constant(shift)));
  }

  private Value binary(NodeProto node, int algorithm, boolean commutes)
      throws UnsupportedGraphException {
    Value first = lowering.valueOrNull(node, 0);
    Value second = lowering.valueOrNull(node, 1);
    if (first != null && second != null) {
      return ofTensors(node, algorithm, commutes, first, second);
    }
    int position = first == null && commutes ? 1 : 0;
    Value value = lowering.value(node, position);
    Operand operand = operand(node, 1 - position, value);
    return lowering
        .program()
        .apply(value, lowering.onlyUse(node, position), new PostOp.Binary(algorithm, operand));
  }

  /** Part of the mask, or a constant per channel. */
  private Operand operand(NodeProto node, int position, Value value)
      throws UnsupportedGraphException {
    int[] columns = lowering.masks().columns(Nodes.input(node, position));
    if (columns != null) {
      if (columns.length != value.channels() || value.unrolled() != null) {
        throw lowering.unsupported(node, "a mask that is not one number per channel");
      }
      return lowering.program().mask(columns);
    }
    Constant constant = lowering.requireConstant(node, position);
    float[] values = constant.floats();
    if (values.length != 1 && !isPerChannel(constant.dims(), value)) {
      throw lowering.unsupported(node, "a constant that is not one number per channel");
    }
    return new Operand.Constant(values);
  }

  private static boolean isPerChannel(long[] dims, Value value) {
    // Axes are counted from the last, as broadcasting does.
    int axis = dims.length - (value.flat() ? 1 : 3);
    long elements = 1;
    for (long extent : dims) {
      elements *= extent;
    }
    return axis >= 0
        && value.unrolled() == null
        && dims[axis] == value.channels()
        && elements == value.channels();
  }

  private Value ofTensors(
      NodeProto node, int algorithm, boolean commutes, Value first, Value second)
      throws UnsupportedGraphException {
    ProgramBuilder program = lowering.program();
    int batch = Math.max(first.batch(), second.batch());
    boolean swaps = commutes && isWider(second, first);
    Value wide = swaps ? second : first;
    Value other = swaps ? first : second;
    requireFits(node, wide, other);
    boolean shared = wide.batch() < batch;
    Value target = shared ? program.repeated(wide) : wide;
    boolean only = shared || lowering.onlyUse(node, swaps ? 1 : 0);
    PostOp once = new PostOp.Binary(algorithm, new Operand.Tensor(other));
    if (only && program.spreads(target) && program.joins(target, once)) {
      return program.apply(target, true, once);
    }
    Value operand = other.batch() < batch ? program.repeated(other) : other;
    PostOp op = new PostOp.Binary(algorithm, new Operand.Tensor(operand));
    boolean sameExtents = target.elements() == operand.elements();
    if (commutes && sameExtents && !(only && program.joins(target, op))) {
      // Whichever is computed later can take the other.
      PostOp turned = new PostOp.Binary(algorithm, new Operand.Tensor(target));
      boolean onlyOther = other.batch() < batch || lowering.onlyUse(node, swaps ? 0 : 1);
      if (onlyOther && program.joins(operand, turned)) {
        return program.apply(operand, true, turned);
      }
    }
    return program.apply(target, only, op);
  }

  private static boolean isWider(Value a, Value b) {
    return (long) a.height() * a.width() > (long) b.height() * b.width();
  }

  private void requireFits(NodeProto node, Value wide, Value other)
      throws UnsupportedGraphException {
    boolean same =
        wide.flat() == other.flat()
            && Arrays.equals(wide.unrolled(), other.unrolled())
            && wide.channels() == other.channels()
            && (wide.height() == other.height() && wide.width() == other.width()
                || other.height() * other.width() == 1);
    if (!same) {
      throw lowering.unsupported(node, "tensors that broadcast otherwise than over positions");
    }
  }
}
