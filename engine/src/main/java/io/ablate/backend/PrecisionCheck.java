package io.ablate.backend;

import io.ablate.base.BadInputException;
import io.ablate.evaluate.Lds;
import io.ablate.example.Example;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a model may be run in float16 or bfloat16: ablated outputs must go up and down with those
 * in float32. What is asked is correlation within each example, over masks, for that is what
 * attributions are fitted to.
 *
 * @param chosen the precision to take
 * @param pearson the least of the examples' correlations; NaN where nothing was measured
 * @param reason why, in words
 */
public record PrecisionCheck(Precision chosen, double pearson, String reason) {
  /** Pearson's correlation that every example must reach. */
  public static final double LEAST = .999;

  /** Examples that are looked at, at most. */
  public static final int EXAMPLES = 4;

  private static final int MASKS = 64;
  private static final int BATCH = 16;

  /** Far from the seeds that people choose: no row of a run decides about it. */
  private static final long SEED = 0x0b1a7e_bf16L;

  /**
   * Takes the reduced precision that is faster with the backend where the model bears it, by 64
   * masks of each example in both precisions.
   *
   * @param options in whatever precision
   * @param examples of those to be run, at least one; the first {@link #EXAMPLES} are taken
   * @param keep probability that a mask keeps a component
   */
  public static PrecisionCheck run(
      ForwardBackend backend,
      InstrumentedModel model,
      ForwardOptions options,
      List<Example> examples,
      double keep) {
    Optional<Precision> faster =
        Precision.REDUCED.stream().filter(backend::accelerates).findFirst();
    if (faster.isEmpty()) {
      return fp32(
          Double.NaN,
          "none of "
              + Precision.labels(Precision.REDUCED)
              + " is faster with "
              + backend.name()
              + " here");
    }
    ForwardOptions fast = options.with(faster.get());
    var problem = backend.whyNot(model, fast);
    if (problem.isPresent()) {
      return fp32(Double.NaN, problem.get().message());
    }
    List<Example> some = examples.subList(0, Math.min(EXAMPLES, examples.size()));
    MaskMatrix masks =
        MaskMatrix.of(new BernoulliMasks(SEED, keep, model.components().size()), 0, MASKS);
    double[][] exact = outputs(backend, model, options.with(Precision.FP32), some, masks);
    double[][] rounded;
    try {
      rounded = outputs(backend, model, fast, some, masks);
    } catch (BadInputException e) {
      return fp32(Double.NaN, faster.get().label() + " cannot run: " + e.getMessage());
    }
    if (!isFinite(rounded) && isFinite(exact)) {
      return fp32(Double.NaN, "outputs in " + faster.get().label() + " overflow");
    }
    double least = Arrays.stream(Lds.pearson(rounded, exact)).min().orElseThrow();
    String measured =
        String.format(
            Locale.ROOT,
            "outputs under %d masks of %d examples correlate with float32's by %.5f at least, %s"
                + " asked",
            MASKS,
            some.size(),
            least,
            LEAST);
    return least >= LEAST
        ? new PrecisionCheck(faster.get(), least, measured)
        : fp32(least, measured);
  }

  /** As a manifest keeps it. */
  public Map<String, Object> report() {
    return Double.isNaN(pearson)
        ? Map.of("chosen", chosen.label(), "reason", reason)
        : Map.of("chosen", chosen.label(), "pearson", pearson, "reason", reason);
  }

  private static boolean isFinite(double[][] outputs) {
    return Arrays.stream(outputs).flatMapToDouble(Arrays::stream).allMatch(Double::isFinite);
  }

  private static PrecisionCheck fp32(double pearson, String reason) {
    return new PrecisionCheck(Precision.FP32, pearson, reason);
  }

  /** Examples × masks. */
  private static double[][] outputs(
      ForwardBackend backend,
      InstrumentedModel model,
      ForwardOptions options,
      List<Example> examples,
      MaskMatrix masks) {
    double[][] outputs = new double[examples.size()][MASKS];
    try (ForwardSession session = backend.open(model, options);
        ForwardBatch batch = session.batch(new BatchShape(BATCH, 1))) {
      for (int e = 0; e < outputs.length; e++) {
        Example example = examples.get(e);
        batch.setExample(0, example.input(), example.label());
        for (int first = 0; first < MASKS; first += BATCH) {
          for (int slot = 0; slot < BATCH; slot++) {
            batch.setMask(slot, masks.words(), (first + slot) * masks.wordsPerRow());
          }
          batch.run();
          for (int slot = 0; slot < BATCH; slot++) {
            outputs[e][first + slot] = batch.output(slot);
          }
        }
      }
    }
    return outputs;
  }
}
