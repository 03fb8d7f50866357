package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.ablate.component.Component;
import io.ablate.component.ComponentSet;
import io.ablate.component.Slice;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The slow way to ablate: a copy of the model for each mask. An output channel y = W∗x + b becomes
 * m(W∗x + b) + (1 − m)r by scaling its weights by m and moving its bias to mb + (1 − m)r.
 */
final class WeightEdits {
  private final OnnxGraph graph;
  private final Ablation ablation;

  private WeightEdits(OnnxGraph graph, Ablation ablation) {
    this.graph = graph;
    this.ablation = ablation;
  }

  static OnnxModel ablate(
      OnnxModel model,
      ComponentSet components,
      float[] mask,
      Ablation ablation,
      float @Nullable [] reference) {
    WeightEdits edits = new WeightEdits(model.graph(), ablation);
    for (int column = 0; column < mask.length; column++) {
      Component component = components.columns().get(column);
      for (Slice slice : component.slices()) {
        float left = reference == null ? 0 : reference[column];
        edits.edit(slice, mask[column], left);
      }
    }
    edits.graph.removeDead();
    return edits.graph.toModel();
  }

  private void edit(Slice slice, float m, float reference) {
    NodeProto node = Objects.requireNonNull(graph.node(slice.node()));
    int axis = Nodes.is(node, "Conv") || Nodes.integer(node, "transB", 0) != 0 ? 0 : 1;
    float[] weight = scaled(node, axis, slice.index(), m);
    TensorProto old = Objects.requireNonNull(graph.initializer(node.getInput(1)));
    int channels = (int) old.getDims(axis);
    node = withInput(node, 1, Tensors.of(graph.uniqueName("w"), weight, Tensors.dims(old)));
    if (ablation == Ablation.ZERO_WEIGHTS) {
      return;
    }
    if (Nodes.is(node, "MatMul")) {
      NodeProto add = graph.consumers(node.getOutput(0)).getFirst();
      moveBias(add, 1, slice.index(), channels, m, reference);
    } else {
      float beta = Nodes.number(node, "beta", 1);
      moveBias(node, 2, slice.index(), channels, m, reference / beta);
    }
  }

  private void moveBias(NodeProto node, int input, int index, int channels, float m, float left) {
    float[] bias = new float[channels];
    String name = Nodes.input(node, input);
    if (!name.isEmpty()) {
      bias = Tensors.floats(Objects.requireNonNull(graph.initializer(name)), null);
    }
    bias[index] = m * bias[index] + (1 - m) * left;
    withInput(node, input, Tensors.of(graph.uniqueName("b"), bias, channels));
  }

  private float[] scaled(NodeProto node, int axis, int index, float m) {
    TensorProto tensor = Objects.requireNonNull(graph.initializer(node.getInput(1)));
    float[] values = Tensors.floats(tensor, null);
    long[] dims = Tensors.dims(tensor);
    int inner = 1;
    for (int i = axis + 1; i < dims.length; i++) {
      inner *= (int) dims[i];
    }
    for (int i = 0; i < values.length; i++) {
      if (i / inner % dims[axis] == index) {
        values[i] *= m;
      }
    }
    return values;
  }

  private NodeProto withInput(NodeProto node, int position, TensorProto tensor) {
    graph.putInitializer(tensor);
    NodeProto.Builder edited = node.toBuilder();
    if (position < node.getInputCount()) {
      edited.setInput(position, tensor.getName());
    } else {
      edited.addInput(tensor.getName());
    }
    NodeProto built = edited.build();
    graph.replace(node, built);
    return built;
  }

  /** The scalar of one row in double precision. */
  static double output(OutputFunction function, float[] logits, int label) {
    double max = Double.NEGATIVE_INFINITY;
    double others = 0;
    for (int c = 0; c < logits.length; c++) {
      if (c != label) {
        max = Math.max(max, logits[c]);
        others += Math.exp(logits[c]);
      }
    }
    double y = logits[label];
    double all = Math.log(others + Math.exp(y));
    return switch (function) {
      case MARGIN -> y - max;
      case MARGIN_LOGSUMEXP -> y - Math.log(others);
      case LOGIT -> y;
      case LOG_PROB -> y - all;
      case LOSS -> all - y;
    };
  }
}
