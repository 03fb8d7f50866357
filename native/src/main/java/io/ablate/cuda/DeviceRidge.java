package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;

import io.ablate.linalg.MaskRidge;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Ridge regression on a device by a Cholesky factor of A + λI for every λ, A = X̃X̃ᵀ or X̃ᵀX̃. With
 * C = X̃X̃ᵀ + λI the residual is r = λC⁻¹y and a row's leverage h_i = 1 + 1/m − λ(C⁻¹)_ii, for C
 * has the eigenvalue λ at the ones; by X̃ᵀX̃ + λI = LLᵀ it is h_i = 1/m + ‖L⁻¹x̃_i‖². Masks and
 * outputs go there once; for every λ an error per output comes back.
 */
final class DeviceRidge implements MaskRidge {
  /** Outputs, and residuals or what is being turned; right sides and coefficients. */
  private static final double VECTORS = 2;

  /** Right sides that leverages are found from at once. */
  private static final int MOST_SIDES = 4096;

  private final SharedDevice shared;
  private final DeviceNormalEquations equations;

  /** [size, size], for the factor of the λ at hand. */
  private final DeviceArray factor;

  /** Of the masks' columns. */
  private final DeviceArray means;

  /** 1 − h_i of every row, by λ: the same for all outputs. */
  private final Map<Double, DeviceArray> rests = new HashMap<>();

  private @Nullable Loaded loaded;

  /**
   * Outputs at hand.
   *
   * @param y centred outputs, [rows, k]
   * @param sides y or X̃ᵀy, [size, k]
   */
  private record Loaded(DeviceScope scope, DeviceArray y, DeviceArray sides) {
    int count() {
      return y.extent(1);
    }
  }

  DeviceRidge(SharedDevice shared, MaskMatrix x, double[] columnCounts, boolean byRows) {
    this.shared = shared;
    this.equations = new DeviceNormalEquations(shared, x, byRows, 0);
    int size = equations.size();
    try {
      this.factor = shared.call(device -> equations.scope().array("factor", F64, size, size));
      double[] ofColumns = Arrays.stream(columnCounts).map(count -> count / x.rows()).toArray();
      this.means =
          shared.call(device -> equations.scope().copy("means", ofColumns, ofColumns.length));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public int load(double[][] outputs, int from) {
    return shared.call(
        device -> {
          unload();
          double[][] next = equations.next(device, VECTORS, outputs, from);
          DeviceScope scope = device.scope();
          try {
            DeviceArray y = equations.centred(device, scope, next);
            // Rounding of a mean that is large beside the scatter; a small λ would stretch it.
            RegressionKernels.centre(device, y);
            DeviceArray sides = y;
            if (!equations.byRows()) {
              sides = scope.array("right sides", F64, equations.columns(), next.length);
              ProductKernels.times(device, equations.words(), y, sides);
            }
            loaded = new Loaded(scope, y, sides);
          } catch (RuntimeException e) {
            scope.close();
            throw e;
          }
          return next.length;
        });
  }

  private void unload() {
    if (loaded != null) {
      loaded.scope().close();
      loaded = null;
    }
  }

  private Loaded loaded() {
    if (loaded == null) {
      throw new IllegalStateException("no outputs were loaded");
    }
    return loaded;
  }

  @Override
  public double[] leaveOneOut(double lambda) {
    Loaded at = loaded();
    int k = at.count();
    return shared.call(
        device -> {
          factor(device, lambda);
          DeviceArray rest = rest(device, lambda);
          try (DeviceScope local = device.scope()) {
            DeviceArray solved = local.array("solved", F64, equations.size(), k);
            device.copy(solved, at.sides());
            solve(device, solved);
            DeviceArray errors = local.array("errors", F64, k);
            if (equations.byRows()) {
              RidgeKernels.leaveOneOut(device, solved, rest, lambda, errors);
            } else {
              DeviceArray residual = local.array("residual", F64, equations.rows(), k);
              ProductKernels.times(device, equations.turned(), solved, residual);
              RegressionKernels.addScaled(device, residual, at.y(), -1);
              RegressionKernels.centre(device, residual);
              RidgeKernels.leaveOneOut(device, residual, rest, 1, errors);
            }
            return device.readDoubles(errors);
          }
        });
  }

  /** Of A + λI, in place of the last one. */
  private void factor(Device device, double lambda) {
    device.copy(factor, equations.matrix());
    RidgeKernels.addToDiagonal(device, factor, lambda);
    if (CholeskyKernels.factor(device, factor) != 0) {
      throw new IllegalStateException(
          "the normal matrix plus " + lambda + " on its diagonal is not positive definite");
    }
  }

  /** Sides [size, k] become (A + λI)⁻¹ times them. */
  private void solve(Device device, DeviceArray sides) {
    CholeskyKernels.solve(device, factor, sides);
    if (equations.byRows()) {
      // Outputs have no share of the ones; what rounding gave them, the least eigenvalue stretches.
      RegressionKernels.centre(device, sides);
    }
  }

  /** From the factor at hand, in blocks of right sides. */
  private DeviceArray rest(Device device, double lambda) {
    DeviceArray known = rests.get(lambda);
    if (known != null) {
      return known;
    }
    int rows = equations.rows();
    int size = equations.size();
    DeviceArray rest = equations.scope().array("1 - leverages", F64, rows);
    for (int first = 0; first < rows; ) {
      int count =
          DeviceNormalEquations.atOnce(
              device, (double) Double.BYTES * size, MOST_SIDES, rows - first);
      try (DeviceScope local = device.scope()) {
        DeviceArray sides = local.array("sides of leverages", F64, size, count);
        if (equations.byRows()) {
          RidgeKernels.unitColumns(device, first, sides);
          CholeskyKernels.solveForward(device, factor, sides, first);
          RidgeKernels.squaredNorms(device, sides, lambda, -1.0 / rows, rest, first);
        } else {
          RidgeKernels.centredMasks(device, equations.turned(), means, rows, first, sides);
          CholeskyKernels.solveForward(device, factor, sides, 0);
          RidgeKernels.squaredNorms(device, sides, -1, 1 - 1.0 / rows, rest, first);
        }
      }
      first += count;
    }
    rests.put(lambda, rest);
    return rest;
  }

  @Override
  public double[][] coefficients(double[] lambda) {
    Loaded at = loaded();
    if (lambda.length != at.count()) {
      throw new IllegalArgumentException(lambda.length + " λ for " + at.count() + " outputs");
    }
    Map<Double, int[]> examples = new LinkedHashMap<>();
    for (double value : lambda) {
      examples.computeIfAbsent(
          value,
          same -> IntStream.range(0, lambda.length).filter(e -> lambda[e] == same).toArray());
    }
    double[][] theta = new double[lambda.length][];
    examples.forEach(
        (value, which) -> {
          double[][] found = shared.call(device -> coefficients(device, at, value, which));
          for (int i = 0; i < which.length; i++) {
            theta[which[i]] = found[i];
          }
        });
    return theta;
  }

  /** Those of some outputs, which share their λ. */
  private double[][] coefficients(Device device, Loaded at, double lambda, int[] which) {
    int k = which.length;
    factor(device, lambda);
    try (DeviceScope local = device.scope()) {
      DeviceArray solved = local.array("solved", F64, equations.size(), k);
      DeviceArray chosen = local.copy("outputs of a λ", which, k);
      RidgeKernels.gatherColumns(device, at.sides(), chosen, solved);
      solve(device, solved);
      if (!equations.byRows()) {
        return equations.attributions(device, solved);
      }
      DeviceArray theta = local.array("coefficients", F64, equations.columns(), k);
      ProductKernels.times(device, equations.words(), solved, theta);
      return equations.attributions(device, theta);
    }
  }

  @Override
  public void close() {
    shared.call(
        device -> {
          unload();
          return device;
        });
    equations.close();
  }
}
