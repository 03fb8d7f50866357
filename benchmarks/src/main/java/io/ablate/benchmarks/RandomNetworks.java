package io.ablate.benchmarks;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Networks at ImageNet's size whose weights are drawn: the same work as with trained ones, without
 * anything to download. Inputs are [batch, 3, 224, 224], outputs logits of 1,000 classes.
 */
final class RandomNetworks {
  /** He et al. 2016: bottlenecks in stages of 3, 4, 6 and 3, the stride in the 3×3 window. */
  static final String RESNET_50 = "resnet50-random";

  /** Dosovitskiy et al. 2021: 12 blocks of width 768 with 12 heads, patches of 16 × 16. */
  static final String VIT_B_16 = "vit-b16-random";

  static final int CLASSES = 1000;

  private static final String INPUT = "pixels";
  private static final long OPSET = 17;
  private static final int IMAGE = 224;
  private static final int[] BLOCKS = {3, 4, 6, 3};
  private static final int EXPANSION = 4;
  private static final int WIDTH = 768;
  private static final int HEADS = 12;
  private static final int PATCH = 16;
  private static final int LAYERS = 12;

  private final GraphWriter writer;
  private final SplittableRandom random = new SplittableRandom(1);

  private RandomNetworks() {
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("random")
            .addNode(Nodes.node("Identity", INPUT, List.of("image"))) // a model has some node
            .addInput(GraphWriter.value("image", DataType.FLOAT, "batch", -1, 3, IMAGE, IMAGE))
            .addOutput(GraphWriter.value("logits", DataType.FLOAT, "batch", -1, CLASSES))
            .build();
    OnnxGraph open =
        OnnxModel.of(
                ModelProto.newBuilder()
                    .setIrVersion(8)
                    .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
                    .setGraph(graph)
                    .build())
            .graph();
    this.writer = new GraphWriter(open);
  }

  static OnnxModel resnet50() {
    RandomNetworks network = new RandomNetworks();
    network.writeResnet();
    return network.writer.graph().toModel();
  }

  static OnnxModel vitB16() {
    RandomNetworks network = new RandomNetworks();
    network.writeTransformer();
    return network.writer.graph().toModel();
  }

  private void writeResnet() {
    String x = relu(convolution("stem", INPUT, 3, 64, 7, 2, 1));
    x =
        writer.add(
            "MaxPool",
            "pooled",
            List.of(x),
            Nodes.attribute("kernel_shape", new long[] {3, 3}),
            Nodes.attribute("strides", new long[] {2, 2}),
            Nodes.attribute("pads", new long[] {1, 1, 1, 1}));
    int channels = 64;
    for (int stage = 0; stage < BLOCKS.length; stage++) {
      int width = 64 << stage;
      for (int block = 0; block < BLOCKS[stage]; block++) {
        String name = "stage" + stage + ".block" + block;
        int stride = stage > 0 && block == 0 ? 2 : 1;
        String y = relu(convolution(name + ".conv1", x, channels, width, 1, 1, 1));
        y = relu(convolution(name + ".conv2", y, width, width, 3, stride, 1));
        // Small, so that sums do not grow from block to block.
        y = convolution(name + ".conv3", y, width, EXPANSION * width, 1, 1, .3);
        String shortcut =
            block == 0
                ? convolution(name + ".shortcut", x, channels, EXPANSION * width, 1, stride, 1)
                : x;
        x = relu(writer.add("Add", name + ".sum", List.of(y, shortcut)));
        channels = EXPANSION * width;
      }
    }
    x = writer.add("GlobalAveragePool", "mean", List.of(x));
    x = writer.add("Flatten", "features", List.of(x));
    writer.addAs("Gemm", "logits", List.of(x, weight("fc.weight", channels, channels, CLASSES)));
  }

  /** A convolution with its bias, as inference has it after batch normalisation is folded. */
  private String convolution(
      String name, String x, int in, int out, int kernel, int stride, double gain) {
    int fan = in * kernel * kernel;
    String weight = weight(name + ".weight", fan / (2 * gain * gain), out, in, kernel, kernel);
    String bias = writer.constant(name + ".bias", DataType.FLOAT, new float[out], out);
    long pad = kernel / 2;
    return writer.add(
        "Conv",
        name,
        List.of(x, weight, bias),
        Nodes.attribute("kernel_shape", new long[] {kernel, kernel}),
        Nodes.attribute("strides", new long[] {stride, stride}),
        Nodes.attribute("pads", new long[] {pad, pad, pad, pad}));
  }

  private String relu(String x) {
    return writer.add("Relu", x + ".relu", List.of(x));
  }

  private void writeTransformer() {
    int tokens = IMAGE / PATCH * (IMAGE / PATCH);
    String patches =
        writer.add(
            "Conv",
            "patches",
            List.of(INPUT, weight("patches.weight", 3 * PATCH * PATCH, WIDTH, 3, PATCH, PATCH)),
            Nodes.attribute("kernel_shape", new long[] {PATCH, PATCH}),
            Nodes.attribute("strides", new long[] {PATCH, PATCH}));
    patches =
        transpose(
            writer.add("Reshape", "sequence", List.of(patches, shape(0, WIDTH, tokens))), 0, 2, 1);
    String first = writer.expand(weight("class", 1, 1, 1, WIDTH), 3, patches);
    String x = writer.add("Concat", "tokens", List.of(first, patches), Nodes.attribute("axis", 1));
    x = writer.add("Add", "placed", List.of(x, weight("places", 1, 1, tokens + 1, WIDTH)));
    for (int layer = 0; layer < LAYERS; layer++) {
      String name = "layer" + layer;
      String y = attention(name, normalised(name + ".norm1", x));
      x = writer.add("Add", name + ".attended", List.of(x, y));
      y = linear(name + ".mlp1", normalised(name + ".norm2", x), WIDTH, 4 * WIDTH);
      y = linear(name + ".mlp2", gelu(y), 4 * WIDTH, WIDTH);
      x = writer.add("Add", name + ".out", List.of(x, y));
    }
    x = normalised("norm", x);
    x =
        writer.add(
            "Gather", "first", List.of(x, writer.scalar("zero", 0)), Nodes.attribute("axis", 1));
    writer.addAs("Gemm", "logits", List.of(x, weight("fc.weight", WIDTH, WIDTH, CLASSES)));
  }

  private String attention(String name, String x) {
    String query = heads(linear(name + ".query", x, WIDTH, WIDTH), 0, 2, 1, 3);
    String key = heads(linear(name + ".key", x, WIDTH, WIDTH), 0, 2, 3, 1);
    String value = heads(linear(name + ".value", x, WIDTH, WIDTH), 0, 2, 1, 3);
    String scores = writer.add("MatMul", name + ".scores", List.of(query, key));
    float scale = (float) (1 / Math.sqrt((double) WIDTH / HEADS));
    scores =
        writer.add(
            "Mul",
            name + ".scaled",
            List.of(scores, writer.constant("scale", DataType.FLOAT, new float[] {scale})));
    scores =
        writer.add("Softmax", name + ".weights", List.of(scores), Nodes.attribute("axis", -1L));
    String y = writer.add("MatMul", name + ".mixed", List.of(scores, value));
    y =
        writer.add(
            "Reshape", name + ".joined", List.of(transpose(y, 0, 2, 1, 3), shape(0, 0, WIDTH)));
    return linear(name + ".projection", y, WIDTH, WIDTH);
  }

  private String heads(String x, long... order) {
    return transpose(
        writer.add("Reshape", x + ".heads", List.of(x, shape(0, 0, HEADS, WIDTH / HEADS))), order);
  }

  private String linear(String name, String x, int in, int out) {
    String y = writer.add("MatMul", name, List.of(x, weight(name + ".weight", in, in, out)));
    return writer.add(
        "Add",
        name + ".biased",
        List.of(y, writer.constant(name + ".bias", DataType.FLOAT, new float[out], out)));
  }

  /** As exporters write it below opset 20. */
  private String gelu(String x) {
    String root = writer.constant("root", DataType.FLOAT, new float[] {(float) Math.sqrt(2)});
    String one = writer.constant("one", DataType.FLOAT, new float[] {1});
    String half = writer.constant("half", DataType.FLOAT, new float[] {.5f});
    String y = writer.add("Div", x + ".over", List.of(x, root));
    y = writer.add("Add", x + ".erf1", List.of(writer.add("Erf", x + ".erf", List.of(y)), one));
    y = writer.add("Mul", x + ".product", List.of(x, y));
    return writer.add("Mul", x + ".gelu", List.of(y, half));
  }

  private String normalised(String name, String x) {
    float[] ones = new float[WIDTH];
    Arrays.fill(ones, 1);
    return writer.add(
        "LayerNormalization",
        name,
        List.of(
            x,
            writer.constant(name + ".scale", DataType.FLOAT, ones, WIDTH),
            writer.constant(name + ".bias", DataType.FLOAT, new float[WIDTH], WIDTH)),
        Nodes.attribute("axis", -1L));
  }

  private String transpose(String x, long... order) {
    return writer.add("Transpose", x + ".turned", List.of(x), Nodes.attribute("perm", order));
  }

  private String shape(long... extents) {
    return writer.integers("shape", extents);
  }

  /** Normal with variance 1 / fan. */
  private String weight(String name, double fan, long... dims) {
    float[] values = new float[Math.toIntExact(Arrays.stream(dims).reduce(1, (a, b) -> a * b))];
    double deviation = 1 / Math.sqrt(fan);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return writer.constant(name, DataType.FLOAT, values, dims);
  }
}
