package io.ablate.estimate;

import java.util.Arrays;
import java.util.List;

/**
 * {@link CoordinateDescent} of one example after the other, in either form of {@link LassoRows}.
 */
final class JavaLassoSolver implements LassoSolver {
  static final JavaLassoSolver INSTANCE = new JavaLassoSolver();

  private JavaLassoSolver() {}

  @Override
  public String name() {
    return "java";
  }

  /** Examples share nothing that a processor's cache could hold. */
  @Override
  public int examplesTogether(int examples, long bytes) {
    return 1;
  }

  @Override
  public int callsAtOnce(int threads) {
    return threads;
  }

  @Override
  public Rows rows(List<LassoFold> folds) {
    return new Shared(List.copyOf(folds));
  }

  private record Shared(List<LassoFold> folds) implements Rows {
    @Override
    public Block block(int[] examples) {
      return new Each(folds.stream().map(fold -> OneByOne.of(fold, examples)).toList());
    }

    @Override
    public void close() {}
  }

  private record Each(List<OneByOne> folds) implements Block {
    @Override
    public Descents on(int fold) {
      return folds.get(fold);
    }

    @Override
    public void close() {}
  }

  private record OneByOne(LassoFold fold, int[] examples, CoordinateDescent[] each)
      implements Descents {
    static OneByOne of(LassoFold fold, int[] examples) {
      return new OneByOne(
          fold,
          examples.clone(),
          Arrays.stream(examples)
              .mapToObj(e -> new CoordinateDescent(fold.example(e)))
              .toArray(CoordinateDescent[]::new));
    }

    @Override
    public double[] greatestLambda() {
      return Arrays.stream(each).mapToDouble(CoordinateDescent::greatestLambda).toArray();
    }

    @Override
    public void solve(double[] lambda, double tolerance) {
      for (int i = 0; i < each.length; i++) {
        if (!Double.isNaN(lambda[i])) {
          each[i].solve(lambda[i], tolerance);
        }
      }
    }

    @Override
    public double[] heldOutErrors() {
      double[] errors = new double[each.length];
      Arrays.setAll(errors, i -> fold.heldOutError(examples[i], each[i]));
      return errors;
    }

    @Override
    public double[][] theta() {
      return Arrays.stream(each).map(descent -> descent.theta().clone()).toArray(double[][]::new);
    }
  }
}
