package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SpendingTest {
  private static final int[] ENDS = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};
  private static final Costs COSTS = new Costs(2.3, 672, 3000, ENDS, false, true, true);
  private static final Costs NO_GRADIENTS =
      new Costs(2.3, 672, 3000, new int[0], false, false, false);

  @ParameterizedTest
  @ValueSource(doubles = {.5, 1, 2, 2.3, 3, 4.6, 5.6, 7, 10, 33, 100, 999, 1e4, 1e6})
  void shouldNeverSpendMoreThanTheBudgetAndTheStoreAllow(double budget) {
    for (String name : Estimators.names()) {
      for (Costs costs : new Costs[] {COSTS, NO_GRADIENTS}) {
        Optional<Spending> spending = Estimators.byName(name).spending(budget, costs);
        if (spending.isPresent()) {
          Spending spent = spending.get();
          assertThat(spent.passEquivalents()).isLessThanOrEqualTo(budget + 1e-6);
          assertThat(spent.passEquivalents())
              .isGreaterThanOrEqualTo(spent.rows() + spent.gradientPasses() * 2.3 - 1e-9);
          assertThat(spent.rows()).isBetween(0, 3000);
          assertThat(spent.gradientPasses() == 0 || COSTS.affordable(budget) > 0).isTrue();
          assertThat(spent.rows() + spent.gradientPasses()).isPositive();
          assertThat(spent.passEquivalents())
              .isCloseTo(
                  spent.rows() + spent.gradientPasses() * 2.3 + spent.fixed(costs), within(1e-9));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"50,16,9", "100,32,23", "200,64,49", "400,128,102", "1000,192,555"})
  void shouldSplitAsMeasuredToBeBest(double budget, int passes, int rows) {
    Spending spent = new GradientHierarchicalEstimator().spending(budget, COSTS).orElseThrow();
    assertThat(spent.gradientPasses()).isEqualTo(passes);
    assertThat(spent.rows()).isEqualTo(rows);
  }

  /** Whatever a budget, the method that fits is the one whose price was paid. */
  @ParameterizedTest
  @CsvSource({"90,false", "672,false", "4800,false", "90,true", "672,true", "4800,true"})
  void shouldLetAutoFitWithTheMethodThatItPaidFor(int components, boolean soft) {
    Costs costs = new Costs(2.3, components, 3000, ENDS, soft, true, true);
    Estimator both = new GradientHierarchicalEstimator();
    Estimator gradients = new IntegratedGradientEstimator();
    List<String> chosen = new ArrayList<>();
    for (int budget : IntStream.rangeClosed(3, soft ? 1000 : 400).toArray()) {
      Spending spent = new AutoEstimator().spending(budget, costs).orElseThrow();
      String name = AutoEstimator.choice(spent, components);
      chosen.add(name);
      Estimator paid = name.equals(both.name()) ? both : gradients;
      assertThat(name).isEqualTo(paid.name());
      assertThat(paid.spending(budget, costs)).contains(spent);
    }
    assertThat(chosen.getFirst()).isEqualTo(gradients.name());
    assertThat(chosen.getLast()).isEqualTo(both.name());
  }

  @ParameterizedTest
  @CsvSource({"mask-gradient,2.2", "gradient-hierarchical,5", "ridge,1.9", "hierarchical,2.9"})
  void shouldSpendNothingWhereTheBudgetIsTooSmall(String method, double budget) {
    assertThat(Estimators.byName(method).spending(budget, COSTS)).isEmpty();
  }
}
