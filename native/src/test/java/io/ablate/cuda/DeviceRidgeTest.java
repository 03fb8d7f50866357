package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.Progress;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.TrainingData;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole ridge regressions on the device against those by eigenvectors on the host. */
class DeviceRidgeTest extends KernelContract {
  private static final EjmlLinearAlgebra REFERENCE = new EjmlLinearAlgebra();
  private static final Estimator RIDGE = Estimators.byName("ridge");

  private final List<Long> steps = new ArrayList<>();

  /** A context whose host finds no eigenvectors. */
  private FitContext onDevice(Device of) {
    LinearAlgebra host =
        (LinearAlgebra)
            Proxy.newProxyInstance(
                LinearAlgebra.class.getClassLoader(),
                new Class<?>[] {LinearAlgebra.class},
                (proxy, method, arguments) -> {
                  throw new AssertionError("the host was asked for " + method.getName());
                });
    return context(new CudaLinearAlgebra(new SharedDevice(of), host, ProductPlacement.ALWAYS));
  }

  private FitContext context(LinearAlgebra algebra) {
    steps.clear();
    Progress progress =
        (stage, done, total) -> {
          assertThat(stage).isEqualTo("factorise");
          assertThat(total).isEqualTo(26);
          steps.add(done);
        };
    return new FitContext(algebra, 7, progress);
  }

  /** Linear in the masks, with noise that grows from example to example, so that λ differs. */
  private static TrainingData data(MaskMatrix masks, int examples) {
    int rows = masks.rows();
    double[][] outputs = new double[examples][rows];
    for (int e = 0; e < examples; e++) {
      double[] effects = random(masks.columns(), 30 + e);
      double[] noise = random(rows, 60 + e);
      for (int row = 0; row < rows; row++) {
        for (int j = 0; j < masks.columns(); j++) {
          outputs[e][row] += masks.get(row, j) ? effects[j] : 0;
        }
        outputs[e][row] = 100 + outputs[e][row] + .2 * Math.pow(3, e % 5) * noise[row];
      }
    }
    return new TrainingData(masks, outputs, new int[masks.columns()]);
  }

  private static double[] values(ComponentModels models, String key) {
    return (double[]) Objects.requireNonNull(models.diagnostics().get(key));
  }

  private static void assertAgree(ComponentModels found, ComponentModels expected) {
    assertThat(found.diagnostics()).containsOnlyKeys(expected.diagnostics().keySet());
    assertThat(values(found, "lambda_relative")).isEqualTo(values(expected, "lambda_relative"));
    for (String key : new String[] {"lambda", "leave_one_out_rms"}) {
      double[] of = values(expected, key);
      for (int e = 0; e < of.length; e++) {
        assertThat(values(found, key)[e]).as(key).isEqualTo(of[e], within(1e-10 * of[e]));
      }
    }
    for (int e = 0; e < expected.attributions().length; e++) {
      double[] of = expected.attributions()[e];
      double greatest = Arrays.stream(of).map(Math::abs).max().orElseThrow();
      assertThat(found.attributions()[e]).containsExactly(of, within(1e-9 * greatest));
      double intercept = expected.intercepts()[e];
      assertThat(found.intercepts()[e]).isEqualTo(intercept, within(1e-9 * Math.abs(intercept)));
    }
  }

  @ParameterizedTest
  @CsvSource({"9,33,2", "31,65,33", "65,70,3", "33,33,1", "3,1,1", "3,5,2", "34,33,5", "70,23,4"})
  void shouldFitAsTheHost(int rows, int columns, int examples) {
    TrainingData data = data(masks(rows, columns), examples);
    ComponentModels expected = RIDGE.fit(data, context(REFERENCE));
    List<Long> expectedSteps = List.copyOf(steps);
    ComponentModels found = RIDGE.fit(data, onDevice(device));
    assertAgree(found, expected);
    assertThat(steps).isEqualTo(expectedSteps).hasSize(26);
    if (examples > 2) {
      assertThat(Arrays.stream(values(found, "lambda")).distinct().count()).isGreaterThan(1);
    }
  }

  /** Squares overflow: no error says which λ is better. */
  @ParameterizedTest
  @CsvSource({"5,9", "9,5"})
  void shouldShrinkMostWhereErrorsAreBeyondAllNumbers(int rows, int columns) {
    TrainingData data = data(masks(rows, columns), 1);
    double[] outputs = data.outputs()[0];
    Arrays.setAll(outputs, row -> 1e200 * outputs[row]);
    for (FitContext context : List.of(context(REFERENCE), onDevice(device))) {
      ComponentModels models = RIDGE.fit(data, context);
      assertThat(values(models, "lambda_relative")).containsExactly(1000);
      assertThat(values(models, "leave_one_out_rms")).containsExactly(Double.POSITIVE_INFINITY);
      assertThat(Arrays.stream(models.attributions()[0]).allMatch(Double::isFinite)).isTrue();
    }
  }

  /** Any λ then leaves the same error: rounding chooses. */
  @ParameterizedTest
  @CsvSource({"1", "5"})
  void shouldLeaveOneOfTwoRowsOut(int columns) {
    TrainingData data = data(masks(2, columns), 2);
    double[] found = values(RIDGE.fit(data, onDevice(device)), "leave_one_out_rms");
    for (int e = 0; e < 2; e++) {
      double difference = Math.abs(data.outputs()[e][0] - data.outputs()[e][1]);
      assertThat(found[e]).isEqualTo(difference, within(1e-10 * difference));
    }
  }

  /** With its own λ, whatever those beside it have. */
  @ParameterizedTest
  @CsvSource({"20,40", "40,20"})
  void shouldFitAnExampleAsIfItWereAlone(int rows, int columns) {
    TrainingData all = data(masks(rows, columns), 4);
    ComponentModels together = RIDGE.fit(all, onDevice(device));
    for (int e : new int[] {0, 3}) {
      TrainingData one =
          new TrainingData(all.masks(), new double[][] {all.outputs()[e]}, all.layerOfColumn());
      ComponentModels alone = RIDGE.fit(one, onDevice(device));
      assertThat(alone.attributions()[0]).isEqualTo(together.attributions()[e]);
      assertThat(alone.intercepts()[0]).isEqualTo(together.intercepts()[e]);
      for (String key : together.diagnostics().keySet()) {
        assertThat(values(alone, key)[0]).isEqualTo(values(together, key)[e]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"20,40", "40,20"})
  void shouldBearWhatDoesNotVary(int rows, int columns) {
    MaskMatrix masks = masks(rows, columns);
    for (int row = 0; row < rows; row++) {
      masks.set(row, 3, true);
      masks.set(row, 4, false);
      masks.set(row, 6, masks.get(row, 7));
    }
    TrainingData data = data(masks, 3);
    Arrays.fill(data.outputs()[1], .1);
    ComponentModels found = RIDGE.fit(data, onDevice(device));
    assertAgree(found, RIDGE.fit(data, context(REFERENCE)));
    assertThat(found.attributions()[1]).containsOnly(0);
    assertThat(found.intercepts()[1]).isEqualTo(.1);
    assertThat(found.attributions()[0][3]).isEqualTo(0, within(3e-13));

    MaskMatrix same = new MaskMatrix(rows, columns);
    TrainingData nothing = new TrainingData(same, data.outputs(), data.layerOfColumn());
    LinearAlgebra algebra =
        new CudaLinearAlgebra(new SharedDevice(device), REFERENCE, ProductPlacement.ALWAYS);
    assertAgree(RIDGE.fit(nothing, context(algebra)), RIDGE.fit(nothing, context(REFERENCE)));
  }

  /** Outputs in turns, leverages in blocks of right sides: the same bits. */
  @ParameterizedTest
  @CsvSource({"40,41", "40,20"})
  void shouldTakeAsMuchAtOnceAsMemoryHolds(int rows, int columns) {
    TrainingData data = data(masks(rows, columns), 5);
    ComponentModels together = RIDGE.fit(data, onDevice(device));
    try (Device small = EmulatedDriver.open(2048)) {
      try (DeviceRidge ridge = ridge(small, data.masks())) {
        assertThat(ridge.load(data.outputs(), 0)).isLessThan(5);
      }
      ComponentModels inTurn = RIDGE.fit(data, onDevice(small));
      assertThat(inTurn.attributions()).isDeepEqualTo(together.attributions());
      assertThat(values(inTurn, "leave_one_out_rms"))
          .isEqualTo(values(together, "leave_one_out_rms"));
      assertThat(steps).isSorted().hasSizeGreaterThan(26).startsWith(0L).endsWith(25L);
      assertThat(small.liveBytes()).isZero();
    }
  }

  private static DeviceRidge ridge(Device of, MaskMatrix masks) {
    double[] ones = new double[masks.rows()];
    Arrays.fill(ones, 1);
    double[] counts = REFERENCE.transposeTimes(masks, ones, 1);
    return new DeviceRidge(new SharedDevice(of), masks, counts, masks.rows() <= masks.columns());
  }

  @Test
  void shouldCopyOutputsOnceAndBringBackAnErrorEach() {
    TrainingData data = data(masks(40, 20), 3);
    try (DeviceRidge ridge = ridge(device, data.masks())) {
      CopiedBytes before = CopiedBytes.now();
      assertThat(ridge.load(data.outputs(), 0)).isEqualTo(3);
      CopiedBytes loaded = CopiedBytes.now();
      assertThat(loaded.toDevices() - before.toDevices()).isEqualTo(3 * 40 * Double.BYTES);
      ridge.leaveOneOut(2);
      CopiedBytes after = CopiedBytes.now();
      assertThat(after.toDevices()).isEqualTo(loaded.toDevices());
      // The errors, and whether the matrix is positive definite.
      assertThat(after.fromDevices() - loaded.fromDevices())
          .isEqualTo(3 * Double.BYTES + Integer.BYTES);
    }
  }

  @Test
  void shouldRefuseWhatItIsNotReadyFor() {
    TrainingData data = data(masks(40, 20), 3);
    try (DeviceRidge ridge = ridge(device, data.masks())) {
      assertThatThrownBy(() -> ridge.leaveOneOut(1)).hasMessage("no outputs were loaded");
      ridge.load(data.outputs(), 1);
      assertThatThrownBy(() -> ridge.coefficients(new double[3])).hasMessage("3 λ for 2 outputs");
      assertThatThrownBy(() -> ridge.leaveOneOut(-1e3))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is not positive definite");
    }
  }
}
