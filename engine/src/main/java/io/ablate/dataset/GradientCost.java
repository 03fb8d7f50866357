package io.ablate.dataset;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.example.Example;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import java.util.List;

/** Times a gradient pass against an ordinary one, so that budgets count both alike. */
final class GradientCost {
  private static final int FEWEST_RUNS = 3;
  private static final int MOST_RUNS = 20;
  private static final double SECONDS = 1;

  private GradientCost() {}

  /**
   * Opens both models, times them in turn, so that a disturbance meets both, and closes them.
   *
   * @param order what fills an ordinary batch
   * @param rows of either batch
   * @return mean time of a gradient pass by that of an ordinary pass, to two decimals
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
      return ratio(ordinary::run, gradients::run);
    }
  }

  /**
   * Both kinds get the same time, so that other work on the machine, which comes in bursts, takes
   * the same share of it; a median would favour the kind whose runs fall between two bursts.
   */
  private static double ratio(Runnable ordinary, Runnable gradients) {
    ordinary.run();
    gradients.run();
    double forward = 0;
    double backward = 0;
    int ordinaryRuns = 0;
    int gradientRuns = 0;
    while (gradientRuns < FEWEST_RUNS || gradientRuns < MOST_RUNS && backward < SECONDS) {
      backward += seconds(gradients);
      gradientRuns++;
      do {
        forward += seconds(ordinary);
        ordinaryRuns++;
      } while (forward < backward);
    }
    double ratio = backward / gradientRuns * ordinaryRuns / forward;
    return Math.max(.01, Math.round(100 * ratio) / 100.);
  }

  private static double seconds(Runnable run) {
    long start = System.nanoTime();
    run.run();
    return Math.max(1, System.nanoTime() - start) * 1e-9;
  }
}
