package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static io.ablate.cuda.ElementType.I32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.estimate.EstimateOracles;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The lasso of many outputs at once is the engine's of each. */
class LassoKernelsTest extends KernelContract {
  private static final double TOLERANCE = 1e-7;

  @ParameterizedTest
  @CsvSource({"40,1,1", "60,31,2", "70,33,3", "200,65,2", "150,130,1"})
  void shouldFollowAPathAsTheEngine(int rows, int columns, int outputs) {
    MaskMatrix masks = masks(rows, columns);
    double[] centred = EstimateOracles.gram(masks);
    float[] gram = new float[centred.length];
    for (int i = 0; i < gram.length; i++) {
      gram[i] = (float) (centred[i] / rows);
    }
    double[][] covariance = new double[outputs][];
    double[] squares = new double[outputs];
    for (int o = 0; o < outputs; o++) {
      double[] y = random(rows, 20 + o);
      double mean = Arrays.stream(y).sum() / rows;
      y = Arrays.stream(y).map(v -> v - mean).toArray();
      squares[o] = Arrays.stream(y).map(v -> v * v).sum() / rows;
      covariance[o] =
          Arrays.stream(new EjmlLinearAlgebra().transposeTimes(masks, y, 1))
              .map(v -> v / rows)
              .toArray();
    }
    double[] greatest =
        Arrays.stream(covariance)
            .mapToDouble(c -> Arrays.stream(c).map(Math::abs).max().orElse(0))
            .toArray();
    double[] shares = {1, .6, .3, .1};
    DeviceArray shared = scope.copy("gram", gram, columns, columns);
    DeviceArray gradient =
        scope.copy(
            "gradient",
            Arrays.stream(covariance).flatMapToDouble(Arrays::stream).toArray(),
            outputs,
            columns);
    DeviceArray theta = scope.zeros("theta", F64, outputs, columns);
    DeviceArray sweeps = scope.array("sweeps", I32, outputs);
    DeviceArray enough =
        scope.copy(
            "enough",
            Arrays.stream(squares).map(v -> TOLERANCE * TOLERANCE * v).toArray(),
            outputs);
    DeviceArray previous = scope.copy("previous", greatest, outputs);
    for (double share : shares) {
      DeviceArray lambda =
          scope.copy("lambda", Arrays.stream(greatest).map(v -> share * v).toArray(), outputs);
      LassoKernels.solve(device, shared, gradient, theta, lambda, previous, enough, sweeps);
      previous = lambda;
    }
    double[] found = device.readDoubles(theta);
    assertThat(Arrays.stream(device.readInts(sweeps)).min().orElse(0)).isPositive();
    for (int o = 0; o < outputs; o++) {
      double top = greatest[o];
      double[] path = Arrays.stream(shares).map(share -> share * top).toArray();
      double[] expected = EstimateOracles.lasso(gram, covariance[o], path, TOLERANCE, squares[o]);
      double[] mine = Arrays.copyOfRange(found, o * columns, (o + 1) * columns);
      assertThat(mine).containsExactly(expected, within(1e-6));
      assertThat(support(mine)).isEqualTo(support(expected));
      assertThat(support(mine)).isNotEmpty();
    }
  }

  private static int[] support(double[] theta) {
    return IntStream.range(0, theta.length).filter(j -> Math.abs(theta[j]) > 1e-5).toArray();
  }
}
