package io.ablate.forward;

import io.ablate.example.Example;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the batch shape: short timings of candidates within a memory bound, the fastest among
 * those whose rows equal, bit for bit and in every slot, the rows of the first candidate. Hence the
 * choice depends on the machine, and the outputs do not. The shorter the run, the shorter the
 * timings. Where a backend knows how large a batch must be ({@link ForwardBackend#batchRows}),
 * nothing is chosen by timings.
 */
public final class Calibration {
  private static final int[] SIZES = {8, 16, 32, 64, 128};
  private static final int PROBES = 4;
  private static final long TRIAL_NANOS = 150_000_000;

  /** Of the time that the whole run would take with a candidate, what its trial may take. */
  private static final double TRIAL_SHARE = 1 / 50.0;

  private static final long TOTAL_NANOS = 5_000_000_000L;

  /**
   * One candidate.
   *
   * @param order what fills the batch
   * @param size rows per run
   * @param secondsPerPass measured
   * @param sameBits whether its rows equal those of the first candidate
   * @param residentBytes of the whole process after its runs; 0 where the system does not tell
   */
  public record Trial(
      BatchOrder order, int size, double secondsPerPass, boolean sameBits, long residentBytes) {}

  /**
   * What was found.
   *
   * @param chosen the fastest admissible candidate
   * @param trials all candidates that were run, in that order
   * @param untriedBytes resident memory that the candidates might take that there was no time for,
   *     extrapolated from the largest that was run; 0 if there are none, or the system does not
   *     tell
   */
  public record Result(Trial chosen, List<Trial> trials, long untriedBytes) {}

  /**
   * What to choose from.
   *
   * @param order null to try both
   * @param size 0 to try all sizes
   * @param rows masks per example in the whole run: no batch much larger is tried
   * @param memoryBytes bound on the resident memory of the process
   */
  public record Choice(@Nullable BatchOrder order, int size, long rows, long memoryBytes) {}

  private final ForwardSession session;
  private final MaskMatrix masks;
  private final List<Example> examples;
  private float @Nullable [][] reference;

  private Calibration(ForwardSession session, List<Example> examples) {
    this.session = session;
    this.masks =
        MaskMatrix.of(new BernoulliMasks(0, 0.9, session.model().components().size()), 0, PROBES);
    this.examples = examples;
  }

  /**
   * Opens a session, runs the candidates, closes it again: what large candidates allocated is given
   * back.
   *
   * @param examples a few of those to be run, at least one
   * @param exampleCount number of examples in the whole run
   */
  public static Result run(
      ForwardBackend backend,
      InstrumentedModel model,
      ForwardOptions options,
      List<Example> examples,
      int exampleCount,
      Choice choice) {
    return run(backend, model, options, examples, exampleCount, choice, TOTAL_NANOS);
  }

  /** The same within another time: candidates that come later are not run. */
  static Result run(
      ForwardBackend backend,
      InstrumentedModel model,
      ForwardOptions options,
      List<Example> examples,
      int exampleCount,
      Choice choice,
      long nanos) {
    ForwardOptions exact = options.with(Precision.FP32);
    if (options.precision() != Precision.FP32 && backend.whyNot(model, exact).isEmpty()) {
      // What rounding does to a row in another batch could pass for another row's influence.
      try (ForwardSession session = backend.open(model, exact)) {
        BatchCheck.verify(session, examples.getFirst(), examples.getLast());
      }
    }
    try (ForwardSession session = backend.open(model, options)) {
      if (options.precision() == Precision.FP32) {
        BatchCheck.verify(session, examples.getFirst(), examples.getLast());
      }
      return new Calibration(session, examples.subList(0, Math.min(PROBES, examples.size())))
          .choose(
              candidates(exampleCount, choice, backend.batchRows(options)),
              choice.rows() * exampleCount,
              choice.memoryBytes(),
              nanos);
    }
  }

  /**
   * The candidates of each order, ascending in size; a pure function of its arguments.
   *
   * @param known rows of a batch that suit the backend; 0 to try
   */
  static List<Candidate> candidates(int exampleCount, Choice choice, int known) {
    if (known > 0 && choice.size() == 0) {
      return List.of(filling(exampleCount, choice, known));
    }
    List<Candidate> candidates = new ArrayList<>();
    for (BatchOrder order : BatchOrder.values()) {
      if (choice.order() != null && choice.order() != order) {
        continue;
      }
      if (choice.size() > 0) {
        candidates.add(new Candidate(order, choice.size()));
        continue;
      }
      long rows = order == BatchOrder.MASKS ? choice.rows() : exampleCount;
      for (int size : SIZES) {
        // A batch that is mostly padding is never the fastest; the first size always stands.
        if (size == SIZES[0] || size < 2 * rows) {
          candidates.add(new Candidate(order, size));
        }
      }
    }
    return candidates;
  }

  /** Equal batches of at most so many rows, whole eights, of what there is more of. */
  private static Candidate filling(int exampleCount, Choice choice, int most) {
    BatchOrder order =
        choice.order() != null
            ? choice.order()
            : choice.rows() >= exampleCount ? BatchOrder.MASKS : BatchOrder.EXAMPLES;
    long rows = Math.max(1, order == BatchOrder.MASKS ? choice.rows() : exampleCount);
    long each = Math.ceilDiv(rows, Math.ceilDiv(rows, (long) most));
    return new Candidate(order, (int) Math.min(most, Math.ceilDiv(each, 8L) * 8));
  }

  private Result choose(List<Candidate> candidates, long passes, long memoryBytes, long nanos) {
    List<Trial> trials = new ArrayList<>();
    Trial best = null;
    long start = System.nanoTime();
    long perRow = 0;
    long idle = ProcessMemory.resident();
    int late = 0;
    for (Candidate candidate : candidates) {
      long before = ProcessMemory.resident();
      boolean affordable = before + perRow * candidate.size() <= memoryBytes;
      boolean timely = System.nanoTime() - start < nanos;
      if (best != null && (!affordable || !timely)) {
        late = affordable ? Math.max(late, candidate.size()) : late;
        continue;
      }
      Trial trial = trial(candidate, passes);
      trials.add(trial);
      perRow = Math.max(perRow, (trial.residentBytes() - before) / candidate.size());
      // Within the noise of a short timing the smaller batch stays.
      if (trial.sameBits()
          && (best == null || trial.secondsPerPass() < 0.97 * best.secondsPerPass())) {
        best = trial;
      }
    }
    // Where not even the slots of one batch agree, the first candidate is as good as any: a row's
    // slot never changes, so that the outputs are reproducible all the same.
    return new Result(
        best == null ? trials.getFirst() : best, List.copyOf(trials), untried(trials, idle, late));
  }

  private static long untried(List<Trial> trials, long idle, int late) {
    Trial largest = trials.getFirst();
    for (Trial trial : trials) {
      largest = trial.size() > largest.size() ? trial : largest;
    }
    return late <= largest.size()
        ? 0
        : idle + Math.max(0, largest.residentBytes() - idle) / largest.size() * late;
  }

  private Trial trial(Candidate candidate, long passes) {
    try (ForwardBatch batch = session.batch(candidate.shape())) {
      float[][] found = probe(batch, candidate.order());
      if (reference == null) {
        reference = found;
      }
      boolean sameBits = found != null && Arrays.deepEquals(found, reference);
      long start = System.nanoTime();
      int runs = 0;
      double nanos;
      double perPass;
      do {
        batch.run();
        runs++;
        nanos = System.nanoTime() - start;
        perPass = nanos / runs / candidate.size();
      } while (nanos < Math.min(TRIAL_NANOS, TRIAL_SHARE * perPass * passes));
      return new Trial(
          candidate.order(), candidate.size(), perPass * 1e-9, sameBits, ProcessMemory.resident());
    }
  }

  /**
   * The outputs of the probes, masks × examples, each in as many slots as there are; null if slots
   * disagree.
   */
  private float @Nullable [][] probe(ForwardBatch batch, BatchOrder order) {
    boolean byMasks = order == BatchOrder.MASKS;
    int size = batch.shape().rows();
    int fixed = byMasks ? examples.size() : PROBES;
    int varied = byMasks ? PROBES : examples.size();
    float[][] outputs = new float[PROBES][examples.size()];
    boolean[][] known = new boolean[PROBES][examples.size()];
    for (int i = 0; i < fixed; i++) {
      for (int base = 0; base < varied; base += size) {
        for (int slot = 0; slot < size; slot++) {
          set(batch, byMasks ? slot : 0, byMasks ? 0 : slot, (base + slot) % varied, i, byMasks);
        }
        batch.run();
        for (int slot = 0; slot < size; slot++) {
          int mask = byMasks ? (base + slot) % varied : i;
          int example = byMasks ? i : (base + slot) % varied;
          float output = batch.output(slot);
          if (known[mask][example]
              && Float.floatToIntBits(output) != Float.floatToIntBits(outputs[mask][example])) {
            return null;
          }
          known[mask][example] = true;
          outputs[mask][example] = output;
        }
      }
    }
    return outputs;
  }

  private void set(
      ForwardBatch batch,
      int maskSlot,
      int exampleSlot,
      int variedIndex,
      int fixed,
      boolean byMasks) {
    int mask = byMasks ? variedIndex : fixed;
    Example example = examples.get(byMasks ? fixed : variedIndex);
    batch.setMask(maskSlot, masks.words(), mask * masks.wordsPerRow());
    batch.setExample(exampleSlot, example.input(), example.label());
  }

  /** A batch to try. */
  record Candidate(BatchOrder order, int size) {
    BatchShape shape() {
      return BatchShape.of(order, size);
    }
  }
}
