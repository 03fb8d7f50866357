package io.ablate.dataset;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.example.Example;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.List;
import java.util.Objects;

/** Times a gradient pass against an ordinary one, so that budgets count both alike. */
final class GradientCost {
  private static final int FEWEST_TURNS = 3;
  private static final int MOST_TURNS = 100;
  private static final int LONGEST_SERIES = 8;
  private static final double SECONDS = 0.75;

  private GradientCost() {}

  /**
   * Opens both models, times them in turn, so that a disturbance meets both, and closes them.
   *
   * @param order what fills an ordinary batch
   * @param rows of either batch
   * @return time of a gradient pass by that of an ordinary pass, to two decimals
   */
  static double measure(
      CollectRequest request,
      DifferentiatedModel model,
      CollectSetup setup,
      BatchOrder order,
      int rows) {
    try (ForwardSession forward =
            request.settings().backend().open(request.model(), setup.options());
        GradientSession backward =
            request.settings().backend().openGradients(model, setup.options());
        ForwardBatch ordinary = forward.batch(BatchShape.of(order, rows));
        GradientBatch gradients = backward.batch(rows)) {
      List<Example> examples = setup.examples().first(rows);
      for (int slot = 0; slot < rows; slot++) {
        Example example = examples.get(slot % examples.size());
        if (slot < ordinary.shape().examples()) {
          ordinary.setExample(slot, example.input(), example.label());
        }
        gradients.setExample(slot, example.input(), example.label());
      }
      fillMasks(request, ordinary, gradients);
      return ratio(ordinary::run, gradients::run);
    }
  }

  /** Masks as in a run: of passes that ablate nothing a backend may do a part only once. */
  private static void fillMasks(
      CollectRequest request, ForwardBatch ordinary, GradientBatch gradients) {
    int columns = request.model().components().size();
    int slots = ordinary.shape().masks();
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(0, 0.9, columns), 0, slots);
    for (int slot = 0; slot < slots; slot++) {
      ordinary.setMask(slot, masks.words(), slot * masks.wordsPerRow());
    }
    float[] mask = new float[columns];
    for (int slot = 0; slot < gradients.rows(); slot++) {
      Objects.requireNonNull(request.gradients()).masks().row(slot, mask);
      gradients.setMask(slot, mask);
    }
  }

  /**
   * Fastest gradient run against the fastest series of ordinary runs of about the same length.
   * Other work on the machine comes in bursts: whichever kind is timed in shorter pieces falls
   * between two of them more often.
   */
  private static double ratio(Runnable ordinary, Runnable gradients) {
    ordinary.run();
    gradients.run();
    double forward = seconds(ordinary, 1);
    double backward = seconds(gradients, 1);
    double spent = 0;
    for (int turn = 1; turn < FEWEST_TURNS || turn < MOST_TURNS && spent < SECONDS; turn++) {
      double one = seconds(gradients, 1);
      backward = Math.min(backward, one);
      int series = Math.clamp(Math.round(backward / forward), 1, LONGEST_SERIES);
      double other = seconds(ordinary, series);
      forward = Math.min(forward, other);
      spent += one + series * other;
    }
    return Math.max(.01, Math.round(100 * backward / forward) / 100.);
  }

  /** Mean seconds of some runs one after the other. */
  private static double seconds(Runnable run, int times) {
    long start = System.nanoTime();
    for (int i = 0; i < times; i++) {
      run.run();
    }
    return Math.max(1, System.nanoTime() - start) * 1e-9 / times;
  }
}
