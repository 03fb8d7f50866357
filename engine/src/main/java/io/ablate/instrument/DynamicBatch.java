package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import io.ablate.onnx.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Frees a model from a fixed batch: one that exporters wrote into the shapes of inputs and outputs
 * and into the constant targets of Reshape and Expand.
 *
 * <p>Shapes are inferred twice, for the fixed batch and for a multiple of it; where they differ
 * lies the batch, and there a constant target is made to follow. What cannot be freed is refused by
 * the name of its node. This sees shapes, not values: whoever runs the result has to compare a
 * batch of two different rows with each row alone.
 */
public final class DynamicBatch {
  private static final String DIMENSION = "batch";
  private static final long FACTOR = 1009;

  /** Their outputs describe the batch without carrying it. */
  private static final Set<String> DESCRIBES = Set.of("Shape", "Size");

  private final OnnxGraph graph;
  private final boolean fixed;
  private final long batch;
  private final ShapeInference small;
  private final ShapeInference large;
  private final OnnxGraph largeGraph;
  private boolean edited;

  private DynamicBatch(OnnxModel model, long declared) {
    graph = model.graph();
    graph.sort();
    fixed = declared != ShapeInference.UNKNOWN;
    batch = fixed ? declared : 1;
    small = ShapeInference.inputsOf(withBatch(model, declared, batch));
    largeGraph = withBatch(model, declared, batch * FACTOR);
    large = ShapeInference.inputsOf(largeGraph);
  }

  /**
   * The model with a batch of any size; the same model if nothing had to change.
   *
   * @throws BadInputException if a node holds on to the batch in a way that is not understood
   */
  public static OnnxModel apply(OnnxModel model) {
    OnnxGraph graph = model.graph();
    long[] shape =
        graph.inputs().isEmpty() ? null : ShapeInference.declared(graph.inputs().getFirst());
    if (shape == null || shape.length == 0 || shape[0] == 0) {
      return model;
    }
    return new DynamicBatch(model, shape[0]).run(model);
  }

  private OnnxModel run(OnnxModel model) {
    for (NodeProto node : graph.nodes()) {
      NodeProto freed = free(node);
      small.visit(node);
      large.visit(freed);
      if (!freed.equals(node)) {
        graph.replace(node, freed);
        edited = true;
      }
      if (fixed) {
        checkKeepsBatch(node);
      }
    }
    if (!fixed && !edited) {
      return model;
    }
    graph.inputs().forEach(input -> graph.putInput(declare(input)));
    graph.outputs().forEach(output -> graph.putOutput(declare(output)));
    graph.clearValueInfo();
    graph.removeDead();
    return graph.toModel();
  }

  private NodeProto free(NodeProto node) {
    if (Nodes.is(node, "Reshape")) {
      return freeReshape(node);
    }
    if (Nodes.is(node, "Expand")) {
      return freeExpand(node);
    }
    if (Nodes.is(node, "Resize") && Constants.longs(graph, Nodes.input(node, 3)) != null) {
      throw refused(node, "sizes that include the batch");
    }
    return node;
  }

  private NodeProto freeReshape(NodeProto node) {
    long[] target = Constants.longs(graph, Nodes.input(node, 1));
    if (target == null || target.length == 0 || !carriesOrUnknown(node.getInput(0))) {
      return node;
    }
    long[] from = small.shape(node.getInput(0));
    small.visit(node);
    long[] to = small.shape(node.getOutput(0));
    if (from == null || to == null || product(from) < 0 || product(to) < 0) {
      return freeReshapeOfUnknown(node, target);
    }
    if (product(from) != product(to)) {
      if (fixed) {
        throw refused(
            node, "the target " + Arrays.toString(target) + " for " + Arrays.toString(from));
      }
      return node;
    }
    int axis = batchAxis(node.getInput(0));
    int follows = followingAxis(from, axis, to);
    if (follows < 0 && fixed) {
      throw refused(node, "the target " + Arrays.toString(target) + ", which has no batch axis");
    }
    large.visit(node);
    long[] scaled = large.shape(node.getOutput(0));
    if (follows < 0
        || (scaled != null && scaled[follows] == to[follows] * FACTOR)
        || (!fixed && target[follows] != batch)) {
      return node;
    }
    to[follows] = -1;
    return withTarget(node, to);
  }

  /** Without shapes only the plain case is seen: a target that begins with the batch. */
  private NodeProto freeReshapeOfUnknown(NodeProto node, long[] target) {
    if (target[0] != batch) {
      return node;
    }
    boolean open = Arrays.stream(target).anyMatch(entry -> entry == -1);
    if (open && Nodes.integer(node, "allowzero", 0) != 0) {
      throw refused(node, "the target " + Arrays.toString(target) + " with allowzero");
    }
    target[0] = open ? 0 : -1;
    return withTarget(node, target);
  }

  private NodeProto freeExpand(NodeProto node) {
    long[] target = Constants.longs(graph, Nodes.input(node, 1));
    long[] from = small.shape(node.getInput(0));
    int axis = target == null || from == null ? -1 : batchAxis(node.getInput(0));
    if (target == null || from == null || axis < 0) {
      return node;
    }
    int aligned = axis + target.length - from.length;
    if (aligned < 0 || target[aligned] == 1) {
      return node;
    }
    target[aligned] = 1;
    return withTarget(node, target);
  }

  private NodeProto withTarget(NodeProto node, long[] target) {
    String name = graph.uniqueName(node.getOutput(0) + "_shape");
    for (OnnxGraph edited : List.of(graph, largeGraph)) {
      edited.putInitializer(Tensors.of(name, target, target.length));
    }
    return node.toBuilder().setInput(1, name).build();
  }

  /** Refuses a node that takes the batch in and does not hand it on. */
  private void checkKeepsBatch(NodeProto node) {
    boolean takes = node.getInputList().stream().anyMatch(input -> batchAxis(input) >= 0);
    if (!takes || DESCRIBES.contains(node.getOpType())) {
      return;
    }
    if (Nodes.is(node, "Concat")) {
      for (String input : node.getInputList()) {
        if (sameForAllBatches(input)) {
          throw refused(node, "input " + input + ", which is the same for all rows");
        }
      }
    }
    if (sameForAllBatches(node.getOutput(0))) {
      throw refused(node, "an output whose shape does not follow the batch");
    }
  }

  /** The axis that grows with the batch, −1 if none is known to. */
  private int batchAxis(String tensor) {
    long[] a = small.shape(tensor);
    long[] b = large.shape(tensor);
    for (int i = 0; a != null && b != null && a.length == b.length && i < a.length; i++) {
      if (a[i] > 0 && b[i] == a[i] * FACTOR) {
        return i;
      }
    }
    return -1;
  }

  private boolean sameForAllBatches(String tensor) {
    long[] shape = small.shape(tensor);
    return shape != null && product(shape) >= 0 && Arrays.equals(shape, large.shape(tensor));
  }

  private boolean carriesOrUnknown(String tensor) {
    return batchAxis(tensor) >= 0
        || (small.rank(tensor) < 0 && Constants.resolve(graph, tensor) == null);
  }

  /**
   * The axis of a reshaped tensor that the batch runs along: as many elements lie before it as
   * before the batch axis of the tensor that is reshaped. −1 if there is none.
   */
  private int followingAxis(long[] from, int axis, long[] to) {
    long before = product(Arrays.copyOf(from, axis));
    int found = -1;
    for (int i = 0; i < to.length; i++) {
      boolean aligned = product(Arrays.copyOf(to, i)) == before && to[i] % batch == 0;
      if (aligned && to[i] == batch && i == axis) {
        return i;
      }
      if (aligned && (found < 0 || (to[i] == batch && to[found] != batch))) {
        found = i;
      }
    }
    return found;
  }

  private static long product(long[] dims) {
    long product = 1;
    for (long dim : dims) {
      product = dim < 0 || product < 0 ? -1 : product * dim;
    }
    return product;
  }

  /** The graph with another batch in its inputs, and no shape stated anywhere else. */
  private static OnnxGraph withBatch(OnnxModel model, long declared, long batch) {
    OnnxGraph graph = model.graph();
    graph.clearValueInfo();
    for (ValueInfoProto output : graph.outputs()) {
      graph.putOutput(output.toBuilder().clearType().build());
    }
    for (ValueInfoProto input : graph.inputs()) {
      long[] dims = ShapeInference.declared(input);
      if (dims != null && dims.length > 0 && dims[0] == declared) {
        graph.putInput(
            withDimension(input, 0, TensorShapeProto.Dimension.newBuilder().setDimValue(batch)));
      }
    }
    return graph;
  }

  /** An input or output with its batch axis declared to be of any size. */
  private ValueInfoProto declare(ValueInfoProto info) {
    int axis = batchAxis(info.getName());
    long[] dims = ShapeInference.declared(info);
    if (axis < 0 && small.rank(info.getName()) < 0) {
      axis = 0; // Not inferred: what it states of the batch must go.
    }
    if (dims == null || axis < 0 || axis >= dims.length || dims[axis] == ShapeInference.UNKNOWN) {
      return info;
    }
    return withDimension(
        info, axis, TensorShapeProto.Dimension.newBuilder().setDimParam(DIMENSION));
  }

  private static ValueInfoProto withDimension(
      ValueInfoProto info, int axis, TensorShapeProto.Dimension.Builder dimension) {
    ValueInfoProto.Builder edited = info.toBuilder();
    edited.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder().setDim(axis, dimension);
    return edited.build();
  }

  private BadInputException refused(NodeProto node, String found) {
    return new BadInputException(
        Problem.of("cannot free the model from its fixed batch of " + batch)
            .at("node " + graph.nameOf(node) + " (" + node.getOpType() + ")")
            .expected("shapes that can follow the batch")
            .found(found)
            .remedy("export the model with a dynamic batch axis"));
  }
}
