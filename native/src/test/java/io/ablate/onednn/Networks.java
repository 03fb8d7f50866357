package io.ablate.onednn;

import static io.ablate.onnx.Nodes.attribute;

import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * Small networks that between them have everything that programs know, [N, 3, 9, 10] to 5 classes.
 */
public final class Networks {
  static final long[] SHAPE = {3, 9, 10};
  private static final int CLASSES = 5;

  private Networks() {}

  /** Extents of one example. */
  public static long[] exampleShape() {
    return SHAPE.clone();
  }

  public static Map<String, InstrumentedModel> all() {
    Map<String, InstrumentedModel> all = new LinkedHashMap<>();
    all.put("residual", classifier(Networks::residual, 40));
    all.put("no residual joins", classifier(Networks::unfused, 32));
    all.put("wide windows", classifier(Networks::windows, 12));
    all.put("pools", classifier(Networks::pools, 16));
    all.put("grouped", classifier(Networks::grouped, 32));
    all.put("concatenated", classifier(Networks::concatenated, 43));
    all.put("squeeze and excite", classifier(Networks::excite, 32));
    all.put("activations", classifier(Networks::activations, 8));
    all.put("batch norm left", classifier(Networks::batchNorms, 16));
    all.put("flattened", flattened());
    all.put("layers", layers());
    all.put("views", views());
    return all;
  }

  /** Those that programs can go back through. */
  public static Map<String, InstrumentedModel> differentiable() {
    Map<String, InstrumentedModel> some = new LinkedHashMap<>(all());
    some.keySet().retainAll(List.of("residual", "flattened", "layers"));
    some.put("max pool", classifier(Networks::maxPool, 32));
    some.put("windows", classifier(Networks::plainWindows, 24));
    some.put("neurons", neurons());
    return some;
  }

  /** With those components of a model that rules name, as a file of them does. */
  public static InstrumentedModel instrumented(OnnxModel model, String components) {
    return Instrumenter.instrument(
        model,
        ComponentDiscovery.discover(model.graph(), ComponentRules.parse(components), "logits"),
        InstrumentOptions.defaults().withLogits(true));
  }

  private static InstrumentedModel classifier(
      BiFunction<GraphBuilder, String, String> body, int channels) {
    GraphBuilder b = new GraphBuilder(7);
    String x = body.apply(b, input(b));
    String mean = b.node("GlobalAveragePool", "mean_of_all", List.of(x));
    return classified(b, b.node("Flatten", "row", List.of(mean)), channels, "");
  }

  static String input(GraphBuilder b) {
    return b.input("x", -1, SHAPE[0], SHAPE[1], SHAPE[2]);
  }

  /** Ends in a layer of classes on [rows, inputs]; with the components that rules name. */
  static InstrumentedModel classified(GraphBuilder b, String x, int inputs, String components) {
    b.gemm("fc", "logits", x, inputs, CLASSES);
    return instrumented(b.output("logits", -1, CLASSES).model(), components);
  }

  /** A convolution whose outputs are about as large as its inputs. */
  static String scaled(GraphBuilder b, String name, String x, int in, int out, int stride) {
    double scale = 1.5 / Math.sqrt(9.0 * in);
    List<String> inputs =
        List.of(
            x, b.weight(name + ".weight", scale, out, in, 3, 3), b.weight(name + ".bias", .5, out));
    return b.convOf(name, inputs, 3, 1, stride);
  }

  private static String residual(GraphBuilder b, String x) {
    String stem = b.relu(b.batchNorm("bn", scaled(b, "stem", x, 3, 32, 1), 32));
    String first = b.relu(scaled(b, "a", stem, 32, 32, 1));
    String second = scaled(b, "b", first, 32, 32, 1);
    String joined = b.relu(b.add("join", second, stem));
    String strided = b.relu(scaled(b, "c", joined, 32, 40, 2));
    String shortcut = b.conv("shortcut", joined, 32, 40, 1, 1, false, 2);
    String last = scaled(b, "d", strided, 40, 40, 1);
    return b.relu(b.add("join2", last, shortcut));
  }

  /** Tensors used more than once before what would follow them at once. */
  private static String unfused(GraphBuilder b, String x) {
    String a = scaled(b, "a", x, 3, 32, 1);
    String bent = b.relu(a);
    String twice = b.add("twice", a, bent);
    String c = scaled(b, "c", twice, 32, 32, 1);
    String product = b.node("Mul", "product", List.of(c, twice));
    String difference = b.node("Sub", "difference", List.of(product, c));
    String half = b.node("Mul", "half", List.of(difference, b.weight("factor", .5, 1)));
    return b.add("self", half, half);
  }

  private static String windows(GraphBuilder b, String x) {
    String a =
        b.node(
            "Conv",
            "a",
            List.of(x, b.weight("a.weight", .3, 8, 3, 5, 2)),
            attribute("pads", new long[] {2, 0, 1, 1}),
            attribute("strides", new long[] {2, 1}));
    String dilated =
        b.node(
            "Conv",
            "dilated",
            List.of(b.relu(a), b.weight("dilated.weight", .3, 8, 8, 3, 3)),
            attribute("pads", new long[] {2, 2, 2, 2}),
            attribute("dilations", new long[] {2, 2}));
    return b.node(
        "Conv",
        "same",
        List.of(b.relu(dilated), b.weight("same.weight", .3, 12, 8, 4, 4)),
        attribute("auto_pad", "SAME_UPPER"),
        attribute("strides", new long[] {2, 2}));
  }

  private static String pools(GraphBuilder b, String x) {
    String a = scaled(b, "a", x, 3, 16, 1);
    String max = halved(b, a);
    String up =
        b.node(
            "MaxPool",
            "up",
            List.of(max),
            attribute("kernel_shape", new long[] {2, 2}),
            attribute("strides", new long[] {2, 2}),
            attribute("ceil_mode", 1));
    String counted =
        b.node(
            "AveragePool",
            "counted",
            List.of(b.relu(up)),
            attribute("kernel_shape", new long[] {2, 2}),
            attribute("pads", new long[] {1, 1, 0, 0}),
            attribute("count_include_pad", 1));
    String mean =
        b.node(
            "AveragePool",
            "mean",
            List.of(counted),
            attribute("kernel_shape", new long[] {3, 3}),
            attribute("pads", new long[] {1, 1, 1, 1}));
    return b.add("both", mean, b.node("GlobalMaxPool", "peak", List.of(mean)));
  }

  private static String halved(GraphBuilder b, String x) {
    return b.node(
        "MaxPool",
        "max",
        List.of(x),
        attribute("kernel_shape", new long[] {3, 3}),
        attribute("strides", new long[] {2, 2}),
        attribute("pads", new long[] {1, 1, 1, 1}));
  }

  private static String grouped(GraphBuilder b, String x) {
    String a = scaled(b, "a", x, 3, 16, 1);
    String depthwise = b.conv("depthwise", b.relu(a), 16, 16, 3, 16, true, 1);
    String grouped = b.conv("grouped", depthwise, 16, 32, 3, 2, true, 2);
    String low = b.initializer(Tensors.of("low", new float[] {0}));
    String high = b.initializer(Tensors.of("high", new float[] {6}));
    return b.node("Clip", "clip", List.of(grouped, low, high));
  }

  private static String concatenated(GraphBuilder b, String x) {
    String a = b.relu(scaled(b, "a", x, 3, 32, 1));
    String c = scaled(b, "c", a, 32, 8, 1);
    // The example itself has one row where there are many masks.
    return b.node("Concat", "both", List.of(a, x, c), attribute("axis", 1));
  }

  private static String maxPool(GraphBuilder b, String x) {
    String a = b.relu(scaled(b, "a", x, 3, 32, 1));
    String max = halved(b, a);
    String c = b.relu(scaled(b, "c", max, 32, 32, 1));
    String mean =
        b.node(
            "AveragePool",
            "mean",
            List.of(b.add("join", c, max)),
            attribute("kernel_shape", new long[] {2, 2}));
    return scaled(b, "d", mean, 32, 32, 1);
  }

  /** Strided, dilated, grouped and large windows, and tensors used several times. */
  private static String plainWindows(GraphBuilder b, String x) {
    String a = b.relu(scaled(b, "a", x, 3, 16, 1));
    String strided = b.relu(b.conv("strided", a, 16, 24, 5, 1, true, 2));
    String again = b.relu(b.conv("again", a, 16, 24, 1, 1, false, 2));
    String dilated =
        b.node(
            "Conv",
            "dilated",
            List.of(b.add("both", strided, again), b.weight("dilated.weight", .1, 24, 24, 3, 3)),
            attribute("pads", new long[] {2, 2, 2, 2}),
            attribute("dilations", new long[] {2, 2}));
    return b.relu(b.add("three", b.add("two", dilated, strided), again));
  }

  /** Operators that move nothing, and a division. */
  private static InstrumentedModel views() {
    GraphBuilder b = new GraphBuilder(11);
    String a = b.relu(scaled(b, "a", input(b), 3, 16, 1));
    String mean =
        b.node("GlobalAveragePool", "mean", List.of(b.node("Identity", "same", List.of(a))));
    String axes = b.integers("axes", 2, 3);
    String flat = b.node("Squeeze", "flat", List.of(mean, axes));
    String hidden = b.relu(b.linear("hidden", b.node("Dropout", "dropout", List.of(flat)), 16, 16));
    String image = b.node("Unsqueeze", "image", List.of(hidden, axes));
    String scaled = b.node("Div", "divided", List.of(b.conv("c", image, 16, 12, 1), divisors(b)));
    String rows = b.node("Reshape", "rows", List.of(scaled, b.integers("target", 0, -1)));
    return classified(b, rows, 12, "");
  }

  private static String divisors(GraphBuilder b) {
    float[] values = b.values(.5, 12);
    for (int i = 0; i < values.length; i++) {
      values[i] += 2;
    }
    return b.initializer(Tensors.of("divisors", values, 12, 1, 1));
  }

  /** A sum over which one side broadcasts. */
  static InstrumentedModel broadcastSum() {
    return classifier(
        (b, x) -> {
          String a = b.relu(scaled(b, "a", x, 3, 16, 1));
          return b.add(
              "sum", scaled(b, "c", a, 16, 16, 1), b.node("GlobalAveragePool", "m", List.of(a)));
        },
        16);
  }

  private static InstrumentedModel neurons() {
    GraphBuilder b = new GraphBuilder(10);
    String a = b.relu(scaled(b, "a", input(b), 3, 16, 1));
    String hidden = b.relu(b.linear("hidden", b.meanOverPositions(a), 16, 24));
    String more = b.relu(b.linear("more", hidden, 24, 24));
    return classified(b, b.add("sum", more, hidden), 24, "");
  }

  private static String excite(GraphBuilder b, String x) {
    String a = b.relu(scaled(b, "a", x, 3, 32, 1));
    String squeezed = b.node("GlobalAveragePool", "squeeze", List.of(a));
    String small = b.relu(b.conv("reduce", squeezed, 32, 8, 1));
    String gate = b.node("Sigmoid", "gate", List.of(b.conv("expand", small, 8, 32, 1)));
    return b.node("Mul", "scaled", List.of(gate, a));
  }

  private static String activations(GraphBuilder b, String x) {
    b.opset(20);
    String y = scaled(b, "a", x, 3, 8, 1);
    y = b.node("Gelu", "erf", List.of(y));
    y = b.node("Gelu", "tanh", List.of(y), attribute("approximate", "tanh"));
    for (String name : List.of("LeakyRelu", "Elu", "Sigmoid", "Tanh", "Softplus", "HardSigmoid")) {
      y = scaled(b, name + "1", b.node(name, name, List.of(y)), 8, 8, 1);
    }
    return b.node("HardSwish", "last", List.of(y));
  }

  private static String batchNorms(GraphBuilder b, String x) {
    String a = b.batchNorm("before", x, 3);
    String c = b.relu(scaled(b, "c", a, 3, 16, 1));
    return b.relu(b.batchNorm("after", c, 16));
  }

  private static InstrumentedModel flattened() {
    GraphBuilder b = new GraphBuilder(8);
    String a = b.relu(scaled(b, "a", input(b), 3, 8, 2));
    String flat = b.node("Flatten", "flat", List.of(a));
    String hidden = b.relu(b.linear("hidden", flat, 8 * 5 * 5, 16));
    return classified(b, hidden, 16, "");
  }

  /** Components in some layers only: what lies before them is shared by all masks. */
  private static InstrumentedModel layers() {
    GraphBuilder b = new GraphBuilder(9);
    String stem = b.relu(scaled(b, "stem", input(b), 3, 32, 1));
    String a = b.relu(scaled(b, "a", stem, 32, 32, 1));
    String joined = b.add("join", scaled(b, "b", a, 32, 32, 1), stem);
    return classified(b, b.meanOverPositions(b.relu(joined)), 32, "b*");
  }
}
