package io.ablate.differentiate;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.instrument.OutputFunction;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.OnnxModel;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The gradient of a small model by its mask against central differences of its output. */
final class CentralDifferences {
  private static final int COMPONENTS = 4;
  private static final long[] SHAPE = {3, 6, 5};
  private static final int BASES = 2;

  /** Several: large ones may cross a kink, small ones drown in float32's rounding. */
  private static final float[] STEPS = {.02f, .005f, .0015f};

  private static final double RELATIVE = 3e-3;

  private CentralDifferences() {}

  /** Image [N, 3, 6, 5] → masked convolution → the form → three classes. */
  static InstrumentedModel instrumented(Form form) throws OrtException {
    return instrument(model(form));
  }

  /** The model before its mask. */
  static OnnxModel model(Form form) throws OrtException {
    GraphBuilder b = new GraphBuilder(11).opset(form.opset());
    String x = b.conv("masked", b.input("image", -1, 3, 6, 5), 3, COMPONENTS, 3);
    String flat = b.node("Flatten", "features", List.of(form.body().apply(b, x)));
    int width = width(b.proto(), flat);
    String weight = b.weight("head.weight", 3 / Math.sqrt(width), width, 3);
    b.node("Gemm", "logits", List.of(flat, weight, b.weight("head.bias", .5, 3)));
    return b.output("logits", -1, 3).model();
  }

  static InstrumentedModel instrument(OnnxModel model) {
    return Instrumenter.instrument(
        model,
        ComponentDiscovery.discover(model, ComponentRules.parse("tensor:masked.weight")),
        InstrumentOptions.defaults().outputFunction(OutputFunction.MARGIN_LOGSUMEXP));
  }

  /** The columns of a matrix, as the runtime computes them. */
  private static int width(ModelProto graph, String tensor) throws OrtException {
    ModelProto.Builder model = graph.toBuilder();
    model.getGraphBuilder().addOutput(GraphBuilder.valueInfo(tensor, -1, -1));
    model
        .getGraphBuilder()
        .getOutputBuilder(0)
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .clearShape();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(model.build().toByteArray());
        OnnxTensor image =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(example(0)), new long[] {1, 3, 6, 5});
        OrtSession.Result result = session.run(Map.of("image", image))) {
      return Math.toIntExact(((OnnxTensor) result.get(0)).getInfo().getShape()[1]);
    }
  }

  /** The gradient of one row. */
  static float[] gradient(DifferentiatedModel model) {
    try (GradientSession session = open(model);
        GradientBatch batch = session.batch(1)) {
      set(batch, 0, mask(0), 0);
      batch.run();
      float[] gradient = new float[COMPONENTS];
      batch.gradient(0, gradient);
      return gradient;
    }
  }

  private static float[] mask(int base) {
    SplittableRandom random = new SplittableRandom(base);
    float[] mask = new float[COMPONENTS];
    for (int i = 0; i < COMPONENTS; i++) {
      mask[i] = (float) random.nextDouble(.3, .9);
    }
    return mask;
  }

  private static GradientSession open(DifferentiatedModel model) {
    return new OrtCpuBackend().openGradients(model, new ForwardOptions(1, SHAPE));
  }

  private static float[] example(int base) {
    SplittableRandom random = new SplittableRandom(100 + base);
    float[] values = new float[90];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  /** All in one batch: the base rows, then each with each mask value moved up and down. */
  static void compare(DifferentiatedModel model) {
    compare(model, RELATIVE);
  }

  /** Within this share of the largest entry. */
  static void compare(DifferentiatedModel model, double relative) {
    int moved = 2 * COMPONENTS * STEPS.length;
    try (GradientSession session = open(model);
        GradientBatch batch = session.batch(BASES * (1 + moved))) {
      for (int base = 0; base < BASES; base++) {
        float[] mask = mask(base);
        set(batch, base, mask, base);
        for (int at = 0; at < moved; at++) {
          float[] other = mask.clone();
          other[at / 2 % COMPONENTS] += (at % 2 == 0 ? 1 : -1) * STEPS[at / 2 / COMPONENTS];
          set(batch, BASES + base * moved + at, other, base);
        }
      }
      batch.run();
      for (int base = 0; base < BASES; base++) {
        check(batch, base, BASES + base * moved, relative);
      }
    }
  }

  private static void set(GradientBatch batch, int row, float[] mask, int base) {
    batch.setMask(row, mask);
    batch.setExample(row, example(base), 1 + base);
  }

  private static void check(GradientBatch batch, int row, int moved, double relative) {
    float[] gradient = new float[COMPONENTS];
    batch.gradient(row, gradient);
    double largest = 0;
    for (float value : gradient) {
      largest = Math.max(largest, Math.abs(value));
    }
    assertThat(largest).as("largest entry").isGreaterThan(1e-3);
    for (int i = 0; i < COMPONENTS; i++) {
      double best = Double.POSITIVE_INFINITY;
      for (int s = 0; s < STEPS.length; s++) {
        int up = moved + 2 * (s * COMPONENTS + i);
        double slope = ((double) batch.output(up) - batch.output(up + 1)) / (2 * STEPS[s]);
        best = Math.min(best, Math.abs(slope - gradient[i]));
      }
      assertThat(best / largest).as("row %d, component %d", row, i).isLessThan(relative);
    }
  }
}
