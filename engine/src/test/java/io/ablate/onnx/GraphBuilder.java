package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Builds small models for tests. Each method appends a node and returns the name of its output;
 * weights are random with a fixed seed and named as PyTorch names them ({@code NAME.weight}).
 */
public final class GraphBuilder {
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");
  private final SplittableRandom random;
  private int opset = 17;

  public GraphBuilder(long seed) {
    random = new SplittableRandom(seed);
  }

  public GraphBuilder opset(int version) {
    opset = version;
    return this;
  }

  /** A float input; a dimension of −1 is named {@code N}. */
  public String input(String name, long... dims) {
    graph.addInput(valueInfo(name, dims));
    return name;
  }

  /** A float output; a dimension of −1 is named {@code N}. */
  public GraphBuilder output(String name, long... dims) {
    graph.addOutput(valueInfo(name, dims));
    return this;
  }

  public static ValueInfoProto valueInfo(String name, long... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dim : dims) {
      TensorShapeProto.Dimension.Builder added = shape.addDimBuilder();
      if (dim < 0) {
        added.setDimParam("N");
      } else {
        added.setDimValue(dim);
      }
    }
    ValueInfoProto.Builder info = ValueInfoProto.newBuilder().setName(name);
    info.getTypeBuilder()
        .getTensorTypeBuilder()
        .setElemType(DataType.FLOAT.getNumber())
        .setShape(shape);
    return info.build();
  }

  /** Random values, uniform in ±scale. */
  public float[] values(double scale, long... dims) {
    int size = 1;
    for (long dim : dims) {
      size = Math.toIntExact(size * dim);
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextDouble(-scale, scale);
    }
    return values;
  }

  public String initializer(TensorProto tensor) {
    graph.addInitializer(tensor);
    return tensor.getName();
  }

  /** A random float initialiser. */
  public String weight(String name, double scale, long... dims) {
    return initializer(Tensors.of(name, values(scale, dims), dims));
  }

  public String integers(String name, long... values) {
    return initializer(Tensors.of(name, values, values.length));
  }

  public String node(
      String operator, String output, List<String> inputs, AttributeProto... attributes) {
    NodeProto node = Nodes.node(operator, output, inputs, attributes);
    return node(node.toBuilder().setName("/" + output).build());
  }

  public String node(NodeProto node) {
    graph.addNode(node);
    return node.getOutput(0);
  }

  /** Convolution with "same" padding and a bias, of a weight {@code NAME.weight}. */
  public String conv(
      String name, String x, int in, int out, int kernel, int groups, boolean bias, int stride) {
    List<String> inputs = new ArrayList<>(List.of(x));
    inputs.add(weight(name + ".weight", .7, out, in / groups, kernel, kernel));
    if (bias) {
      inputs.add(weight(name + ".bias", .5, out));
    }
    return convOf(name, inputs, kernel, groups, stride);
  }

  public String conv(String name, String x, int in, int out, int kernel) {
    return conv(name, x, in, out, kernel, 1, true, 1);
  }

  /** Convolution of given tensors (x, weight, and perhaps bias). */
  public String convOf(String name, List<String> inputs, int kernel, int groups, int stride) {
    int pad = kernel / 2;
    return node(
        "Conv",
        name + "_out",
        inputs,
        Nodes.attribute("kernel_shape", new long[] {kernel, kernel}),
        Nodes.attribute("pads", new long[] {pad, pad, pad, pad}),
        Nodes.attribute("strides", new long[] {stride, stride}),
        Nodes.attribute("group", groups));
  }

  public String batchNorm(String name, String x, int channels) {
    float[] variance = values(.4, channels);
    for (int i = 0; i < channels; i++) {
      variance[i] += .8f;
    }
    return node(
        "BatchNormalization",
        name + "_out",
        List.of(
            x,
            weight(name + ".weight", 1.2, channels),
            weight(name + ".bias", .5, channels),
            weight(name + ".running_mean", .3, channels),
            initializer(Tensors.of(name + ".running_var", variance, channels))));
  }

  public String relu(String x) {
    return node("Relu", x + "_relu", List.of(x));
  }

  public String add(String name, String a, String b) {
    return node("Add", name, List.of(a, b));
  }

  /** Mean over the positions of an image: [N, C, H, W] to [N, C]. */
  public String meanOverPositions(String x) {
    return node(
        "ReduceMean",
        x + "_mean",
        List.of(x),
        Nodes.attribute("axes", new long[] {2, 3}),
        Nodes.attribute("keepdims", 0));
  }

  /**
   * Gemm with a transposed weight {@code NAME.weight} [out, in] and bias, writing {@code output}.
   */
  public String gemm(String name, String output, String x, int in, int out) {
    return node(
        "Gemm",
        output,
        List.of(x, weight(name + ".weight", .8, out, in), weight(name + ".bias", .5, out)),
        Nodes.attribute("transB", 1));
  }

  /** MatMul with a weight {@code NAME.weight} [in, out], then Add of a bias. */
  public String linear(String name, String x, int in, int out) {
    String product =
        node("MatMul", name + "_product", List.of(x, weight(name + ".weight", .8, in, out)));
    return node("Add", name + "_out", List.of(product, weight(name + ".bias", .5, out)));
  }

  public ModelProto proto() {
    ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8).setGraph(graph);
    model.addOpsetImportBuilder().setDomain("").setVersion(opset);
    return model.build();
  }

  public OnnxModel model() {
    return OnnxModel.of(proto());
  }
}
