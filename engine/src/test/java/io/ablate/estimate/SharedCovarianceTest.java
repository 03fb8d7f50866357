package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.linalg.EjmlLinearAlgebra;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several outputs of one covariance against each of them alone. */
class SharedCovarianceTest {
  @ParameterizedTest
  @CsvSource({"17,31", "31,17", "29,29"})
  void shouldGiveTheMeansOfEveryOutputAlone(int m, int n) {
    SplittableRandom random = new SplittableRandom(m);
    Design design =
        new Design(new EjmlLinearAlgebra(), SyntheticData.masks(m, n, 3), new float[0][]);
    GaussianPosterior posterior = new GaussianPosterior(design);
    double[] prior = random.doubles(n, .1, 2).toArray();
    double[][] residuals = new double[3][];
    for (int k = 0; k < 3; k++) {
      residuals[k] = random.doubles(m, -1, 1).toArray();
      PooledOutputs.centre(residuals[k], 0, m);
    }
    double[][] means = posterior.means(prior, residuals, .3);
    for (int k = 0; k < 3; k++) {
      double[] alone = posterior.solve(prior, residuals[k], .3, .3, true).mean();
      assertThat(means[k]).containsExactly(alone, within(1e-10));
    }
  }

  @Test
  void shouldGiveTheSumOfTheLikelihoods() {
    SplittableRandom random = new SplittableRandom(1);
    int m = 13;
    double[][] kernels = new double[2][m * m];
    for (double[] kernel : kernels) {
      double[] factor = random.doubles((long) m * m, -1, 1).toArray();
      new EjmlLinearAlgebra().multiply(false, true, m, m, m, 1, factor, factor, 0, kernel);
    }
    LayerKernels layers = new LayerKernels(m, kernels);
    double[] variance = {.5, 2};
    LayerKernels.Noise noise = new LayerKernels.Noise(new double[] {.5, .8}, 4, m);
    double[][] residuals = {random.doubles(m, -1, 1).toArray(), random.doubles(m, -1, 1).toArray()};
    LayerKernels.Likelihood both = layers.evaluate(variance, noise, residuals);
    LayerKernels.Likelihood first = layers.evaluate(variance, noise, new double[][] {residuals[0]});
    LayerKernels.Likelihood second =
        layers.evaluate(variance, noise, new double[][] {residuals[1]});
    assertThat(both.value()).isCloseTo(first.value() + second.value(), within(1e-10));
    for (int g = 0; g < 2; g++) {
      assertThat(both.byVariance()[g])
          .isCloseTo(first.byVariance()[g] + second.byVariance()[g], within(1e-10));
    }
    for (int group = 0; group < 2; group++) {
      assertThat(both.byNoise()[group])
          .isCloseTo(first.byNoise()[group] + second.byNoise()[group], within(1e-10));
    }
    assertThat(both.weights()[1]).containsExactly(second.weights()[0], within(1e-12));
    double[] sum = layers.sum(variance);
    for (int i = 0; i < m * m; i++) {
      assertThat(sum[i]).isCloseTo(.5 * kernels[0][i] + 2 * kernels[1][i], within(1e-12));
    }
  }
}
