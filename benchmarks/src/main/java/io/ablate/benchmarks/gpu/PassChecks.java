package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Network;
import io.ablate.differentiate.MaskGradients;
import io.ablate.evaluate.Lds;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.OutputFunction;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleBiFunction;

/** Outputs and mask gradients of the bundled networks, on the device and on the processor. */
final class PassChecks {
  static final List<String> NETWORKS =
      List.of("shapes-resnet", "resnet8-cifar10", "resnet18-cifar10");

  /** Of margins, as for golden outputs. */
  static final double OUTPUTS = 2e-3;

  /** Of a gradient, in norm and relative. */
  private static final double GRADIENTS = 1e-2;

  /**
   * Of a gradient in another precision, where a ReLU may cut elsewhere near 0: what its correlation
   * with the exact one may lack of 1.
   */
  private static final double ROUNDED_GRADIENTS = 1e-2;

  /** Of margins in another precision: what correlation may lack of 1. */
  private static final double CORRELATION = 1e-3;

  private static final int ROWS = 24;
  private static final int CORRELATED = 64;
  private static final int GRADIENT_ROWS = 4;

  private PassChecks() {}

  static void run(Place place, Results results) {
    for (String name : NETWORKS) {
      Network network = Network.named(name);
      for (BatchOrder order : BatchOrder.values()) {
        results.check(
            name + ", margins, a batch of " + order.name().toLowerCase(java.util.Locale.ROOT),
            OUTPUTS,
            () -> outputs(place, network, order));
      }
      results.check(
          name + ", mask gradients",
          GRADIENTS,
          () -> gradients(place, network, Precision.FP32, PassChecks::apart));
      precisions(place, name, network, results);
    }
  }

  /** Margins over masks of one example: float32 on the processor, and other precisions there. */
  private static void precisions(Place place, String name, Network network, Results results) {
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN);
    ForwardOptions exact = place.options(network.exampleShape());
    List<Precision> others = new ArrayList<>(place.precisions(model, network.exampleShape()));
    others.remove(Precision.FP32);
    if (others.isEmpty()) {
      return;
    }
    double[] expected = correlated(place.referencePasses(), exact, model, network);
    for (Precision precision : others) {
      ForwardOptions rounded = exact.with(precision);
      results.check(
          name + ", margins in " + precision.label() + ", 1 − Pearson",
          CORRELATION,
          () ->
              1
                  - Lds.pearson(
                      correlated(place.passes(model, rounded), rounded, model, network), expected));
      results.check(
          name + ", mask gradients in " + precision.label() + ", 1 − Pearson",
          ROUNDED_GRADIENTS,
          () ->
              gradients(
                  place,
                  network,
                  precision,
                  (found, right) -> 1 - Lds.pearson(doubles(found), doubles(right))));
    }
  }

  private static double[] correlated(
      ForwardBackend backend, ForwardOptions options, InstrumentedModel model, Network network) {
    return doubles(outputs(backend, options, model, network, BatchOrder.MASKS, CORRELATED));
  }

  private static double[] doubles(float[] values) {
    double[] wide = new double[values.length];
    Arrays.setAll(wide, i -> values[i]);
    return wide;
  }

  private static MaskMatrix masks(Network network, int rows) {
    return MaskMatrix.of(new BernoulliMasks(9, 0.9, network.components().size()), 0, rows);
  }

  private static double outputs(Place place, Network network, BatchOrder order) {
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN);
    ForwardOptions options = place.options(network.exampleShape());
    float[] expected = outputs(place.referencePasses(), options, model, network, order, ROWS);
    float[] found = outputs(place.passes(model, options), options, model, network, order, ROWS);
    double largest = 0;
    for (int row = 0; row < ROWS; row++) {
      double difference = Math.abs(found[row] - expected[row]);
      largest = difference <= largest ? largest : difference; // NaN stays
    }
    return largest;
  }

  private static float[] outputs(
      ForwardBackend backend,
      ForwardOptions options,
      InstrumentedModel model,
      Network network,
      BatchOrder order,
      int rows) {
    MaskMatrix masks = masks(network, rows);
    float[] outputs = new float[rows];
    try (ForwardSession session = backend.open(model, options);
        ForwardBatch batch = session.batch(BatchShape.of(order, rows))) {
      network.fill(batch, network.examples(rows, order));
      for (int slot = 0; slot < batch.shape().masks(); slot++) {
        batch.setMask(slot, masks.words(), slot * masks.wordsPerRow());
      }
      batch.run();
      for (int row = 0; row < rows; row++) {
        outputs[row] = batch.output(row);
      }
    }
    return outputs;
  }

  /** The worst of some rows. */
  private static double gradients(
      Place place,
      Network network,
      Precision precision,
      ToDoubleBiFunction<float[], float[]> deviation) {
    InstrumentedModel model = network.instrumented(OutputFunction.MARGIN_LOGSUMEXP);
    ForwardOptions exact = place.options(network.exampleShape());
    ForwardOptions rounded = exact.with(precision);
    List<float[]> expected = gradients(place.referencePasses(), exact, model, network);
    List<float[]> found = gradients(place.passes(model, rounded), rounded, model, network);
    double worst = 0;
    for (int row = 0; row < GRADIENT_ROWS; row++) {
      double deviates = deviation.applyAsDouble(found.get(row), expected.get(row));
      worst = deviates <= worst ? worst : deviates; // NaN stays
    }
    return worst;
  }

  /** In norm, relative to the expected one. */
  private static double apart(float[] found, float[] expected) {
    double square = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      square += (double) expected[i] * expected[i];
      difference += Math.pow((double) found[i] - expected[i], 2);
    }
    return Math.sqrt(difference / square);
  }

  private static List<float[]> gradients(
      ForwardBackend backend, ForwardOptions options, InstrumentedModel model, Network network) {
    MaskMatrix masks = masks(network, GRADIENT_ROWS);
    float[] examples = network.examples(GRADIENT_ROWS, BatchOrder.EXAMPLES);
    List<float[]> gradients = new ArrayList<>();
    try (GradientSession session = backend.openGradients(MaskGradients.of(model), options);
        GradientBatch batch = session.batch(GRADIENT_ROWS)) {
      float[] mask = new float[masks.columns()];
      for (int slot = 0; slot < GRADIENT_ROWS; slot++) {
        masks.unpack(slot, mask, 0);
        batch.setMask(slot, mask);
        batch.setExample(slot, network.example(examples, slot), Network.LABEL);
      }
      batch.run();
      for (int slot = 0; slot < GRADIENT_ROWS; slot++) {
        float[] gradient = new float[masks.columns()];
        batch.gradient(slot, gradient);
        gradients.add(gradient);
      }
    }
    return gradients;
  }
}
