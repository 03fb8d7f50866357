package io.ablate.ort;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.AttributeProto.AttributeType;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.Constant;
import io.ablate.onnx.Constants;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Computes everything up to the logits in float16: example and mask are converted where they enter,
 * once each, weights are stored so, and logits are converted back. The output function stays in
 * float32. Products sum in what the provider sums in, for CUDA float32.
 */
final class HalfPrecision {
  /** The largest finite float16. */
  static final float MOST = 65504;

  /**
   * Derivatives are multiplied by that on their way back: a range between overflow beyond 256 and
   * lost bits below 2.4e-7.
   */
  static final float SCALE = 256;

  /** Operators whose floating-point operands or results are float32 whatever the rest is. */
  private static final Set<String> FLOAT32_ONLY =
      Set.of(
          "QuantizeLinear",
          "DequantizeLinear",
          "DynamicQuantizeLinear",
          "QLinearConv",
          "QLinearMatMul",
          "If",
          "Loop",
          "Scan");

  /** Inputs from this position on are float32 in operators that take others in float16. */
  private static final Map<String, Integer> FLOAT32_FROM =
      Map.of("Resize", 1, "Upsample", 1, "Dropout", 1);

  private final OnnxGraph graph;
  private final Map<String, String> halves = new HashMap<>();

  private HalfPrecision(OnnxGraph graph) {
    this.graph = graph;
  }

  /**
   * A model's graph in float16.
   *
   * @param made the model's graph, of whatever extents
   * @throws BadInputException if a constant is beyond float16, or an operator has no such form
   */
  static OnnxModel of(InstrumentedModel model, OnnxModel made) {
    OnnxGraph graph = made.graph();
    new HalfPrecision(graph).convert(model.logitTensor());
    graph.sort();
    graph.removeDead();
    return graph.toModel();
  }

  /**
   * The graph of a forward pass with masks that arrive in float16, in which 0 and 1 are exact: they
   * are written so, and nothing converts them. As it was where something reads them in float32.
   */
  static OnnxModel withHalfMasks(OnnxModel model, String mask) {
    OnnxGraph graph = model.graph();
    List<NodeProto> readers = graph.consumers(mask);
    if (readers.isEmpty() || !readers.stream().allMatch(HalfPrecision::makesHalf)) {
      return model;
    }
    ValueInfoProto.Builder input = Objects.requireNonNull(graph.valueInfo(mask)).toBuilder();
    input.getTypeBuilder().getTensorTypeBuilder().setElemType(DataType.FLOAT16_VALUE);
    graph.putInput(input.build());
    for (NodeProto cast : readers) {
      graph.replaceUses(cast.getOutput(0), mask);
    }
    graph.removeDead();
    return graph.toModel();
  }

  private static boolean makesHalf(NodeProto node) {
    return Nodes.is(node, "Cast") && Nodes.integer(node, "to", 0) == DataType.FLOAT16_VALUE;
  }

  private void convert(String logits) {
    Set<String> region = ancestors(logits);
    ElementTypes types = new ElementTypes(graph);
    Set<String> leaving = new LinkedHashSet<>();
    for (NodeProto node : graph.nodes()) {
      for (String input : inside(node, region) ? List.<String>of() : node.getInputList()) {
        if (region.contains(input) && types.of(input) == DataType.FLOAT) {
          leaving.add(input);
        }
      }
    }
    if (region.contains(logits)) {
      leaving.add(logits);
    }
    for (NodeProto node : graph.nodes()) {
      if (inside(node, region)) {
        graph.replace(node, halved(node));
      }
    }
    for (String tensor : leaving) {
      convertBack(tensor, region);
    }
  }

  private static boolean inside(NodeProto node, Set<String> region) {
    return node.getOutputList().stream().anyMatch(region::contains);
  }

  /** Computed tensors that lead to one, and it. */
  private Set<String> ancestors(String tensor) {
    Set<String> found = new LinkedHashSet<>();
    Deque<String> open = new ArrayDeque<>(List.of(tensor));
    while (!open.isEmpty()) {
      NodeProto node = graph.producer(open.remove());
      if (node != null && found.addAll(node.getOutputList())) {
        open.addAll(node.getInputList());
      }
    }
    return found;
  }

  private NodeProto halved(NodeProto node) {
    requireKnown(node);
    NodeProto.Builder edited = node.toBuilder();
    int until = FLOAT32_FROM.getOrDefault(node.getOpType(), node.getInputCount());
    for (int i = 0; i < until; i++) {
      edited.setInput(i, half(node.getInput(i)));
    }
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto attribute = node.getAttribute(i);
      boolean isType =
          attribute.getName().equals("dtype")
              || (attribute.getName().equals("to") && node.getOpType().equals("Cast"));
      if (isType && attribute.getI() == DataType.FLOAT_VALUE) {
        edited.setAttribute(i, attribute.toBuilder().setI(DataType.FLOAT16_VALUE));
      }
    }
    if (node.getOpType().equals("ConstantOfShape")) {
      halveFill(node, edited);
    }
    return edited.build();
  }

  private void requireKnown(NodeProto node) {
    if (!OnnxModel.isDefaultDomain(node.getDomain())
        || FLOAT32_ONLY.contains(node.getOpType())
        || node.getAttributeList().stream()
            .anyMatch(attribute -> attribute.getType() == AttributeType.GRAPH)) {
      throw new BadInputException(
          Problem.of("operator without a form in float16")
              .at("node " + graph.nameOf(node) + ", " + node.getOpType())
              .expected("plain operators of the default domain up to the logits")
              .remedy("use --precision fp32"));
    }
  }

  /** Without a value it fills with zeros of float32. */
  private void halveFill(NodeProto node, NodeProto.Builder edited) {
    AttributeProto fill = Nodes.attribute(node, "value");
    if (fill == null) {
      edited.addAttribute(Nodes.attribute("value", Tensors.ofFloat16("", new float[] {0}, 1)));
    } else if (fill.getT().getDataType() == DataType.FLOAT_VALUE) {
      edited.clearAttribute();
      edited.addAttribute(
          Nodes.attribute(
              "value", rounded(Tensors.floats(fill.getT(), null), graph.nameOf(node), "", 1)));
    }
  }

  /** A float32 constant or input in float16; any other tensor as it is. */
  private String half(String tensor) {
    String known = halves.get(tensor);
    if (known != null) {
      return known;
    }
    TensorProto stored = Constants.tensor(graph, tensor);
    NodeProto producer = graph.producer(tensor);
    ValueInfoProto input = producer == null && stored == null ? graph.valueInfo(tensor) : null;
    Constant constant = isSingle(stored, producer) ? Constants.resolve(graph, tensor) : null;
    String result = tensor;
    if (constant != null) {
      result = graph.uniqueName(tensor + "_half");
      graph.putInitializer(rounded(constant.floats(), tensor, result, constant.dims()));
    } else if (input != null
        && input.getType().getTensorType().getElemType() == DataType.FLOAT_VALUE) {
      result = graph.uniqueName(tensor + "_half");
      graph.append(cast(tensor, result, DataType.FLOAT16));
    }
    halves.put(tensor, result);
    return result;
  }

  /** Whether a tensor may be a constant in float32, stored or converted from what is stored. */
  private static boolean isSingle(@Nullable TensorProto stored, @Nullable NodeProto producer) {
    if (stored != null) {
      return stored.getDataType() == DataType.FLOAT_VALUE;
    }
    // That conversion may have become one to float16 by now.
    return producer != null
        && Nodes.is(producer, "Cast")
        && List.of((long) DataType.FLOAT_VALUE, (long) DataType.FLOAT16_VALUE)
            .contains(Nodes.integer(producer, "to", 0));
  }

  private static TensorProto rounded(float[] values, String where, String name, long... dims) {
    for (float value : values) {
      if (Math.abs(value) > MOST && !Float.isInfinite(value)) {
        throw new BadInputException(
            Problem.of("value beyond float16")
                .at("tensor " + where)
                .expected("|v| <= 65504")
                .found(value)
                .remedy("use --precision fp32"));
      }
    }
    return Tensors.ofFloat16(name, values, dims);
  }

  private void convertBack(String tensor, Set<String> region) {
    String computed = graph.detach(tensor);
    region.add(computed);
    for (NodeProto node : graph.consumers(tensor)) {
      if (inside(node, region)) {
        NodeProto.Builder edited = node.toBuilder();
        for (int i = 0; i < node.getInputCount(); i++) {
          edited.setInput(i, node.getInput(i).equals(tensor) ? computed : node.getInput(i));
        }
        graph.replace(node, edited.build());
      }
    }
    graph.append(cast(computed, tensor, DataType.FLOAT));
  }

  private static NodeProto cast(String from, String to, DataType type) {
    return Nodes.node("Cast", to, List.of(from), Nodes.attribute("to", type.getNumber()));
  }
}
