package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Adds operators to a graph in the form that its operator set asks for. A method returns the name
 * of the tensor that the added node computes. Not thread-safe.
 */
public final class GraphWriter {
  private final OnnxGraph graph;
  private final Map<String, String> shared = new HashMap<>();

  public GraphWriter(OnnxGraph graph) {
    this.graph = graph;
  }

  public OnnxGraph graph() {
    return graph;
  }

  /** The tensor of this key, made where it is asked for first. */
  private String once(String key, Supplier<String> maker) {
    String name = shared.get(key);
    if (name == null) {
      name = maker.get();
      shared.put(key, name);
    }
    return name;
  }

  /** Adds a node whose output gets a new name. */
  public String add(
      String operator, String wish, List<String> inputs, AttributeProto... attributes) {
    return addAs(operator, graph.uniqueName(wish), inputs, attributes);
  }

  /** Adds a node that computes the tensor of this name. */
  public String addAs(
      String operator, String output, List<String> inputs, AttributeProto... attributes) {
    graph.append(Nodes.node(operator, output, inputs, attributes));
    return output;
  }

  /** A constant of a floating-point type. */
  public String constant(String wish, DataType type, float[] values, long... dims) {
    String name = graph.uniqueName(wish);
    if (type == DataType.FLOAT) {
      graph.putInitializer(Tensors.of(name, values, dims));
      return name;
    }
    if (type == DataType.FLOAT16) {
      graph.putInitializer(Tensors.ofFloat16(name, values, dims));
      return name;
    }
    graph.putInitializer(Tensors.of(name, values, dims));
    return cast(name, type);
  }

  /** A list of integers: axes, a shape, indices. */
  public String integers(String wish, long... values) {
    return once(
        "integers" + Arrays.toString(values),
        () -> {
          String name = graph.uniqueName(wish);
          graph.putInitializer(Tensors.of(name, values, values.length));
          return name;
        });
  }

  /** An integer without axes. */
  public String scalar(String wish, long value) {
    String name = graph.uniqueName(wish);
    graph.putInitializer(Tensors.scalar(name, value));
    return name;
  }

  public String cast(String tensor, DataType type) {
    return once(
        "cast " + type + " " + tensor,
        () ->
            add(
                "Cast",
                tensor + "_" + type.name().toLowerCase(java.util.Locale.ROOT),
                List.of(tensor),
                Nodes.attribute("to", type.getNumber())));
  }

  /** Inserts axes of extent 1; the same request gives the same tensor. */
  public String unsqueeze(String tensor, long... axes) {
    return axes.length == 0
        ? tensor
        : once(
            "unsqueeze " + tensor + Arrays.toString(axes),
            () -> withAxes("Unsqueeze", tensor + "_unsqueezed", tensor, 13, axes));
  }

  public String squeeze(String tensor, long... axes) {
    return withAxes("Squeeze", tensor + "_squeezed", tensor, 13, axes);
  }

  /** ReduceSum, ReduceMax or ReduceMean over some axes. */
  public String reduce(
      String operator, String wish, String tensor, boolean keepDims, long... axes) {
    return reduceAs(operator, graph.uniqueName(wish), tensor, keepDims, axes);
  }

  public String reduceAs(
      String operator, String output, String tensor, boolean keepDims, long... axes) {
    int axesAreInput = operator.equals("ReduceSum") ? 13 : 18;
    return withAxesAs(
        operator,
        output,
        tensor,
        axesAreInput,
        axes,
        Nodes.attribute("keepdims", keepDims ? 1 : 0));
  }

  private String withAxes(String operator, String wish, String tensor, int since, long[] axes) {
    return withAxesAs(operator, graph.uniqueName(wish), tensor, since, axes);
  }

  private String withAxesAs(
      String operator,
      String output,
      String tensor,
      int axesAreInputSince,
      long[] axes,
      AttributeProto... attributes) {
    List<AttributeProto> all = new ArrayList<>(Arrays.asList(attributes));
    List<String> inputs = new ArrayList<>(List.of(tensor));
    if (graph.opset() >= axesAreInputSince) {
      inputs.add(integers("axes", axes));
    } else {
      all.add(Nodes.attribute("axes", axes));
    }
    return addAs(operator, output, inputs, all.toArray(AttributeProto[]::new));
  }

  /** Parts of a tensor along axis 1, of these extents. */
  public List<String> split(String tensor, List<String> wishes, long[] extents) {
    List<String> names = wishes.stream().map(graph::uniqueName).toList();
    var node = Nodes.node("Split", names.getFirst(), List.of(tensor)).toBuilder();
    node.clearOutput().addAllOutput(names).addAttribute(Nodes.attribute("axis", 1));
    if (graph.opset() >= 13) {
      node.addInput(integers("split", extents));
    } else {
      node.addAttribute(Nodes.attribute("split", extents));
    }
    graph.append(node.build());
    return names;
  }

  /** Columns {@code from} to {@code to − 1} of axis 1. */
  public String columns(String tensor, String wish, long from, long to) {
    return add(
        "Slice",
        wish,
        List.of(tensor, integers("starts", from), integers("ends", to), integers("axes", 1)));
  }

  /** The batch extent of a tensor followed by ones: a shape of this rank for Expand. */
  public String batchShape(String tensor, int rank) {
    return once(
        "batch " + rank + " " + tensor,
        () -> {
          String shape =
              once("shape " + tensor, () -> add("Shape", tensor + "_shape", List.of(tensor)));
          String batch =
              once(
                  "first " + shape,
                  () ->
                      add(
                          "Slice",
                          tensor + "_batch",
                          List.of(
                              shape,
                              integers("starts", 0),
                              integers("ends", 1),
                              integers("axes", 0))));
          if (rank == 1) {
            return batch;
          }
          long[] ones = new long[rank - 1];
          Arrays.fill(ones, 1);
          return add(
              "Concat",
              tensor + "_batch_shape",
              List.of(batch, integers("ones", ones)),
              Nodes.attribute("axis", 0));
        });
  }

  /** Repeats a tensor along its first axis to the batch of another; a batch of 1 there is fine. */
  public String expand(String tensor, int rank, String like) {
    return add("Expand", tensor + "_rows", List.of(tensor, batchShape(like, rank)));
  }

  /** A typed input or output; a negative extent is open and gets the given name, if any. */
  public static ValueInfoProto value(String name, DataType type, String batchName, long... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (int i = 0; i < dims.length; i++) {
      TensorShapeProto.Dimension.Builder dim = shape.addDimBuilder();
      if (dims[i] >= 0) {
        dim.setDimValue(dims[i]);
      } else if (i == 0 && !batchName.isEmpty()) {
        dim.setDimParam(batchName);
      }
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }
}
