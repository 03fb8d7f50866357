package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;

/** Ranks and Spearman's correlation of many series ({@code ranks.cu}), as {@code Lds} has them. */
final class RankKernels {
  private static final String MODULE = "ranks";
  private static final int MOST_THREADS = 512;

  private RankKernels() {}

  /**
   * Ranks from 1, tied values sharing the mean of theirs.
   *
   * @param values [series, length] of {@link ElementType#F64}
   * @param ranks [series, length] of {@link ElementType#F64}, overwritten
   * @param finite [series] of {@link ElementType#I32}, overwritten: 0 where a value is NaN or
   *     infinite, and the ranks without meaning
   */
  static void ranks(Device device, DeviceArray values, DeviceArray ranks, DeviceArray finite) {
    values.requireAxes(F64, 2);
    int series = values.extent(0);
    int length = values.extent(1);
    if (length > 1 << 29) {
      throw new IllegalArgumentException("too long to sort: " + values);
    }
    int padded = length <= 1 ? 1 : Integer.highestOneBit(length - 1) << 1;
    try (DeviceScope scope = device.scope()) {
      device
          .kernel(MODULE, "rank_series")
          .grid(series, 1, 1)
          .block(threads(length), 1)
          .with(values)
          .with(scope.array("keys", F64, series, padded))
          .with(scope.array("places", I32, series, padded))
          .with(ranks.require(F64, series, length))
          .with(finite.require(I32, series))
          .with(length)
          .with(padded)
          .launch();
    }
  }

  private static int threads(int length) {
    return Math.min(Launch.wholeWarps(Math.ceilDiv(length, 2)), MOST_THREADS);
  }

  /**
   * Spearman's correlation of every pair of series; 0 where it does not exist.
   *
   * @param predicted [series, length] of {@link ElementType#F64}
   * @param truth [series, length] of {@link ElementType#F64}
   * @param scores [series] of {@link ElementType#F64}, overwritten
   */
  static void spearman(
      Device device, DeviceArray predicted, DeviceArray truth, DeviceArray scores) {
    predicted.requireAxes(F64, 2);
    int series = predicted.extent(0);
    int length = predicted.extent(1);
    truth.require(F64, series, length);
    try (DeviceScope scope = device.scope()) {
      DeviceArray ranks = scope.array("ranks of predictions", F64, series, length);
      DeviceArray finite = scope.array("finite predictions", I32, series);
      DeviceArray others = scope.array("ranks of outputs", F64, series, length);
      DeviceArray othersFinite = scope.array("finite outputs", I32, series);
      ranks(device, predicted, ranks, finite);
      ranks(device, truth, others, othersFinite);
      device
          .kernel(MODULE, "rank_correlation")
          .grid(series, 1, 1)
          .block(threads(length), 1)
          .with(ranks)
          .with(finite)
          .with(others)
          .with(othersFinite)
          .with(scores.require(F64, series))
          .with(length)
          .launch();
    }
  }
}
