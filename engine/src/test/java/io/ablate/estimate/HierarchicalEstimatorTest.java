package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.evaluate.Lds;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HierarchicalEstimatorTest extends EstimatorProperties {
  @Override
  Estimator estimator() {
    return new HierarchicalEstimator();
  }

  @Override
  double tolerance() {
    return 1e-5; // the search for the hyper-parameters ends within a tolerance
  }

  @ParameterizedTest
  @CsvSource({"100,.42", "200,.52", "400,.62", "800,.69"})
  void shouldReachTheKnownScoresOnTheGoldenDataset(int samples, double expected) {
    GoldenDataset golden = GoldenDataset.require();
    long start = System.nanoTime();
    ComponentModels models = estimator().fit(golden.withLayers().first(samples), CONTEXT);
    double[] lds = Lds.spearman(models.predict(golden.heldOutMasks()), golden.heldOutOutputs());
    double mean = Arrays.stream(lds).average().orElseThrow();
    System.out.println(
        "XX "
            + samples
            + " "
            + mean
            + " s "
            + (System.nanoTime() - start) / 1e9
            + " "
            + models.diagnostics());
    assertThat(mean).isGreaterThan(expected - .01);
  }
}
