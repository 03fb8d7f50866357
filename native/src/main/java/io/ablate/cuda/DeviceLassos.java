package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;

import io.ablate.estimate.LassoFold;
import io.ablate.estimate.LassoSolver;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/** Lassos of several examples on a device, one block of threads each ({@link LassoKernels}). */
final class DeviceLassos implements LassoSolver.Descents {
  private final SharedDevice shared;
  private final Shared rows;
  private final double[] squares;
  private final double[] greatest;

  /** The λ of every example's last solution. */
  private final double[] previous;

  private final State state;

  /**
   * What all examples of a fold share.
   *
   * @param gram [columns, columns]
   * @param leftOut masks of the rows left out, [rows, words]
   * @param means [columns]
   */
  record Shared(DeviceArray gram, DeviceArray leftOut, DeviceArray means) {
    static Shared of(DeviceScope scope, LassoFold fold) {
      int n = fold.columns();
      MaskMatrix left = fold.heldOutMasks();
      return new Shared(
          scope.copy("Gram matrix", fold.gram(), n, n),
          scope.copy("masks left out", left.words(), left.rows(), left.wordsPerRow()),
          scope.copy("means", fold.columnMeans(), n));
    }
  }

  /**
   * @param gradient [examples, columns]
   * @param theta [examples, columns]
   * @param lists columns that take part in sweeps, [examples, columns]
   * @param lengths of the lists, [examples]
   * @param deviations outputs left out less the mean of the others, [examples, rows]
   */
  private record State(
      DeviceArray gradient,
      DeviceArray theta,
      DeviceArray lists,
      DeviceArray lengths,
      DeviceArray deviations) {}

  /**
   * @param scope owns what this needs
   */
  DeviceLassos(
      SharedDevice shared, DeviceScope scope, LassoFold fold, Shared rows, int[] examples) {
    this.shared = shared;
    this.rows = rows;
    this.squares = Arrays.stream(examples).mapToDouble(fold::outputSquare).toArray();
    this.greatest = new double[examples.length];
    this.state = shared.call(_ -> start(scope, fold, examples));
    this.previous = greatest.clone();
  }

  private State start(DeviceScope scope, LassoFold fold, int[] examples) {
    int count = examples.length;
    int n = fold.columns();
    double[] gradient = new double[Math.multiplyExact(count, n)];
    double[] deviations = new double[Math.multiplyExact(count, fold.heldOut())];
    for (int i = 0; i < count; i++) {
      double[] own = fold.covariance(examples[i]);
      greatest[i] = Arrays.stream(own).map(Math::abs).max().orElse(0);
      System.arraycopy(own, 0, gradient, i * n, n);
      double[] left = fold.heldOutDeviations(examples[i]);
      System.arraycopy(left, 0, deviations, i * left.length, left.length);
    }
    return new State(
        scope.copy("gradient", gradient, count, n),
        scope.zeros("theta", F64, count, n),
        scope.array("lists", I32, count, n),
        scope.zeros("lengths", I32, count),
        scope.copy("outputs left out", deviations, count, fold.heldOut()));
  }

  @Override
  public double[] greatestLambda() {
    return greatest.clone();
  }

  @Override
  public void solve(double[] lambda, double tolerance) {
    double[] enough = Arrays.stream(squares).map(v -> tolerance * tolerance * v).toArray();
    shared.call(
        device -> {
          try (DeviceScope local = device.scope()) {
            LassoKernels.solve(
                device,
                rows.gram(),
                state.gradient(),
                state.theta(),
                state.lists(),
                state.lengths(),
                local.copy("lambda", lambda, lambda.length),
                local.copy("last lambda", previous, lambda.length),
                local.copy("enough", enough, lambda.length));
            return device;
          }
        });
    for (int i = 0; i < lambda.length; i++) {
      previous[i] = Double.isNaN(lambda[i]) ? previous[i] : lambda[i];
    }
  }

  @Override
  public double[] heldOutErrors() {
    return shared.call(
        device -> {
          try (DeviceScope local = device.scope()) {
            DeviceArray errors = local.array("errors", F64, squares.length);
            LassoKernels.errors(
                device, rows.leftOut(), rows.means(), state.theta(), state.deviations(), errors);
            return device.readDoubles(errors);
          }
        });
  }

  @Override
  public double[][] theta() {
    double[] flat = shared.call(device -> device.readDoubles(state.theta()));
    return DeviceAdamNetworks.split(flat, state.theta().extent(1));
  }
}
