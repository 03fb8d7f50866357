package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;

import io.ablate.linalg.MaskRegression;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/**
 * Normal equations on a device: masks go there once, outputs once, coefficients come back. Outputs
 * are handed over by as many at once as free memory holds.
 */
final class DeviceRegression implements MaskRegression {
  /** Outputs, centred ones, fitted ones; coefficients, turned ones, corrections. */
  private static final double VECTORS = 3;

  private final SharedDevice shared;
  private final DeviceNormalEquations equations;
  private final double norm;
  private final boolean definite;

  DeviceRegression(SharedDevice shared, MaskMatrix x, double[] columnCounts, boolean byRows) {
    this.shared = shared;
    double constant = byRows ? meanEigenvalue(x.rows(), columnCounts) / x.rows() : 0;
    this.equations = new DeviceNormalEquations(shared, x, byRows, constant);
    try {
      this.norm = shared.call(device -> RegressionKernels.infinityNorm(device, equations.matrix()));
      this.definite =
          shared.call(device -> CholeskyKernels.factor(device, equations.matrix()) == 0);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** The trace of X̃X̃ᵀ over its size; sums of whole numbers. */
  private static double meanEigenvalue(int rows, double[] columnCounts) {
    double trace = 0;
    for (double count : columnCounts) {
      trace += (rows * count - count * count) / rows;
    }
    return trace / rows;
  }

  /** Of the matrix. */
  private DeviceArray factor() {
    return equations.matrix();
  }

  @Override
  public double condition(double[] probes, int count) {
    if (!definite) {
      return Double.POSITIVE_INFINITY;
    }
    double[] stretched =
        shared.call(
            device -> {
              try (DeviceScope local = device.scope()) {
                DeviceArray sides = local.copy("probes", probes, probes.length / count, count);
                CholeskyKernels.solve(device, factor(), sides);
                return device.readDoubles(sides);
              }
            });
    double[] squares = new double[count];
    for (int i = 0; i < stretched.length; i++) {
      squares[i % count] += stretched[i] * stretched[i];
    }
    return norm * Math.sqrt(Arrays.stream(squares).max().orElse(0));
  }

  @Override
  public double[][] solve(double[][] outputs, boolean refine) {
    double[][] theta = new double[outputs.length][];
    for (int from = 0; from < outputs.length; ) {
      int first = from;
      double[][] found =
          shared.call(
              device -> solve(device, equations.next(device, VECTORS, outputs, first), refine));
      System.arraycopy(found, 0, theta, from, found.length);
      from += found.length;
    }
    return theta;
  }

  /** Coefficients of one block, examples × columns. */
  private double[][] solve(Device device, double[][] outputs, boolean refine) {
    int rows = equations.rows();
    int columns = equations.columns();
    int k = outputs.length;
    try (DeviceScope local = device.scope()) {
      DeviceArray y = equations.centred(device, local, outputs);
      DeviceArray theta = local.array("coefficients", F64, columns, k);
      try (DeviceScope correcting = device.scope()) {
        // What is left of the outputs is asked for again: the sides are needed once more then.
        DeviceArray sides = refine ? correcting.array("right sides", F64, rows, k) : y;
        if (refine) {
          device.copy(sides, y);
        }
        coefficients(device, sides, theta);
        if (refine) {
          ProductKernels.times(device, equations.turned(), theta, sides);
          RegressionKernels.addScaled(device, y, sides, -1);
          RegressionKernels.centre(device, y);
          DeviceArray more = correcting.array("correction", F64, columns, k);
          coefficients(device, y, more);
          RegressionKernels.addScaled(device, theta, more, 1);
        }
      }
      return equations.attributions(device, theta);
    }
  }

  /**
   * θ for centred outputs.
   *
   * @param sides [rows, k]; overwritten in the form by rows
   */
  private void coefficients(Device device, DeviceArray sides, DeviceArray theta) {
    if (equations.byRows()) {
      CholeskyKernels.solve(device, factor(), sides);
      ProductKernels.times(device, equations.words(), sides, theta);
    } else {
      ProductKernels.times(device, equations.words(), sides, theta);
      CholeskyKernels.solve(device, factor(), theta);
    }
  }

  @Override
  public void close() {
    equations.close();
  }
}
