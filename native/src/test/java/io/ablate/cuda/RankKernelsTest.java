package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.evaluate.Lds;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranks and Spearman's correlation are the engine's, bit for bit. */
class RankKernelsTest extends KernelContract {
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 31, 32, 33, 63, 64, 65, 257, 1000})
  void shouldRankAndCorrelateExactly(int length) {
    int series = 7;
    double[][] predicted = new double[series][];
    double[][] truth = new double[series][];
    SplittableRandom random = new SplittableRandom(length);
    for (int s = 0; s < series; s++) {
      predicted[s] = random(length, s);
      truth[s] = random(length, 50 + s);
    }
    // Many ties and both zeros, a constant, a NaN, an infinity, a perfect and a reversed
    // prediction.
    predicted[0] = Arrays.stream(predicted[0]).map(v -> Math.rint(3 * v) / -4).toArray();
    Arrays.fill(predicted[1], .1);
    if (length > 0) {
      predicted[2][random.nextInt(length)] = Double.NaN;
      truth[3][random.nextInt(length)] = Double.POSITIVE_INFINITY;
    }
    predicted[4] = truth[4].clone();
    predicted[5] = Arrays.stream(truth[5]).map(v -> -v * v * v).toArray();
    DeviceArray p = scope.copy("predicted", flat(predicted), series, length);
    DeviceArray t = scope.copy("truth", flat(truth), series, length);
    DeviceArray scores = scope.array("scores", F64, series);
    RankKernels.spearman(device, p, t, scores);
    assertThat(device.readDoubles(scores)).isEqualTo(Lds.spearman(predicted, truth));

    DeviceArray ranks = scope.array("ranks", F64, series, length);
    DeviceArray finite = scope.array("finite", I32, series);
    RankKernels.ranks(device, p, ranks, finite);
    double[] found = device.readDoubles(ranks);
    int[] flags = device.readInts(finite);
    for (int s = 0; s < series; s++) {
      assertThat(flags[s]).isEqualTo(s == 2 && length > 0 ? 0 : 1);
      if (flags[s] == 1) {
        assertThat(Arrays.copyOfRange(found, s * length, (s + 1) * length))
            .isEqualTo(ranks(predicted[s]));
      }
    }
  }

  /** By counting. */
  private static double[] ranks(double[] values) {
    double[] ranks = new double[values.length];
    for (int i = 0; i < ranks.length; i++) {
      double value = values[i];
      long less = Arrays.stream(values).filter(v -> v < value).count();
      long same = Arrays.stream(values).filter(v -> v == value).count();
      ranks[i] = less + (same + 1) / 2.0;
    }
    return ranks;
  }

  private static double[] flat(double[][] series) {
    return Arrays.stream(series).flatMapToDouble(Arrays::stream).toArray();
  }
}
