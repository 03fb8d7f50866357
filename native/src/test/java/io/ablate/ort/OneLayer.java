package io.ablate.ort;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Networks of which one layer alone can be ablated, {@code m}, [N, 3, 9, 10] to 5 classes. */
final class OneLayer {
  static final int CHANNELS = 16;

  private OneLayer() {}

  static Map<String, InstrumentedModel> all() {
    Map<String, InstrumentedModel> all = new LinkedHashMap<>();
    all.put("masked stem", network(OneLayer::maskedStem));
    all.put("shared by rows", network(OneLayer::sharedByRows));
    all.put("bias alone", network(OneLayer::biasAlone));
    all.put("used twice", network(OneLayer::usedTwice));
    all.put("computed bias", network(OneLayer::computedBias));
    all.put("no bias", network(OneLayer::noBias));
    all.put("normalised", network(OneLayer::normalised));
    all.put("stored in float16", network(OneLayer::storedInFloat16));
    return all;
  }

  private static InstrumentedModel network(BiFunction<GraphBuilder, String, String> body) {
    GraphBuilder b = new GraphBuilder(21);
    String x = body.apply(b, b.input("x", -1, 3, 9, 10));
    b.gemm("fc", "logits", b.meanOverPositions(x), CHANNELS, 5);
    return Networks.instrumented(b.output("logits", -1, 5).model(), "m");
  }

  private static String conv(GraphBuilder b, String name, String x, int in, boolean bias) {
    String weight = b.weight(name + ".weight", 1.5 / Math.sqrt(9.0 * in), CHANNELS, in, 3, 3);
    List<String> inputs =
        bias ? List.of(x, weight, b.weight(name + ".bias", .5, CHANNELS)) : List.of(x, weight);
    return b.convOf(name, inputs, 3, 1, 1);
  }

  /** What is masked comes first, and is a residual later. */
  private static String maskedStem(GraphBuilder b, String x) {
    String m = b.relu(conv(b, "m", x, 3, true));
    String a = b.relu(conv(b, "a", m, CHANNELS, true));
    return b.relu(b.add("join", conv(b, "b", a, CHANNELS, true), m));
  }

  /** Where there is one example, what comes before the mask has one row. */
  private static String sharedByRows(GraphBuilder b, String x) {
    String stem = b.relu(conv(b, "stem", x, 3, true));
    String m = b.relu(conv(b, "m", stem, CHANNELS, true));
    String many = b.relu(b.add("many", conv(b, "a", m, CHANNELS, true), stem));
    return b.relu(b.add("one", conv(b, "b", stem, CHANNELS, true), many));
  }

  private static String biasAlone(GraphBuilder b, String x) {
    String m = b.relu(conv(b, "m", x, 3, true));
    return b.node("Sigmoid", "bent", List.of(conv(b, "a", m, CHANNELS, true)));
  }

  private static String usedTwice(GraphBuilder b, String x) {
    String m = b.relu(conv(b, "m", x, 3, true));
    String a = conv(b, "a", m, CHANNELS, true);
    String sum = b.add("sum", conv(b, "b", b.relu(a), CHANNELS, true), a);
    return b.add("both", b.relu(sum), sum);
  }

  /** Of one convolution a ReLU follows, of the other two nodes. */
  private static String computedBias(GraphBuilder b, String x) {
    String m = b.relu(conv(b, "m", x, 3, true));
    String factor = b.weight("factor", .5, CHANNELS);
    String bias = b.node("Mul", "squares", List.of(factor, factor));
    String weight = b.weight("a.weight", .1, CHANNELS, CHANNELS, 3, 3);
    String a = b.relu(b.convOf("a", List.of(m, weight, bias), 3, 1, 1));
    String c = b.convOf("c", List.of(a, weight, bias), 3, 1, 1);
    return b.relu(b.add("join", a, c));
  }

  /** Of one convolution nothing follows that could be joined, of others one, two, three nodes. */
  private static String noBias(GraphBuilder b, String x) {
    String m = b.relu(conv(b, "m", x, 3, true));
    String a = b.node("Tanh", "bent", List.of(conv(b, "a", m, CHANNELS, false)));
    String c = b.relu(conv(b, "c", a, CHANNELS, false));
    String d = b.relu(b.add("two", conv(b, "d", c, CHANNELS, false), c));
    String behind = b.initializer(Tensors.of("behind", b.values(.5, CHANNELS), CHANNELS, 1, 1));
    String e = b.add("shifted", conv(b, "e", d, CHANNELS, false), behind);
    return b.relu(b.add("three", e, d));
  }

  /** With a bias before and without; one normalisation is not the only user. */
  private static String normalised(GraphBuilder b, String x) {
    String m = b.relu(conv(b, "m", x, 3, true));
    String a = b.relu(b.batchNorm("n1", conv(b, "a", m, CHANNELS, false), CHANNELS));
    String c = b.batchNorm("n2", conv(b, "c", a, CHANNELS, true), CHANNELS);
    String joined = b.relu(b.add("join", c, m));
    String d = conv(b, "d", joined, CHANNELS, true);
    String mean =
        b.node(
            "AveragePool", "mean", List.of(d), Nodes.attribute("kernel_shape", new long[] {1, 1}));
    return b.add("both", b.batchNorm("n3", d, CHANNELS), mean);
  }

  /** A weight and a bias that are converted to float32. */
  private static String storedInFloat16(GraphBuilder b, String x) {
    String m = b.relu(conv(b, "m", x, 3, true));
    float[] weight = b.values(.1, CHANNELS, CHANNELS, 3, 3);
    String w = b.initializer(Tensors.ofFloat16("a.weight", weight, CHANNELS, CHANNELS, 3, 3));
    String bias = b.initializer(Tensors.ofFloat16("a.bias", b.values(.5, CHANNELS), CHANNELS));
    AttributeProto toFloat = Nodes.attribute("to", DataType.FLOAT_VALUE);
    List<String> inputs =
        List.of(
            m,
            b.node("Cast", "weight", List.of(w), toFloat),
            b.node("Cast", "bias", List.of(bias), toFloat));
    return b.relu(b.convOf("a", inputs, 3, 1, 1));
  }
}
