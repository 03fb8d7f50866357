package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.Constants;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.ShapeInference;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds what follows a layer and a {@link MaskedOperator} can do with it: a constant per channel, a
 * residual addition and a ReLU, where nothing else uses what lies between.
 */
final class LayerFollowers {
  private final GraphWriter writer;
  private final OnnxGraph graph;
  private final ShapeInference shapes;
  private final Map<String, String> zeros = new HashMap<>();

  /**
   * @param shapes of the tensors before anything was joined
   */
  LayerFollowers(GraphWriter writer, ShapeInference shapes) {
    this.writer = writer;
    this.graph = writer.graph();
    this.shapes = shapes;
  }

  /** What a layer's output is like. */
  record Layer(long[] extents, int channelAxis, DataType type) {
    long channels() {
      return extents[channelAxis];
    }
  }

  /**
   * What can be joined, from the first node that follows.
   *
   * @param bias a constant per channel
   * @param residual a tensor like the layer's output, of as many rows or one
   */
  record Chain(
      List<NodeProto> nodes, @Nullable String bias, @Nullable String residual, boolean relu) {}

  /** What a tensor is like as a layer's output; null if no operator takes such ones. */
  @Nullable Layer layer(String tensor, int channelAxis) {
    long[] extents = shapes.shape(tensor);
    DataType type = new ElementTypes(graph).of(tensor);
    boolean fits =
        extents != null
            && channelAxis > 0
            && channelAxis < extents.length
            && Arrays.stream(extents).skip(1).allMatch(extent -> extent > 0)
            && (type == DataType.FLOAT || type == DataType.FLOAT16);
    return fits && extents != null ? new Layer(extents, channelAxis, type) : null;
  }

  /**
   * What follows a tensor.
   *
   * @param own a bias that is the layer's already
   */
  Chain after(String tensor, Layer layer, @Nullable String own) {
    List<NodeProto> nodes = new ArrayList<>();
    String last = tensor;
    String bias = own;
    String residual = null;
    for (NodeProto sum = soleUser(last, "Add"); sum != null; sum = soleUser(last, "Add")) {
      String added = sum.getInput(sum.getInput(0).equals(last) ? 1 : 0);
      if (bias == null && residual == null && isPerChannel(added, layer)) {
        bias = added;
      } else if (residual == null && isLike(added, layer.extents)) {
        residual = added;
      } else {
        break;
      }
      nodes.add(sum);
      last = sum.getOutput(0);
    }
    NodeProto relu = soleUser(last, "Relu");
    if (relu != null) {
      nodes.add(relu);
    }
    return new Chain(nodes, bias, residual, relu != null);
  }

  /**
   * One node in place of a chain, which is taken out of the graph.
   *
   * @param output of the node that the chain follows
   * @param inputs the layer's output and, for a masked layer, the mask
   * @param more of whose rows there may be as many as of the layer's, or the only ones
   */
  NodeProto.Builder joined(
      String output, Layer layer, Chain chain, List<String> inputs, List<String> more) {
    MaskedOperator operator =
        new MaskedOperator(
            inputs.size() > 1,
            chain.residual != null,
            chain.relu,
            layer.type == DataType.FLOAT16,
            layer.channelAxis == layer.extents.length - 1);
    String bias = chain.bias == null ? nothing(layer) : chain.bias;
    String last = chain.nodes.isEmpty() ? output : chain.nodes.getLast().getOutput(0);
    NodeProto.Builder joined =
        NodeProto.newBuilder()
            .setOpType(operator.label())
            .setDomain(MaskedOperator.DOMAIN)
            .addAllInput(inputs)
            .addInput(bias)
            .addOutput(last);
    List<String> operands = new ArrayList<>(more);
    if (chain.residual != null) {
      joined.addInput(chain.residual);
      operands.add(chain.residual);
    }
    graph.putValueInfo(GraphWriter.value(last, layer.type, "", broadcast(layer.extents, operands)));
    chain.nodes.forEach(graph::replace);
    return joined;
  }

  /** Extents with the rows of whatever has more than one. */
  long[] broadcast(long[] extents, List<String> operands) {
    long[] shape = extents.clone();
    for (String operand : operands) {
      long[] found = shapes.shape(operand);
      shape[0] = found == null || found[0] < 0 || shape[0] < 0 ? -1 : Math.max(found[0], shape[0]);
    }
    return shape;
  }

  /** A constant that changes no sum, not even −0. */
  private String nothing(Layer layer) {
    return zeros.computeIfAbsent(
        layer.type + " " + layer.channels(),
        key -> {
          float[] values = new float[Math.toIntExact(layer.channels())];
          Arrays.fill(values, -0f);
          return writer.constant("no_bias", layer.type, values, layer.channels());
        });
  }

  private @Nullable NodeProto soleUser(String output, String operator) {
    List<NodeProto> users = graph.consumers(output);
    boolean sole =
        users.size() == 1
            && !graph.isOutput(output)
            && Nodes.is(users.getFirst(), operator)
            && users.getFirst().getInputList().stream().filter(output::equals).count() == 1;
    return sole ? users.getFirst() : null;
  }

  /** Whether a tensor is a convolution's constant bias, [channels]. */
  boolean isBias(String tensor, Layer layer) {
    TensorProto constant = Constants.tensor(graph, tensor);
    return constant != null
        && constant.getDataType() == layer.type.getNumber()
        && Arrays.equals(Tensors.dims(constant), new long[] {layer.channels()});
  }

  private boolean isPerChannel(String tensor, Layer layer) {
    TensorProto constant = graph.initializer(tensor);
    if (constant == null || constant.getDataType() != layer.type.getNumber()) {
      return false;
    }
    long[] dims = Tensors.dims(constant);
    int axis = dims.length - (layer.extents.length - layer.channelAxis);
    return axis >= 0
        && dims.length <= layer.extents.length
        && dims[axis] == layer.channels()
        && Tensors.size(constant) == layer.channels();
  }

  /** Whether a tensor has the same channels and positions; its rows are the batch's, or one. */
  private boolean isLike(String tensor, long[] extents) {
    long[] found = shapes.shape(tensor);
    return found != null
        && found.length == extents.length
        && graph.initializer(tensor) == null
        && Arrays.equals(found, 1, found.length, extents, 1, extents.length);
  }
}
