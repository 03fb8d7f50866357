package io.ablate.onednn;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.base.Problem;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Turns an instrumented model into a {@link Program}. Convolutional networks are what it knows:
 * tensors are [batch, channels, height, width] or [batch, channels]. Anything else is refused by
 * name.
 */
final class Lowering {
  private final InstrumentedModel model;
  private final OnnxGraph graph;
  private final ProgramBuilder program;
  private final MaskParts masks;
  private final Map<String, Value> values = new HashMap<>();
  private final Map<String, String> origins = new HashMap<>();
  private final Map<String, Integer> uses = new HashMap<>();
  private final WindowLowering windows;
  private final LinearLowering linear;
  private final ShapeLowering shapes;
  private final ElementwiseLowering elementwise;

  private Lowering(InstrumentedModel model, BatchShape shape, Precision precision, boolean keeps) {
    this.model = model;
    this.graph = model.model().graph();
    this.program = new ProgramBuilder(shape, precision, keeps);
    this.masks = new MaskParts(graph, model.mask(), model.components().size());
    this.windows = new WindowLowering(this);
    this.linear = new LinearLowering(this);
    this.shapes = new ShapeLowering(this);
    this.elementwise = new ElementwiseLowering(this);
  }

  /**
   * The program of a model for one batch shape.
   *
   * @param options extents of one example, and the precision
   * @throws UnsupportedGraphException naming the node that programs cannot express
   */
  static Program of(InstrumentedModel model, BatchShape shape, ForwardOptions options)
      throws UnsupportedGraphException {
    return new Lowering(model, shape, options.precision(), false)
        .lower(shape, options.exampleShape());
  }

  /**
   * The program of a model's gradients, for as many masks as examples.
   *
   * @param options extents of one example, and the precision
   * @throws UnsupportedGraphException naming what programs cannot go back through
   */
  static Program withGradients(InstrumentedModel model, int rows, ForwardOptions options)
      throws UnsupportedGraphException {
    BatchShape shape = new BatchShape(rows, rows);
    return Differentiation.of(
        new Lowering(model, shape, options.precision(), true).lower(shape, options.exampleShape()));
  }

  private Program lower(BatchShape shape, long[] exampleShape) throws UnsupportedGraphException {
    Value input = input(shape.examples(), exampleShape);
    values.put(model.example().name(), input);
    Set<String> needed = needed();
    for (NodeProto node : graph.nodes()) {
      if (needed.contains(node.getOutput(0))) {
        node(node);
      }
    }
    Value logits = values.get(model.logitTensor());
    if (logits == null || !logits.flat() || logits.unrolled() != null) {
      throw new UnsupportedGraphException(
          Problem.of("logits that are not [rows, classes]").at("tensor " + model.logitTensor()));
    }
    return program.build(input, program.repeated(logits));
  }

  private Value input(int examples, long[] shape) throws UnsupportedGraphException {
    boolean image = shape.length == 3;
    boolean open = Arrays.stream(shape).anyMatch(extent -> extent < 1);
    if (!image && shape.length != 1 || open || model.example().type() != DataType.FLOAT) {
      throw new UnsupportedGraphException(
          Problem.of("no fused passes for this model")
              .at("input " + model.example().name())
              .expected("float32 [channels, height, width], or a vector")
              .found(model.example().type() + " " + Arrays.toString(shape).replace("-1", "open")));
    }
    int channels = Math.toIntExact(shape[0]);
    int storage = program.newStorage();
    return image
        ? Value.image(
            storage, examples, channels, Math.toIntExact(shape[1]), Math.toIntExact(shape[2]))
        : Value.flat(storage, examples, channels);
  }

  /** What the logits come from; counts the uses on the way. */
  private Set<String> needed() {
    Set<String> found = new HashSet<>(List.of(model.logitTensor()));
    Deque<String> open = new ArrayDeque<>(found);
    while (!open.isEmpty()) {
      NodeProto node = graph.producer(open.remove());
      for (String input : node == null ? List.<String>of() : node.getInputList()) {
        uses.merge(input, 1, Integer::sum);
        NodeProto producer = graph.producer(input);
        // A node of several outputs is visited once, by its first.
        if (producer != null && found.add(producer.getOutput(0))) {
          open.add(producer.getOutput(0));
        }
      }
    }
    uses.merge(model.logitTensor(), 1, Integer::sum);
    return found;
  }

  private void node(NodeProto node) throws UnsupportedGraphException {
    if (masks.follow(node) || isConstant(node) || isShapeOfMask(node)) {
      return;
    }
    if (!Nodes.is(node, node.getOpType())) {
      throw unsupported(node, "operator " + node.getDomain() + ":" + node.getOpType());
    }
    Value result =
        switch (node.getOpType()) {
          case "Conv" -> windows.convolution(node);
          case "MaxPool", "AveragePool" -> windows.pooling(node);
          case "GlobalAveragePool", "GlobalMaxPool", "ReduceMean" -> windows.global(node);
          case "Gemm" -> linear.gemm(node);
          case "MatMul" -> linear.matMul(node);
          case "Concat" -> shapes.concat(node);
          case "Flatten", "Reshape", "Squeeze", "Unsqueeze" -> shapes.reshape(node);
          case "Identity", "Dropout" -> alias(node, value(node, 0));
          case "Cast" -> cast(node);
          case "Expand" -> shapes.expand(node);
          default -> elementwise.lower(node);
        };
    values.put(node.getOutput(0), result);
  }

  ProgramBuilder program() {
    return program;
  }

  OnnxGraph graph() {
    return graph;
  }

  MaskParts masks() {
    return masks;
  }

  UnsupportedGraphException unsupported(NodeProto node, String found) {
    return new UnsupportedGraphException(
        Problem.of("no fused passes for this model")
            .at("node " + graph.nameOf(node) + " (" + node.getOpType() + ")")
            .found(found));
  }

  /** The value of an input, which must be computed from the example. */
  Value value(NodeProto node, int position) throws UnsupportedGraphException {
    Value value = values.get(Nodes.input(node, position));
    if (value == null) {
      throw unsupported(node, "input " + Nodes.input(node, position) + " of an unsupported kind");
    }
    return value;
  }

  @Nullable Value valueOrNull(NodeProto node, int position) {
    return values.get(Nodes.input(node, position));
  }

  /** The stored constant of an input; null if it is none. */
  @Nullable Constant constant(NodeProto node, int position) {
    String name = Nodes.input(node, position);
    return name.isEmpty() ? null : Constants.resolve(graph, name);
  }

  Constant requireConstant(NodeProto node, int position) throws UnsupportedGraphException {
    Constant constant = constant(node, position);
    if (constant == null) {
      throw unsupported(node, "input " + position + " that is not constant");
    }
    // A rectifier makes 0 of NaN here, and hides it; elsewhere it is found in the outputs.
    for (float value : constant.floats()) {
      if (!Float.isFinite(value)) {
        throw unsupported(node, value + " in " + constant.origin());
      }
    }
    return constant;
  }

  /** Whether this node is all that uses an input, under whatever name. */
  boolean onlyUse(NodeProto node, int position) {
    String tensor = Nodes.input(node, position);
    while (tensor != null) {
      if (uses.getOrDefault(tensor, 0) != 1) {
        return false;
      }
      tensor = origins.get(tensor);
    }
    return true;
  }

  /** A view of the node's first input under the name of its output. */
  Value alias(NodeProto node, Value view) {
    origins.put(node.getOutput(0), node.getInput(0));
    return view;
  }

  private boolean isConstant(NodeProto node) {
    return !node.getOutput(0).isEmpty()
        && (Nodes.is(node, "Constant") || Constants.resolve(graph, node.getOutput(0)) != null);
  }

  /** Whether a node computes with the extents of the mask only. */
  private boolean isShapeOfMask(NodeProto node) {
    return Nodes.is(node, "Shape")
        ? masks.columns(node.getInput(0)) != null
        : dependsOnShape(node.getOutput(0));
  }

  /** Whether a tensor follows from the extents of the mask and constants only. */
  boolean dependsOnShape(String tensor) {
    NodeProto producer = graph.producer(tensor);
    if (producer == null) {
      return graph.initializer(tensor) != null;
    }
    if (Nodes.is(producer, "Shape")) {
      return masks.columns(producer.getInput(0)) != null;
    }
    if (producer.getInputCount() == 0) {
      return Nodes.is(producer, "Constant");
    }
    return producer.getInputList().stream().allMatch(i -> i.isEmpty() || dependsOnShape(i));
  }

  private Value cast(NodeProto node) throws UnsupportedGraphException {
    long type = Nodes.integer(node, "to", 0);
    if (type != DataType.FLOAT.getNumber()) {
      throw unsupported(node, "a conversion to " + DataType.forNumber((int) type));
    }
    return alias(node, value(node, 0));
  }
}
