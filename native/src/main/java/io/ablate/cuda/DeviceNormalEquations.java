package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;

/**
 * What regressions on centred masks X̃ keep on a device: masks, which go there once, and X̃ᵀX̃ or
 * X̃X̃ᵀ. For one thread at a time.
 */
final class DeviceNormalEquations implements AutoCloseable {
  private static final double SHARE_OF_MEMORY = .6;

  private final SharedDevice shared;
  private final boolean byRows;
  private final int rows;
  private final int columns;
  private final DeviceScope scope;
  private final DeviceArray words;
  private final DeviceArray turned;
  private final DeviceArray matrix;

  /**
   * Copies masks and forms the matrix.
   *
   * @param byRows whether by X̃X̃ᵀ, else by X̃ᵀX̃
   * @param constant added to every entry of X̃X̃ᵀ
   */
  DeviceNormalEquations(SharedDevice shared, MaskMatrix x, boolean byRows, double constant) {
    this.shared = shared;
    this.byRows = byRows;
    this.rows = x.rows();
    this.columns = x.columns();
    this.scope = shared.call(Device::scope);
    try {
      this.words = shared.call(device -> scope.copy("masks", x.words(), rows, x.wordsPerRow()));
      this.turned = shared.call(this::turn);
      this.matrix = shared.call(device -> form(device, constant));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private DeviceArray turn(Device device) {
    DeviceArray target = scope.array("columns", I64, columns, MaskMatrix.wordsPerRow(rows));
    MaskKernels.transpose(device, words, columns, target);
    return target;
  }

  private DeviceArray form(Device device, double constant) {
    DeviceArray formed = scope.array("normal matrix", F64, size(), size());
    try (DeviceScope local = device.scope()) {
      DeviceArray counts = local.array("counts", I32, size(), size());
      GramKernels.counts(device, byRows ? words : turned, counts);
      if (byRows) {
        GramKernels.centreKernel(device, counts, constant, formed);
      } else {
        GramKernels.centreGram(device, counts, rows, formed);
      }
    }
    return formed;
  }

  boolean byRows() {
    return byRows;
  }

  int rows() {
    return rows;
  }

  int columns() {
    return columns;
  }

  /** Rows of the matrix. */
  int size() {
    return byRows ? rows : columns;
  }

  /** Owner of what is to live as long as this. */
  DeviceScope scope() {
    return scope;
  }

  /** [rows, words], for products with Xᵀ. */
  DeviceArray words() {
    return words;
  }

  /** [columns, words of rows], for products with X. */
  DeviceArray turned() {
    return turned;
  }

  /** [size, size] of {@link ElementType#F64}; the caller's to change. */
  DeviceArray matrix() {
    return matrix;
  }

  /**
   * How many of {@code left} columns of so many bytes to hold at once, at least one. Where that is
   * not all, it is such a number that how much memory there is does not show in what a library
   * computes: a multiple of {@link DenseProducts#COLUMNS}, if so many can be held.
   *
   * @param most that can be held whatever the memory
   */
  static int atOnce(Device device, double bytesEach, int most, int left) {
    double free = SHARE_OF_MEMORY * device.freeBytes();
    int held = (int) Math.clamp(free / bytesEach, 1, Math.min(most, left));
    return held == left || held < DenseProducts.COLUMNS
        ? held
        : held / DenseProducts.COLUMNS * DenseProducts.COLUMNS;
  }

  /**
   * The next of these outputs that memory holds at once, and whose coefficients one array of the
   * host does.
   *
   * @param vectors of rows and of columns that each of them needs
   */
  double[][] next(Device device, double vectors, double[][] outputs, int from) {
    double each = vectors * Double.BYTES * ((double) rows + columns);
    int most = Integer.MAX_VALUE / Math.max(1, columns);
    int count = atOnce(device, each, most, outputs.length - from);
    return Arrays.copyOfRange(outputs, from, from + count);
  }

  /** Outputs less their means, [rows, outputs], in {@code owner}; as much again in passing. */
  DeviceArray centred(Device device, DeviceScope owner, double[][] outputs) {
    int k = outputs.length;
    DeviceArray y = owner.array("centred outputs", F64, rows, k);
    try (DeviceScope upload = device.scope()) {
      DeviceArray given = upload.array("outputs", F64, k, rows);
      device.writeRows(given, outputs);
      RegressionKernels.turn(device, given, y);
    }
    RegressionKernels.centre(device, y);
    return y;
  }

  /** Copies coefficients [columns, k] to the host, k × columns. */
  double[][] attributions(Device device, DeviceArray theta) {
    int k = theta.extent(1);
    try (DeviceScope local = device.scope()) {
      DeviceArray result = local.array("attributions", F64, k, columns);
      RegressionKernels.turn(device, theta, result);
      double[][] attributions = new double[k][columns];
      device.readRows(result, attributions);
      return attributions;
    }
  }

  @Override
  public void close() {
    shared.callAndTrim(
        device -> {
          scope.close();
          return device;
        });
  }
}
