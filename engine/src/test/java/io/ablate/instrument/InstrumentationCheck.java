package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.component.ComponentSet;
import io.ablate.instrument.OrtRunner.Floats;
import io.ablate.onnx.OnnxModel;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Compares an instrumented model with {@link WeightEdits} on random masks and examples, in all
 * three batch orders, and with the plain model for a mask of ones.
 */
final class InstrumentationCheck {
  private static final int ROWS = 3;

  private final OnnxModel plain;
  private final ComponentSet components;
  private final SplittableRandom random;
  private InstrumentOptions options = InstrumentOptions.defaults().withLogits(true);
  private double tolerance = 1e-5;

  /**
   * @param plain float32 model with an open batch and initialisers as weights: the oracle edits it
   */
  InstrumentationCheck(OnnxModel plain, ComponentSet components, long seed) {
    this.plain = plain;
    this.components = components;
    this.random = new SplittableRandom(seed);
  }

  InstrumentationCheck options(InstrumentOptions options) {
    this.options = options.withLogits(true);
    return this;
  }

  InstrumentationCheck tolerance(double relative) {
    tolerance = relative;
    return this;
  }

  /** Checks the instrumented form of the oracle's own model. */
  InstrumentedModel run() {
    return run(plain);
  }

  /** Checks the instrumented form of a model that is to compute the same as the oracle's. */
  InstrumentedModel run(OnnxModel model) {
    InstrumentedModel instrumented = Instrumenter.instrument(model, components, options);
    long[] shape = instrumented.example().shape();
    shape[0] = ROWS;
    Floats examples = random(2, shape);
    Floats masks = random(0, ROWS, components.size());
    // The first row keeps all, the second ablates all, the third is soft.
    for (int i = 0; i < components.size(); i++) {
      masks.values()[i] = 1;
      masks.values()[components.size() + i] = random.nextInt(2);
    }
    long[] labels = new long[ROWS];
    for (int i = 0; i < ROWS; i++) {
      labels[i] = random.nextInt(instrumented.classes());
    }
    float[][][] logits = oracle(masks, examples);
    try (OrtRunner runner = new OrtRunner(instrumented.model())) {
      for (int[] batch :
          new int[][] {{0, ROWS, 1, 2}, {1, 2, 0, ROWS}, {0, ROWS, 0, ROWS}, {2, 3, 0, 1}}) {
        compare(runner, instrumented, masks, examples, labels, batch, logits);
      }
    }
    return instrumented;
  }

  /**
   * @param batch first and last + 1 of the masks, then of the examples
   */
  private void compare(
      OrtRunner runner,
      InstrumentedModel model,
      Floats masks,
      Floats examples,
      long[] labels,
      int[] batch,
      float[][][] logits) {
    Map<String, ?> feed =
        Map.of(
            model.mask(),
            masks.rows(batch[0], batch[1]),
            model.example().name(),
            examples.rows(batch[2], batch[3]),
            model.label(),
            Arrays.copyOfRange(labels, batch[2], batch[3]));
    Floats found = runner.run(model.output(), feed);
    int rows = Math.max(batch[1] - batch[0], batch[3] - batch[2]);
    assertThat(found.shape()).as("shape of the output").containsExactly(rows);
    for (int row = 0; row < rows; row++) {
      int m = Math.min(batch[0] + row, batch[1] - 1);
      int e = Math.min(batch[2] + row, batch[3] - 1);
      double expected = WeightEdits.output(options.outputFunction(), logits[m][e], (int) labels[e]);
      double scale = 1;
      for (float logit : logits[m][e]) {
        scale = Math.max(scale, Math.abs(logit));
      }
      assertThat((double) found.values()[row])
          .as("mask %d, example %d, batch %s", m, e, Arrays.toString(batch))
          .isCloseTo(expected, within(tolerance * scale));
    }
  }

  /** Logits of each mask and example. */
  private float[][][] oracle(Floats masks, Floats examples) {
    ValueInfoProto input = plain.graph().inputs().getFirst();
    String output = plain.graph().outputs().getFirst().getName();
    float[][][] logits = new float[ROWS][ROWS][];
    for (int m = 0; m < ROWS; m++) {
      float[] mask = masks.rows(m, m + 1).values();
      OnnxModel edited =
          WeightEdits.ablate(plain, components, mask, options.ablation(), options.reference());
      try (OrtRunner runner = new OrtRunner(edited)) {
        for (int e = 0; e < ROWS; e++) {
          logits[m][e] =
              runner.run(output, Map.of(input.getName(), examples.rows(e, e + 1))).values();
        }
      }
    }
    return logits;
  }

  private Floats random(double lowest, long... shape) {
    float[] values = new float[Floats.size(shape)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (lowest == 0 ? random.nextDouble() : random.nextDouble(-lowest, lowest));
    }
    return new Floats(values, shape);
  }
}
