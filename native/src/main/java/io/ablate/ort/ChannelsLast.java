package io.ablate.ort;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.onnx.Constants;
import io.ablate.onnx.ElementTypes;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import io.ablate.onnx.Tensors;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps images with channels innermost, [rows, height, width, channels], from the first convolution
 * on, as tensor cores want them: convolutions become ONNX Runtime's {@code NhwcConv}, what works by
 * element or by channel follows ({@link ChannelsLastRules}), and a Transpose stands only where an
 * image meets an operator that takes no such layout. The values are those of the other layout.
 */
final class ChannelsLast {
  /** The domain of ONNX Runtime's own operators. */
  static final String DOMAIN = "com.microsoft";

  /** Channels last, of an image with channels second, and back. */
  static final long[] THERE = {0, 2, 3, 1};

  static final long[] BACK = {0, 3, 1, 2};

  /** With fewer convolutions, such as one that cuts patches, there is no layout to keep. */
  private static final int LEAST_CONVOLUTIONS = 2;

  private final OnnxGraph graph;
  private final GraphWriter writer;
  private final Map<String, TensorProto> known;
  private final ShapeInference shapes;

  /** Images with channels second by name, and their other form. */
  private final Map<String, String> turned = new HashMap<>();

  /** Those that exist in the other form only. */
  private final Set<String> lacking = new HashSet<>();

  private ChannelsLast(OnnxGraph graph, Map<String, TensorProto> known) {
    this.known = known;
    this.graph = graph;
    this.writer = new GraphWriter(graph);
    this.shapes = ShapeInference.inputsOf(graph);
    for (NodeProto node : graph.nodes()) {
      shapes.visit(
          MaskedOperator.of(node) == null
              ? node
              : Nodes.node("Identity", node.getOutput(0), List.of(node.getInput(0))));
    }
  }

  /**
   * A graph in this layout; unchanged where there is nothing to gain.
   *
   * @param model sorted, the extents of its inputs fixed
   * @param own whether there are {@link ImageOperator}s for what it has no fast operators for
   * @param known constants of the model that were turned before, by their names; those that are
   *     turned now come to them
   */
  static OnnxModel of(OnnxModel model, boolean own, Map<String, TensorProto> known) {
    OnnxGraph graph = model.graph();
    ChannelsLast layout = new ChannelsLast(graph, known);
    List<NodeProto> nodes = graph.nodes();
    ChannelsLastRules rules = new ChannelsLastRules(layout, own);
    if (nodes.stream().filter(rules::isConvolution).count() < LEAST_CONVOLUTIONS) {
      return model;
    }
    Map<String, DataType> types = layout.types(nodes);
    for (NodeProto node : nodes) {
      graph.replace(node);
      if (!rules.rewrite(node)) {
        graph.append(node);
        node.getInputList().forEach(layout::turnBack);
      }
    }
    types.forEach(layout::state);
    graph.outputs().stream().map(ValueInfoProto::getName).forEach(layout::turnBack);
    graph.sort();
    graph.removeDead();
    OnnxModel edited = graph.toModel();
    for (String domain : List.of(DOMAIN, DeviceOperator.DOMAIN)) {
      edited = importing(edited, domain);
    }
    return edited;
  }

  private static OnnxModel importing(OnnxModel model, String domain) {
    boolean needed =
        model.proto().getGraph().getNodeList().stream()
            .anyMatch(node -> node.getDomain().equals(domain));
    boolean imported =
        model.proto().getOpsetImportList().stream().anyMatch(one -> one.getDomain().equals(domain));
    return imported || !needed
        ? model
        : model.with(
            model.proto().toBuilder()
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain(domain).setVersion(1))
                .build());
  }

  OnnxGraph graph() {
    return graph;
  }

  GraphWriter writer() {
    return writer;
  }

  ShapeInference shapes() {
    return shapes;
  }

  /** Whether a tensor is there with channels last already. */
  boolean isTurned(String tensor) {
    return turned.containsKey(tensor);
  }

  /** Notes that a tensor is computed with channels last, and no longer otherwise. */
  void turn(String tensor, String last) {
    turned.put(tensor, last);
    lacking.add(tensor);
  }

  /** A new name for a tensor's other form, which a node is to compute. */
  String turn(String tensor) {
    String last = graph.uniqueName(tensor + "_last");
    turn(tensor, last);
    return last;
  }

  /** The same node under another operator. */
  static NodeProto renamed(NodeProto node, String operator, String domain) {
    return node.toBuilder().setOpType(operator).setDomain(domain).build();
  }

  /** Adds a node's operator on other operands. */
  void append(NodeProto node, String output, List<String> inputs, List<AttributeProto> attributes) {
    graph.append(
        node.toBuilder()
            .clearInput()
            .clearOutput()
            .clearAttribute()
            .addAllInput(inputs)
            .addOutput(output)
            .addAllAttribute(attributes)
            .build());
  }

  /** Of images, while what computes them is still there. */
  private Map<String, DataType> types(List<NodeProto> nodes) {
    ElementTypes all = new ElementTypes(graph);
    Map<String, DataType> types = new LinkedHashMap<>();
    for (NodeProto node : nodes) {
      String image = node.getOutputCount() == 0 ? "" : node.getOutput(0);
      if (shapes.rank(image) == 4) {
        types.put(image, all.of(image));
      }
    }
    return types;
  }

  /** States shape and type of an image's other form, which no one else might know. */
  private void state(String tensor, DataType type) {
    long[] shape = shapes.shape(tensor);
    String last = turned.get(tensor);
    if (shape != null && last != null && graph.producer(last) != null && !graph.isOutput(last)) {
      graph.putValueInfo(GraphWriter.value(last, type, "", shape[0], shape[2], shape[3], shape[1]));
    }
  }

  /** The other form of an image, computed where there is none yet; null if it is no image. */
  @Nullable String last(String tensor) {
    String known = turned.get(tensor);
    if (known == null && shapes.rank(tensor) == 4) {
      known = constant(tensor);
      if (known == null) {
        known =
            writer.add(
                "Transpose", tensor + "_last", List.of(tensor), Nodes.attribute("perm", THERE));
      }
      turned.put(tensor, known);
    }
    return known;
  }

  /**
   * A constant of up to four axes, filled up in front, with channels last; null if it is none, or
   * none of numbers in float32 or float16.
   */
  @Nullable String constant(String tensor) {
    TensorProto stored = Constants.tensor(graph, tensor);
    boolean ofNumbers =
        stored != null
            && (stored.getDataType() == DataType.FLOAT_VALUE
                || stored.getDataType() == DataType.FLOAT16_VALUE);
    if (stored == null || !ofNumbers || stored.getDimsCount() > 4) {
      return null;
    }
    String name = graph.uniqueName(tensor + "_last");
    TensorProto turnedNow = known.computeIfAbsent(tensor, key -> turned(key, stored));
    graph.putInitializer(turnedNow.toBuilder().setName(name).build());
    return name;
  }

  private TensorProto turned(String tensor, TensorProto stored) {
    long[] dims = {1, 1, 1, 1};
    long[] found = Tensors.dims(stored);
    System.arraycopy(found, 0, dims, 4 - found.length, found.length);
    float[] from = Objects.requireNonNull(Constants.resolve(graph, tensor)).floats();
    float[] to = new float[from.length];
    int channels = (int) dims[1];
    int positions = (int) (dims[2] * dims[3]);
    int at = 0;
    for (int row = 0; row < dims[0]; row++) {
      for (int position = 0; position < positions; position++) {
        for (int channel = 0; channel < channels; channel++) {
          to[at++] = from[(row * channels + channel) * positions + position];
        }
      }
    }
    long[] last = {dims[0], dims[2], dims[3], dims[1]};
    return stored.getDataType() == DataType.FLOAT16_VALUE
        ? Tensors.ofFloat16(tensor, to, last)
        : Tensors.of(tensor, to, last);
  }

  /** Lets a tensor be there with channels second too. */
  private void turnBack(String tensor) {
    String last = turned.get(tensor);
    if (last != null && lacking.remove(tensor)) {
      writer.addAs("Transpose", tensor, List.of(last), Nodes.attribute("perm", BACK));
    }
  }
}
