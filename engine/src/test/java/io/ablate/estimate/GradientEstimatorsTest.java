package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.BadInputException;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.Stream;
import org.hipparchus.stat.correlation.PearsonsCorrelation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class GradientEstimatorsTest {
  private static final FitContext CONTEXT =
      new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE);

  static Stream<Estimator> onGradients() {
    return Stream.of(
        new MaskGradientEstimator(),
        new IntegratedGradientEstimator(),
        new GradientHierarchicalEstimator(),
        new GradientHierarchicalLogitsEstimator());
  }

  static Stream<Estimator> all() {
    return Stream.concat(onGradients(), Stream.of(new AutoEstimator()));
  }

  @ParameterizedTest
  @MethodSource("onGradients")
  void shouldNameTheRemedyWhereThereAreNoGradients(Estimator estimator) {
    TrainingData data = MaskGradientData.layered(20, 0, 0, 2, 1).data();
    assertThatThrownBy(() -> estimator.fit(data, CONTEXT))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("no gradient passes")
        .hasMessageContaining(estimator.name())
        .hasMessageContaining("--gradients");
  }

  @ParameterizedTest
  @MethodSource("onGradients")
  void shouldNameTheExampleOfAGradientThatIsNoNumber(Estimator estimator) {
    TrainingData data = MaskGradientData.layered(5, 4, 0, 2, 1).data();
    gradients(data).keptSum()[1][7] = Double.NaN;
    assertThatThrownBy(() -> estimator.fit(data, CONTEXT))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("example 1, entry 7");
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldFitOnePassAloneWithoutScaleAndUnablatedGradient(Estimator estimator) {
    TrainingData full = MaskGradientData.layered(0, 1, 0, 2, 1).data();
    ComponentModels models = estimator.fit(bare(full), CONTEXT);
    for (int e = 0; e < 2; e++) {
      for (int i = 0; i < full.columns(); i++) {
        double derivative = gradients(full).keptSum()[e][i] + gradients(full).ablatedSum()[e][i];
        assertThat(models.attributions()[e][i]).isCloseTo(derivative, within(1e-9));
      }
    }
    assertThat(models.predict(hardMasks(full))[1][0])
        .isCloseTo(gradients(full).outputs()[1][0], within(1e-9));
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldPermuteAttributionsWithTheColumns(Estimator estimator) {
    TrainingData data = MaskGradientData.layered(20, 8, .2, 3, 1).data();
    int n = data.columns();
    int[] order = SyntheticData.permutation(n, 3);
    ComponentModels plain = estimator.fit(data, CONTEXT);
    ComponentModels permuted = estimator.fit(permute(data, order), CONTEXT);
    for (int e = 0; e < 3; e++) {
      for (int j = 0; j < n; j++) {
        assertThat(permuted.attributions()[e][j])
            .isCloseTo(plain.attributions()[e][order[j]], within(1e-4));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void shouldSurviveAFunctionThatIsConstant(Estimator estimator) {
    TrainingData data = MaskGradientData.layered(20, 8, .2, 1, 1).data();
    int n = data.columns();
    double[][] zero = new double[1][n];
    double[] outputs = new double[8];
    double[] rows = new double[20];
    Arrays.fill(outputs, .1);
    Arrays.fill(rows, .1);
    GradientData flat =
        new GradientData(
            gradients(data).masks(), new double[][] {outputs}, zero, zero, zero, zero, zero, zero);
    ComponentModels models =
        estimator.fit(
            new TrainingData(data.masks(), new double[][] {rows}, data.layerOfColumn())
                .withGradients(flat),
            CONTEXT);
    assertThat(Arrays.stream(models.attributions()[0]).map(Math::abs).max().orElseThrow()).isZero();
    assertThat(models.intercepts()[0]).isCloseTo(.1, within(1e-12));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldFitFewLayers(int layers) {
    TrainingData data = MaskGradientData.layered(60, 8, .2, 2, 1).data();
    int[] layer = new int[data.columns()];
    Arrays.setAll(layer, i -> layers * i / layer.length);
    TrainingData few =
        new TrainingData(data.masks(), data.outputs(), layer).withGradients(gradients(data));
    ComponentModels models = new GradientHierarchicalEstimator().fit(few, CONTEXT);
    ComponentModels many = new GradientHierarchicalEstimator().fit(data, CONTEXT);
    for (int e = 0; e < 2; e++) {
      double[] fitted = models.predict(data.masks())[e];
      double[] other = many.predict(data.masks())[e];
      assertThat(new PearsonsCorrelation().correlation(fitted, other)).isGreaterThan(.95);
    }
  }

  @Test
  void shouldRepairWithSoftEntriesWhatTheDerivativeMisses() {
    MaskGradientData known = MaskGradientData.layered(0, 200, .2, 3, 5);
    double mean =
        MaskGradientData.error(
            new MaskGradientEstimator().fit(known.data(), CONTEXT), known.theta());
    double integral =
        MaskGradientData.error(
            new IntegratedGradientEstimator().fit(known.data(), CONTEXT), known.theta());
    assertThat(integral).isLessThan(.1).isLessThan(.5 * mean);
  }

  @Test
  void shouldLearnMoreFromGradientsAndOutputsThanFromEither() {
    MaskGradientData known = MaskGradientData.layered(60, 6, 0, 5, 5);
    double gradients =
        MaskGradientData.error(
            new IntegratedGradientEstimator().fit(known.data(), CONTEXT), known.theta());
    double outputs =
        MaskGradientData.error(
            new HierarchicalEstimator().fit(known.data(), CONTEXT), known.theta());
    double both =
        MaskGradientData.error(
            new GradientHierarchicalEstimator().fit(known.data(), CONTEXT), known.theta());
    assertThat(both).isLessThan(.8 * Math.min(gradients, outputs));
  }

  @Test
  void shouldGiveStandardErrorsOfTheRightSize() {
    MaskGradientData known = MaskGradientData.layered(60, 6, 0, 5, 5);
    ComponentModels models = new GradientHierarchicalEstimator().fit(known.data(), CONTEXT);
    double[][] errors = Objects.requireNonNull(models.standardErrors());
    int within = 0;
    int count = 0;
    for (int e = 0; e < 5; e++) {
      for (int i = 0; i < errors[e].length; i++) {
        double deviation = Math.abs(models.attributions()[e][i] - known.theta()[e][i]);
        within += deviation <= 2 * errors[e][i] ? 1 : 0;
        count++;
      }
    }
    assertThat((double) within / count).isBetween(.8, .999);
  }

  @Test
  void shouldGiveTheSameOverRowsAndOverComponents() {
    TrainingData many = MaskGradientData.layered(130, 8, .2, 1, 1).data();
    Design design = JoinedRows.of(many, gradients(many), CONTEXT.algebra()).design();
    double[] prior = new double[many.columns()];
    Arrays.setAll(prior, i -> .1 + i % 3);
    double[] y = JoinedRows.of(many, gradients(many), CONTEXT.algebra()).centred()[0];
    GaussianPosterior.Coefficients overComponents =
        new GaussianPosterior(design).solve(prior, y, .5, .7, true);
    // As many silent columns as make the rows fewer.
    MaskMatrix wide = new MaskMatrix(130, 200);
    float[][] soft = new float[8][200];
    for (int row = 0; row < 130; row++) {
      for (int i = 0; i < many.columns(); i++) {
        wide.set(row, i, many.masks().get(row, i));
      }
    }
    for (int row = 0; row < 8; row++) {
      System.arraycopy(gradients(many).masks()[row], 0, soft[row], 0, many.columns());
    }
    GaussianPosterior posterior = new GaussianPosterior(new Design(CONTEXT.algebra(), wide, soft));
    assertThat(posterior.byRows()).isTrue();
    double[] widePrior = Arrays.copyOf(prior, 200);
    GaussianPosterior.Coefficients overRows = posterior.solve(widePrior, y, .5, .7, true);
    for (int i = 0; i < many.columns(); i++) {
      assertThat(overRows.mean()[i]).isCloseTo(overComponents.mean()[i], within(1e-9));
      assertThat(Objects.requireNonNull(overRows.variance())[i])
          .isCloseTo(Objects.requireNonNull(overComponents.variance())[i], within(1e-9));
    }
  }

  @Test
  void shouldChooseByWhatThereIs() {
    assertThat(chosen(MaskGradientData.layered(20, 0, 0, 2, 1).data())).isEqualTo("hierarchical");
    assertThat(chosen(MaskGradientData.layered(3, 2, 0, 2, 1).data()))
        .isEqualTo("integrated-gradient");
    assertThat(chosen(MaskGradientData.layered(20, 2, 0, 2, 1).data()))
        .isEqualTo("gradient-hierarchical");
    TrainingData passes = MaskGradientData.layered(0, 8, 0, 2, 1).data();
    assertThat(chosen(passes)).isEqualTo("gradient-hierarchical");
    assertThat(chosen(bare(passes))).isEqualTo("integrated-gradient");
  }

  private static Object chosen(TrainingData data) {
    return Objects.requireNonNull(
        new AutoEstimator().fit(data, CONTEXT).diagnostics().get("chosen"));
  }

  private static GradientData gradients(TrainingData data) {
    return Objects.requireNonNull(data.gradients());
  }

  private static TrainingData bare(TrainingData data) {
    GradientData g = gradients(data);
    return new TrainingData(data.masks(), data.outputs(), data.layerOfColumn())
        .withGradients(
            new GradientData(
                g.masks(),
                g.outputs(),
                g.keptSum(),
                g.ablatedSum(),
                g.softSum(),
                g.hardSquares(),
                g.softSquares(),
                null));
  }

  private static MaskMatrix hardMasks(TrainingData data) {
    MaskMatrix masks = new MaskMatrix(1, data.columns());
    for (int i = 0; i < data.columns(); i++) {
      masks.set(0, i, gradients(data).masks()[0][i] == 1);
    }
    return masks;
  }

  private static TrainingData permute(TrainingData data, int[] order) {
    GradientData g = gradients(data);
    float[][] masks = new float[g.passes()][order.length];
    int[] layers = new int[order.length];
    for (int j = 0; j < order.length; j++) {
      layers[j] = data.layerOfColumn()[order[j]];
      for (int r = 0; r < masks.length; r++) {
        masks[r][j] = g.masks()[r][order[j]];
      }
    }
    return new TrainingData(
        SyntheticData.permuteColumns(data, order).masks(),
        data.outputs(),
        layers,
        permute(Objects.requireNonNull(data.activationScale()), order),
        new GradientData(
            masks,
            g.outputs(),
            permute(g.keptSum(), order),
            permute(g.ablatedSum(), order),
            permute(g.softSum(), order),
            permute(g.hardSquares(), order),
            permute(g.softSquares(), order),
            permute(Objects.requireNonNull(g.unablated()), order)));
  }

  private static double[][] permute(double[][] values, int[] order) {
    return Arrays.stream(values)
        .map(row -> Arrays.stream(order).mapToDouble(j -> row[j]).toArray())
        .toArray(double[][]::new);
  }
}
