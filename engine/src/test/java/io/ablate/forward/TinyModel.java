package io.ablate.forward;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.component.Component;
import io.ablate.component.ComponentKind;
import io.ablate.component.ComponentSet;
import io.ablate.component.Slice;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.instrument.Ablation;
import io.ablate.instrument.ExampleInput;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.MaskMatrix;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * An instrumented network of one hidden layer, x → W₁ → mask → relu → W₂ → margin, written by hand
 * so that plain Java can compute the same: {@link #output}.
 */
public final class TinyModel {
  public static final int INPUTS = 6;
  public static final int COMPONENTS = 67;
  public static final int CLASSES = 3;

  private static final float[] W1;
  private static final float[] W2;

  static {
    GraphBuilder b = new GraphBuilder(17);
    W1 = b.values(.8, INPUTS, COMPONENTS);
    W2 = b.values(.8, COMPONENTS, CLASSES);
  }

  private TinyModel() {}

  public static InstrumentedModel plain() {
    return model(false, false, null);
  }

  public static InstrumentedModel withLogitsAndScale() {
    return model(true, true, null);
  }

  /** Subtracts the batch's mean from the hidden layer: rows influence each other. */
  public static InstrumentedModel mixingRows() {
    return model(
        false,
        false,
        (b, hidden) -> {
          String mean =
              b.node(
                  "ReduceMean",
                  "batch_mean",
                  List.of(hidden),
                  Nodes.attribute("axes", new long[] {0}),
                  Nodes.attribute("keepdims", 1));
          return b.node("Sub", "centred", List.of(hidden, mean));
        });
  }

  /** Divides by the kept share of component 0: infinite where it is ablated. */
  public static InstrumentedModel infiniteWithoutComponentZero() {
    return model(
        false,
        false,
        (b, hidden) -> {
          String zero = b.integers("column_zero", 0);
          String kept = b.node("Gather", "kept", List.of("mask", zero), Nodes.attribute("axis", 1));
          return b.node("Div", "divided", List.of(hidden, kept));
        });
  }

  /** Changes the hidden layer. */
  private interface Twist {
    String apply(GraphBuilder b, String hidden);
  }

  private static InstrumentedModel model(boolean logits, boolean scale, @Nullable Twist twist) {
    GraphBuilder b = new GraphBuilder(0);
    b.input("x", -1, INPUTS);
    b.input("mask", -1, COMPONENTS);
    b.initializer(Tensors.of("W1", W1, INPUTS, COMPONENTS));
    b.initializer(Tensors.of("W2", W2, COMPONENTS, CLASSES));
    b.initializer(Tensors.of("on_off", new float[] {0, 1}, 2));
    b.initializer(Tensors.of("far", new float[] {-1e9f}, 1));
    b.integers("classes", CLASSES);
    b.integers("axis", 1);
    String hidden = b.node("MatMul", "hidden", List.of("x", "W1"));
    hidden = b.node("Mul", "masked", List.of(hidden, "mask"));
    if (twist != null) {
      hidden = twist.apply(b, hidden);
    }
    hidden = b.node("Relu", "relu", List.of(hidden));
    b.node("MatMul", "logits", List.of(hidden, "W2"));
    b.node("OneHot", "onehot", List.of("label", "classes", "on_off"), Nodes.attribute("axis", -1));
    b.node("Mul", "own_logits", List.of("logits", "onehot"));
    b.node("ReduceSum", "own", List.of("own_logits", "axis"), Nodes.attribute("keepdims", 0));
    b.node("Mul", "excluded", List.of("onehot", "far"));
    b.node("Add", "other_logits", List.of("logits", "excluded"));
    b.node(
        "ReduceMax",
        "best_other",
        List.of("other_logits"),
        Nodes.attribute("axes", new long[] {1}),
        Nodes.attribute("keepdims", 0));
    b.node("Sub", "margin", List.of("own", "best_other"));
    b.output("margin", -1);
    if (logits) {
      b.output("logits", -1, CLASSES);
    }
    ModelProto.Builder proto = b.proto().toBuilder();
    GraphProto.Builder graph = proto.getGraphBuilder();
    // Examples, masks and rows broadcast: their extents must not bear one name.
    rename(graph.getInputBuilder(1), "masks");
    for (ValueInfoProto.Builder output : graph.getOutputBuilderList()) {
      rename(output, "rows");
    }
    ValueInfoProto.Builder label = GraphBuilder.valueInfo("label", -1).toBuilder();
    label.getTypeBuilder().getTensorTypeBuilder().setElemType(DataType.INT64.getNumber());
    graph.addInput(label);
    return new InstrumentedModel(
        OnnxModel.of(proto.build()),
        components(),
        Ablation.ZERO_WEIGHTS,
        OutputFunction.MARGIN,
        new ExampleInput("x", DataType.FLOAT, new long[] {-1, INPUTS}),
        "mask",
        "label",
        "margin",
        logits ? "logits" : null,
        "logits",
        -1,
        scale ? new InstrumentedModel.ActivationScale(scaleGraph(), "scale") : null);
  }

  private static void rename(ValueInfoProto.Builder info, String extent) {
    info.getTypeBuilder()
        .getTensorTypeBuilder()
        .getShapeBuilder()
        .getDimBuilder(0)
        .setDimParam(extent);
  }

  private static OnnxModel scaleGraph() {
    GraphBuilder b = new GraphBuilder(0);
    b.input("x", -1, INPUTS);
    b.initializer(Tensors.of("W1", W1, INPUTS, COMPONENTS));
    b.node("Abs", "scale", List.of(b.node("MatMul", "hidden", List.of("x", "W1"))));
    return b.output("scale", -1, COMPONENTS).model();
  }

  private static ComponentSet components() {
    return new ComponentSet(
        IntStream.range(0, COMPONENTS)
            .mapToObj(
                i ->
                    new Component(
                        "fc1", "W1", i, ComponentKind.NEURON, List.of(new Slice("fc1", "W1", i))))
            .toList());
  }

  /** Random examples; the label of example i is i mod 3. */
  public static ExampleSource examples(int count) {
    return examples(count, INPUTS);
  }

  /** As {@link #examples(int)}, of another shape. */
  public static ExampleSource examples(int count, long... shape) {
    int elements = (int) LongStream.of(shape).reduce(1, Math::multiplyExact);
    return new ExampleSource() {
      @Override
      public int size() {
        return count;
      }

      @Override
      public Example load(int index) {
        SplittableRandom random = new SplittableRandom(1000 + index);
        float[] input = new float[elements];
        for (int i = 0; i < elements; i++) {
          input[i] = (float) random.nextDouble(-1, 1);
        }
        return new Example(index, "tiny " + index, index % CLASSES, input, shape, null);
      }

      @Override
      public String describe() {
        return "tiny";
      }

      @Override
      public void close() {}
    };
  }

  public static List<Example> firstExamples(int count) {
    List<Example> examples = new ArrayList<>();
    try (ExampleSource source = examples(count)) {
      for (int i = 0; i < count; i++) {
        examples.add(source.load(i));
      }
    }
    return examples;
  }

  /** What component j gives before the mask. */
  static double hidden(Example example, int j) {
    double hidden = 0;
    for (int i = 0; i < INPUTS; i++) {
      hidden += (double) example.input()[i] * W1[i * COMPONENTS + j];
    }
    return hidden;
  }

  public static double[] logits(MaskMatrix masks, int row, Example example) {
    double[] logits = new double[CLASSES];
    for (int j = 0; j < COMPONENTS; j++) {
      double hidden = hidden(example, j);
      for (int c = 0; c < CLASSES && masks.get(row, j) && hidden > 0; c++) {
        logits[c] += hidden * W2[j * CLASSES + c];
      }
    }
    return logits;
  }

  /** The margin that the model must give. */
  public static double output(MaskMatrix masks, int row, Example example, int label) {
    double[] logits = logits(masks, row, example);
    double other = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < CLASSES; c++) {
      other = c == label ? other : Math.max(other, logits[c]);
    }
    return logits[label] - other;
  }
}
