package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Least squares as COAR's published code solves it ({@code fast_l1}, with the settings of its
 * ImageNet ResNet): SAGA from zero on standardised masks, step 1e-3, no penalty, mini-batches of a
 * twentieth of the rows, until in every third epoch no weight moves; first on nine tenths of the
 * rows, then from there on all. It stops before least squares is reached where directions are badly
 * determined, which regularises: choose it to compare with COAR's figures as its code makes them.
 *
 * <p>Where this differs: weights are scaled back to units of the output, outputs are standardised,
 * so that results follow their scale, and the intercept is exact, not learnt. The last tenth is
 * held out of the first fit as it is there, where it chooses among penalties; there is only one.
 * Cost: epochs (hundreds, at most 5,000) times the entries that are ablated. Memory: 8·(2m + 4n)
 * bytes per example.
 */
public final class LeastSquaresSagaEstimator implements Estimator {
  /** The name of this method. */
  public static final String NAME = "least-squares-saga";

  /** Examples that share a sweep; as many as fill a cache line. */
  private static final int BLOCK = 8;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public ComponentModels fit(TrainingData data, FitContext context) {
    CentredOutputs y = CentredOutputs.of(data);
    CentredMasks masks = new CentredMasks(context.algebra(), data.masks());
    int m = data.rows();
    int n = data.columns();
    int examples = data.examples();
    double[] theta = new double[Math.multiplyExact(n, examples)];
    int[] epochs = new int[examples];
    ListedRows x = ListedRows.of(data.masks());
    int batch = Math.max(1, (m + Saga.BATCHES / 2) / Saga.BATCHES);
    Saga first = new Saga(x, m - m / 10, batch);
    Saga all = new Saga(x, m, batch);
    int blocks = (examples + BLOCK - 1) / BLOCK;
    List<Saga.Result> results =
        Parallel.map(
            "SAGA",
            blocks,
            context,
            block -> {
              double[][] some =
                  Arrays.copyOfRange(
                      data.outputs(),
                      from(block, blocks, examples),
                      from(block + 1, blocks, examples));
              Saga.Result start = first.solve(some, new double[some.length][n], context.seed());
              return all.solve(some, start.attributions(), context.seed());
            });
    for (int block = 0; block < blocks; block++) {
      Saga.Result result = results.get(block);
      int from = from(block, blocks, examples);
      for (int i = 0; i < result.epochs().length; i++) {
        epochs[from + i] = result.epochs()[i];
        for (int j = 0; j < n; j++) {
          theta[j * examples + from + i] = result.attributions()[i][j];
        }
      }
    }
    return y.models(NAME, masks, theta, Map.of("epochs", epochs));
  }

  /** Blocks of equal size but for one. */
  private static int from(int block, int blocks, int examples) {
    return (int) ((long) block * examples / blocks);
  }
}
