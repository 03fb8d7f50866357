package io.ablate.estimate;

import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.RandomStreams;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * How {@link ReluEstimator} trains: the number of epochs after which the error on rows left out was
 * least, then so many epochs on all rows from the same start. Few rows validate poorly: then up to
 * four networks, each leaving out another quarter, vote by the sum of their errors.
 *
 * <p>Examples go in step, so that one call serves all of them; each draws from its own stream and
 * stops for itself, hence gets what it would get alone. Thread-safe.
 */
final class ReluTraining {
  private static final int BATCH = 16;
  private static final float RATE = 1e-3f;
  private static final double VALIDATION_SHARE = .25;
  private static final int FEW_ROWS = 800;
  private static final int PATIENCE = 10;
  private static final int MAX_EPOCHS = 200;

  private final NetworkTrainer trainer;
  private final Progress progress;
  private final SparseRows rows;
  private final int units;
  private final long[] inputSeeds;
  private final int validation;
  private final int train;
  private final int splits;

  /**
   * @param inputSeeds see {@link NetworkStart}
   */
  ReluTraining(FitContext context, SparseRows rows, int units, long[] inputSeeds) {
    this.trainer = context.networks();
    this.progress = context.progress();
    this.rows = rows;
    this.units = units;
    this.inputSeeds = inputSeeds;
    int m = rows.ones().length;
    this.validation = Math.max(1, (int) Math.round(VALIDATION_SHARE * m));
    this.train = m - validation;
    this.splits = Math.clamp(FEW_ROWS / m, 1, Math.min(4, m / validation));
  }

  /** Numbers that the networks of one example hold: weights and their moments, rows and orders. */
  long floats() {
    return splits * (3L * (rows.columns() + 3) * units + 3L * rows.ones().length);
  }

  /**
   * @param theta w₂ᵀW₁, by listed components
   */
  record Outcome(double[] theta, ReluEstimator.Training training) {}

  /** One example on its way. */
  static final class Course {
    private final float[] target;
    private final SplittableRandom random;
    private final long start;
    private final int[] order;
    private double least = Double.POSITIVE_INFINITY;
    private int best = 1;
    private int searched;

    private Course(float[] target, SplittableRandom random) {
      this.target = target;
      this.random = random;
      this.start = random.nextLong();
      this.order = IntStream.range(0, target.length).toArray();
      RandomStreams.shuffle(order, order.length, random);
    }

    /**
     * At its beginning.
     *
     * @param y outputs by row, not all the same
     * @param example its number, which chooses the random stream
     */
    static Course of(double[] y, long seed, int example) {
      int m = y.length;
      double mean = Arrays.stream(y).sum() / m;
      double deviation = Math.sqrt(Arrays.stream(y).map(v -> (v - mean) * (v - mean)).sum() / m);
      float[] target = new float[m];
      for (int row = 0; row < m; row++) {
        target[row] = (float) ((y[row] - mean) / deviation);
      }
      return new Course(target, RandomStreams.stream(seed, example));
    }

    private boolean searches() {
      return searched < MAX_EPOCHS && searched + 1 - best <= PATIENCE;
    }

    private void validated(double error) {
      searched++;
      if (error < least) {
        least = error;
        best = searched;
      }
    }
  }

  /** Trains the networks of all courses, which end with it. */
  List<Outcome> train(List<Course> courses) {
    if (courses.isEmpty()) {
      return List.of();
    }
    search(courses);
    int m = rows.ones().length;
    try (NetworkTrainer.AdamNetworks networks = networks(courses, 1)) {
      int longest = courses.stream().mapToInt(course -> course.best).max().orElse(0);
      int[][] orders = new int[courses.size()][];
      for (int epoch = 0; epoch < longest; epoch++) {
        for (int i = 0; i < orders.length; i++) {
          Course course = courses.get(i);
          orders[i] = epoch < course.best ? shuffled(course.order, m, course.random) : null;
        }
        epoch(networks, orders, m);
      }
      double[][] theta = networks.extract();
      return IntStream.range(0, theta.length)
          .mapToObj(
              i -> {
                Course course = courses.get(i);
                long steps = (long) course.searched * splits * train + (long) course.best * m;
                return new Outcome(theta[i], new ReluEstimator.Training(course.best, steps));
              })
          .toList();
    }
  }

  /** Finds every course's best number of epochs. */
  private void search(List<Course> courses) {
    int m = rows.ones().length;
    int[][] all = new int[courses.size() * splits][m];
    for (int i = 0; i < all.length; i++) {
      int[] order = courses.get(i / splits).order;
      for (int at = 0; at < m; at++) {
        all[i][at] = order[(at + i % splits * validation) % m];
      }
    }
    try (NetworkTrainer.AdamNetworks networks = networks(courses, splits)) {
      int[][] orders = new int[all.length][];
      while (courses.stream().anyMatch(Course::searches)) {
        for (int i = 0; i < all.length; i++) {
          Course course = courses.get(i / splits);
          orders[i] = course.searches() ? shuffled(all[i], train, course.random) : null;
        }
        epoch(networks, orders, train);
        double[] errors = networks.errors(orders, train, m);
        for (int i = 0; i < courses.size(); i++) {
          if (orders[i * splits] != null) {
            double sum = 0;
            for (int split = 0; split < splits; split++) {
              sum += errors[i * splits + split];
            }
            courses.get(i).validated(sum);
          }
        }
        if (courses.size() > 1) { // of single ones the caller tells
          long stopped = courses.stream().filter(course -> !course.searches()).count();
          progress.update("early stopping", stopped, courses.size());
        }
      }
    }
  }

  private NetworkTrainer.AdamNetworks networks(List<Course> courses, int each) {
    float[][] target = new float[courses.size() * each][];
    long[] seeds = new long[target.length];
    for (int i = 0; i < target.length; i++) {
      target[i] = courses.get(i / each).target;
      seeds[i] = courses.get(i / each).start;
    }
    return trainer.adam(rows, target, new NetworkStart(units, seeds, inputSeeds), RATE);
  }

  private static int[] shuffled(int[] order, int count, SplittableRandom random) {
    RandomStreams.shuffle(order, count, random);
    return order;
  }

  private static void epoch(NetworkTrainer.AdamNetworks networks, int[][] orders, int rows) {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedRunException(Problem.of("fit interrupted").at("networks"));
    }
    networks.epoch(orders, rows, BATCH);
  }
}
