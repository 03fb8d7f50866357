package io.ablate.estimate;

import io.ablate.base.RandomStreams;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * SAGA (Defazio, Bach, Lacoste-Julien 2014) for least squares of standardised masks on the first
 * rows, in mini-batches, many examples in step. With standardised column (x − x̄)/σ and weight w,
 * the weights held are v = w/σ: the step for v is the step for w over σ², and products with x − x̄
 * are sums over listed entries and one term that all columns share. Thread-safe.
 */
final class Saga {
  static final double RATE = 1e-3;
  static final int BATCHES = 20;
  static final int CHECK_EVERY = 3;

  /** Greatest square of (σ · change of a weight) in an epoch that counts as standing still. */
  static final double STANDSTILL = 1e-10;

  static final int MOST_EPOCHS = 5000;

  private final ListedRows x;
  private final int rows;
  private final int batch;
  private final double[] share;
  private final double[] variance;
  private final double[] rate;

  /**
   * @param rows how many rows to use
   * @param batch rows in a mini-batch
   */
  Saga(ListedRows x, int rows, int batch) {
    this.x = x;
    this.rows = rows;
    this.batch = batch;
    this.share = x.shares(rows);
    this.variance = Arrays.stream(share).map(p -> p * (1 - p)).toArray();
    this.rate = Arrays.stream(variance).map(v -> v > 0 ? RATE / v : 0).toArray();
  }

  /**
   * @param attributions examples × n
   * @param epochs one per example
   */
  record Result(double[][] attributions, int[] epochs) {}

  /**
   * Goes on until every example stands still.
   *
   * @param outputs examples × rows or longer; need not be centred
   * @param start attributions to start from, examples × n
   * @param seed of the order of the rows, which all examples share
   */
  Result solve(double[][] outputs, double[][] start, long seed) {
    int examples = outputs.length;
    double[][] attributions = new double[examples][x.columns()];
    int[] epochs = new int[examples];
    Lanes lanes = new Lanes(outputs, start);
    SplittableRandom random = RandomStreams.stream(seed, rows);
    int[] order = new int[rows];
    Arrays.setAll(order, row -> row);
    for (int epoch = 1; lanes.count() > 0; epoch++) {
      double[] before = lanes.v.clone();
      RandomStreams.shuffle(order, rows, random);
      for (int from = 0; from < rows; from += batch) {
        lanes.step(order, from, Math.min(rows, from + batch));
      }
      if (epoch % CHECK_EVERY == 0) {
        boolean[] done = lanes.standing(before);
        for (int lane = 0; lane < done.length; lane++) {
          if (done[lane] || epoch >= MOST_EPOCHS) {
            done[lane] = true;
            attributions[lanes.example[lane]] = lanes.attributions(lane);
            epochs[lanes.example[lane]] = epoch;
          }
        }
        lanes.remove(done);
      }
    }
    return new Result(attributions, epochs);
  }

  /** The examples still at work, side by side: matrices have a column per lane. */
  private final class Lanes {
    private int[] example;
    private double[] deviation;
    private double[] outputs;
    private double[] v;

    /** Residual of every row when it was last seen. */
    private double[] residual;

    /** Mean over the rows of their gradients when last seen. */
    private double[] average;

    /** x̄ᵀv. */
    private double[] offset;

    private double[] gradient;

    Lanes(double[][] all, double[][] start) {
      int n = x.columns();
      int lanes = 0;
      this.example = new int[all.length];
      this.deviation = new double[all.length];
      double[] mean = new double[all.length];
      for (int e = 0; e < all.length; e++) {
        double first = all[e][0];
        double sum = Arrays.stream(all[e], 0, rows).map(y -> y - first).sum() / rows;
        mean[lanes] = first + sum;
        double square =
            Arrays.stream(all[e], 0, rows).map(y -> (y - first - sum) * (y - first - sum)).sum();
        if (square > 0) { // a constant is fitted by no effects
          deviation[lanes] = Math.sqrt(square / rows);
          example[lanes++] = e;
        }
      }
      this.example = Arrays.copyOf(example, lanes);
      this.deviation = Arrays.copyOf(deviation, lanes);
      this.outputs = new double[Math.multiplyExact(rows, lanes)];
      this.v = new double[Math.multiplyExact(n, lanes)];
      this.residual = new double[outputs.length];
      this.average = new double[v.length];
      this.gradient = new double[v.length];
      this.offset = new double[lanes];
      for (int lane = 0; lane < lanes; lane++) {
        for (int row = 0; row < rows; row++) {
          outputs[row * lanes + lane] = (all[example[lane]][row] - mean[lane]) / deviation[lane];
        }
        for (int j = 0; j < n; j++) {
          // A column without variation has no effect that could be told from the intercept.
          v[j * lanes + lane] =
              variance[j] > 0 ? x.sign() * start[example[lane]][j] / deviation[lane] : 0;
          offset[lane] += share[j] * v[j * lanes + lane];
        }
      }
    }

    int count() {
      return example.length;
    }

    /** One mini-batch: the rows at places {@code from} to {@code to − 1} of the order. */
    void step(int[] order, int from, int to) {
      int lanes = count();
      double[] change = new double[lanes];
      double[] changes = new double[lanes];
      Arrays.fill(gradient, 0);
      for (int i = from; i < to; i++) {
        int row = order[i];
        int at = row * lanes;
        for (int lane = 0; lane < lanes; lane++) {
          change[lane] = -offset[lane] - outputs[at + lane] - residual[at + lane];
        }
        for (int k = x.start()[row]; k < x.start()[row + 1]; k++) {
          add(change, 0, v, x.listed()[k] * lanes, lanes);
        }
        add(residual, at, change, 0, lanes);
        add(changes, 0, change, 0, lanes);
        for (int k = x.start()[row]; k < x.start()[row + 1]; k++) {
          add(gradient, x.listed()[k] * lanes, change, 0, lanes);
        }
      }
      Arrays.fill(offset, 0);
      double perBatch = 1.0 / (to - from);
      double perRow = 1.0 / rows;
      for (int j = 0; j < share.length; j++) {
        int at = j * lanes;
        for (int lane = 0; lane < lanes; lane++) {
          double fresh = gradient[at + lane] - share[j] * changes[lane];
          double next = v[at + lane] - rate[j] * (fresh * perBatch + average[at + lane]);
          v[at + lane] = next;
          average[at + lane] += fresh * perRow;
          offset[lane] += share[j] * next;
        }
      }
    }

    /** Which lanes moved little since {@code before}. */
    boolean[] standing(double[] before) {
      int lanes = count();
      boolean[] standing = new boolean[lanes];
      Arrays.fill(standing, true);
      for (int i = 0; i < v.length; i++) {
        // σ times the change of w = σv, as in COAR's code.
        double moved = variance[i / lanes] * (v[i] - before[i]);
        standing[i % lanes] &= moved * moved < STANDSTILL;
      }
      return standing;
    }

    double[] attributions(int lane) {
      double[] own = new double[x.columns()];
      for (int j = 0; j < own.length; j++) {
        double scaled = deviation[lane] * v[j * count() + lane];
        own[j] = x.sign() > 0 ? scaled : 0 - scaled; // no negative zero
      }
      return own;
    }

    void remove(boolean[] done) {
      int lanes = count();
      int[] stay = IntStream.range(0, lanes).filter(i -> !done[i]).toArray();
      if (stay.length == lanes) {
        return;
      }
      example = Arrays.stream(stay).map(i -> example[i]).toArray();
      deviation = select(deviation, lanes, stay);
      outputs = select(outputs, lanes, stay);
      v = select(v, lanes, stay);
      residual = select(residual, lanes, stay);
      average = select(average, lanes, stay);
      offset = select(offset, lanes, stay);
      gradient = new double[v.length];
    }

    private static double[] select(double[] matrix, int lanes, int[] stay) {
      double[] some = new double[matrix.length / lanes * stay.length];
      for (int i = 0; i < some.length; i++) {
        some[i] = matrix[i / stay.length * lanes + stay[i % stay.length]];
      }
      return some;
    }

    private static void add(double[] target, int to, double[] source, int from, int lanes) {
      for (int lane = 0; lane < lanes; lane++) {
        target[to + lane] += source[from + lane];
      }
    }
  }
}
