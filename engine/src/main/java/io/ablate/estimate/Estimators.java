package io.ablate.estimate;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.List;

/** The methods by name, in the order in which they are listed to users. */
public final class Estimators {
  private static final List<Estimator> ALL =
      List.of(
          new LeastSquaresEstimator(),
          new LeastSquaresSagaEstimator(),
          new RidgeEstimator(),
          new LassoEstimator(),
          new ReluEstimator(),
          new TunedReluEstimator(),
          new HierarchicalEstimator(),
          new HierarchicalLogitsEstimator(),
          HierarchicalLogitsEstimator.linear(),
          new QuadraticEstimator(),
          QuadraticEstimator.submodular(),
          new MaskGradientEstimator(),
          new IntegratedGradientEstimator(),
          new GradientHierarchicalEstimator(),
          new GradientHierarchicalLogitsEstimator(),
          new AutoEstimator());

  private Estimators() {}

  public static List<String> names() {
    return ALL.stream().map(Estimator::name).toList();
  }

  /**
   * The method of that name.
   *
   * @throws UsageException listing the known names if there is none
   */
  public static Estimator byName(String name) {
    return ALL.stream()
        .filter(estimator -> estimator.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    Problem.of("unknown method").expected(String.join(", ", names())).found(name)));
  }
}
