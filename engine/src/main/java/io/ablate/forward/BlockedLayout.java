package io.ablate.forward;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import io.ablate.onnx.Tensors;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Lets masked convolutions stay in the blocked layout that ONNX Runtime keeps activations in on x86
 * processors. A mask that broadcasts over positions forces each layer out of it and back in; a mask
 * spread over the positions by operators that know the layout does not, and a constant added by a
 * convolution of one position fuses with what follows. The values are the same.
 *
 * <p>ONNX Runtime recognises this only where all extents are known, hence one graph per batch
 * shape.
 */
final class BlockedLayout {
  /** Channels to a block, the largest that ONNX Runtime uses. */
  private static final int BLOCK = 16;

  /** Before, Resize needs a region of interest. */
  private static final int MIN_OPSET = 13;

  private final OnnxGraph graph;
  private final ShapeInference shapes;
  private final Set<String> masked;
  private final boolean sharesExample;

  private BlockedLayout(OnnxGraph graph, String mask, boolean sharesExample) {
    this.graph = graph;
    this.masked = behind(graph, mask);
    this.sharesExample = sharesExample;
    this.shapes = ShapeInference.inputsOf(graph);
    for (NodeProto node : graph.nodes()) {
      // Whatever the shape of its mask, a masked convolution has the convolution's positions.
      shapes.visit(isMasked(node) ? unmasked(node) : node);
    }
  }

  private boolean isMasked(NodeProto node) {
    if (!Nodes.is(node, "Mul") || !masked.contains(node.getInput(1))) {
      return false;
    }
    NodeProto mask = graph.producer(node.getInput(1));
    NodeProto conv = graph.producer(node.getInput(0));
    return mask != null && Nodes.is(mask, "Unsqueeze") && conv != null && Nodes.is(conv, "Conv");
  }

  private static NodeProto unmasked(NodeProto node) {
    return Nodes.node("Identity", node.getOutput(0), List.of(node.getInput(0)));
  }

  /** A graph with the extents of one batch shape, rewritten where that helps this processor. */
  static OnnxModel of(InstrumentedModel model, OnnxGraph graph, BatchShape shape) {
    if (graph.opset() >= MIN_OPSET && System.getProperty("os.arch").matches("amd64|x86_64")) {
      String mask = model.mask();
      if (shape.masks() < shape.rows()) {
        mask = expandMask(graph, mask, shape.rows(), model.components().size());
      }
      boolean sharesExample = shape.examples() < shape.rows();
      BlockedLayout layout = new BlockedLayout(graph, mask, sharesExample);
      graph.nodes().stream().filter(layout::isMaskedConvolution).forEach(layout::rewrite);
      graph.sort();
      graph.removeDead();
    }
    return graph.toModel();
  }

  private static String expandMask(OnnxGraph graph, String mask, int rows, int columns) {
    String expanded = graph.uniqueName(mask + "_rows");
    graph.replaceUses(mask, expanded);
    graph.append(
        Nodes.node(
            "Expand",
            expanded,
            List.of(mask, constant(graph, expanded, new long[] {rows, columns}))));
    graph.sort();
    return expanded;
  }

  private static Set<String> behind(OnnxGraph graph, String start) {
    Set<String> found = new HashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(start));
    while (!open.isEmpty()) {
      for (NodeProto node : graph.consumers(open.remove())) {
        for (String output : node.getOutputList()) {
          if (found.add(output)) {
            open.add(output);
          }
        }
      }
    }
    return found;
  }

  /** Whether a node multiplies a convolution that ONNX Runtime blocks by a mask per channel. */
  private boolean isMaskedConvolution(NodeProto node) {
    NodeProto conv = isMasked(node) ? graph.producer(node.getInput(0)) : null;
    if (conv == null) {
      return false;
    }
    long[] output = shapes.shape(node.getInput(0));
    TensorProto weight = graph.initializer(conv.getInput(1));
    if (output == null || output.length != 4 || output[2] < 1 || output[3] < 1 || weight == null) {
      return false;
    }
    long[] dims = Tensors.dims(weight);
    long groups = Nodes.integer(conv, "group", 1);
    boolean blocks = dims[1] < BLOCK || dims[1] % BLOCK == 0;
    boolean depthwise = dims[1] == 1 && groups == dims[0];
    return weight.getDataType() == DataType.FLOAT.getNumber()
        && output[2] * output[3] > 1
        && dims[0] % BLOCK == 0
        && (depthwise || groups == 1 && blocks);
  }

  private void rewrite(NodeProto multiply) {
    String bare = multiply.getInput(0);
    String product = multiply.getOutput(0);
    NodeProto add = constantAdd(product);
    if (sharesExample && !masked.contains(bare)) {
      // One convolution for all rows meets all masks: that multiplication has to broadcast. What
      // follows is blocked again.
      if (add == null) {
        graph.append(identity(graph.detach(product), product));
      } else {
        graph.replace(add, shift(product, add));
      }
      return;
    }
    long[] extents = Objects.requireNonNull(shapes.shape(bare), bare);
    String pooled = graph.uniqueName(multiply.getInput(1) + "_blocked");
    String spread = graph.uniqueName(multiply.getInput(1) + "_spread");
    String scales = graph.uniqueName(spread + "_scales");
    graph.putInitializer(Tensors.of(scales, new float[] {1, 1, extents[2], extents[3]}, 4));
    graph.append(
        identity(multiply.getInput(1), pooled),
        Nodes.node(
            "Resize",
            spread,
            List.of(pooled, "", scales),
            Nodes.attribute("mode", "nearest"),
            Nodes.attribute("coordinate_transformation_mode", "asymmetric"),
            Nodes.attribute("nearest_mode", "floor")));
    graph.replace(multiply, multiply.toBuilder().setInput(1, spread).build());
    if (add != null) {
      graph.replace(add, shift(product, add));
    }
  }

  /** The Add that alone uses a tensor, with one constant per channel; null if there is none. */
  private @Nullable NodeProto constantAdd(String tensor) {
    List<NodeProto> users = graph.consumers(tensor);
    if (users.size() != 1 || graph.isOutput(tensor) || !Nodes.is(users.getFirst(), "Add")) {
      return null;
    }
    NodeProto add = users.getFirst();
    TensorProto constant = graph.initializer(add.getInput(1));
    long[] extents = shapes.shape(tensor);
    if (constant == null || extents == null || !add.getInput(0).equals(tensor)) {
      return null;
    }
    long[] dims = Tensors.dims(constant);
    boolean perChannel =
        dims.length >= 3
            && dims.length <= 4
            && dims[dims.length - 3] == extents[1]
            && Tensors.size(constant) == extents[1];
    return perChannel ? add : null;
  }

  /** The addition as a convolution of each channel with 1: its bias fuses with what follows. */
  private NodeProto shift(String product, NodeProto add) {
    Constant constant = Constants.resolve(graph, add.getInput(1));
    if (constant == null) {
      throw new IllegalStateException("not constant: " + add.getInput(1));
    }
    float[] shift = constant.floats();
    float[] ones = new float[shift.length];
    Arrays.fill(ones, 1);
    String wish = add.getInput(1);
    return Nodes.node(
        "Conv",
        add.getOutput(0),
        List.of(
            product,
            constant(wish + "_ones", ones, shift.length, 1, 1, 1),
            constant(wish + "_shift", shift, shift.length)),
        Nodes.attribute("group", shift.length));
  }

  /** Pooling over one position changes nothing but, where it can, the layout. */
  private static NodeProto identity(String input, String output) {
    return Nodes.node(
        "MaxPool", output, List.of(input), Nodes.attribute("kernel_shape", new long[] {1, 1}));
  }

  private String constant(String wish, float[] values, long... dims) {
    String name = graph.uniqueName(wish);
    graph.putInitializer(Tensors.of(name, values, dims));
    return name;
  }

  private static String constant(OnnxGraph graph, String wish, long[] values) {
    String name = graph.uniqueName(wish + "_shape");
    graph.putInitializer(Tensors.of(name, values, values.length));
    return name;
  }
}
