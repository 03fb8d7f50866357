package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.Progress;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.NetworkStart;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.estimate.SparseRows;
import io.ablate.estimate.TrainingData;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskMatrix;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole fits on the device are those of the processor, up to rounding. */
class CudaFitsTest extends KernelContract {
  private static final FitContext HOST = new FitContext(new EjmlLinearAlgebra(), 7, Progress.NONE);

  private static final double NOISE = 4;

  /** What the device's networks were asked, by any thread. */
  private final List<String> asked = new CopyOnWriteArrayList<>();

  private FitContext onDevice() {
    return onDevices(device);
  }

  private FitContext onDevices(Device... devices) {
    DeviceGroup group = new DeviceGroup(Arrays.stream(devices).map(SharedDevice::new).toList());
    SharedDevice shared = new SharedDevice(device);
    LinearAlgebra algebra =
        new CudaLinearAlgebra(shared, new EjmlLinearAlgebra(), ProductPlacement.ALWAYS);
    NetworkTrainer trainer = new CudaNetworkTrainer(group);
    NetworkTrainer noting =
        (NetworkTrainer)
            Proxy.newProxyInstance(
                NetworkTrainer.class.getClassLoader(),
                new Class<?>[] {NetworkTrainer.class},
                (proxy, method, arguments) -> {
                  asked.add(method.getName());
                  return method.invoke(trainer, arguments);
                });
    return new FitContext(algebra, 7, Progress.NONE, 2, noting, new CudaLassoSolver(group));
  }

  /** Linear in the masks, with noise enough for networks to stop early. */
  private static TrainingData data(int rows, int columns, int examples) {
    MaskMatrix masks = masks(rows, columns);
    double[][] outputs = new double[examples][rows];
    for (int e = 0; e < examples; e++) {
      double[] effects = random(columns, 30 + e);
      double[] noise = random(rows, 60 + e);
      for (int row = 0; row < rows; row++) {
        for (int j = 0; j < columns; j++) {
          outputs[e][row] += masks.get(row, j) ? effects[j] : 0;
        }
        outputs[e][row] = 3 + outputs[e][row] + NOISE * noise[row];
      }
    }
    return new TrainingData(masks, outputs, IntStream.range(0, columns).map(j -> j % 3).toArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"least-squares", "ridge", "hierarchical"})
  void shouldSolveAsTheProcessor(String method) {
    TrainingData data = data(70, 23, 3);
    Estimator estimator = Estimators.byName(method);
    assertClose(estimator.fit(data, onDevice()), estimator.fit(data, HOST), 1e-7);
  }

  /** In the form by rows, and where columns are equal and the host must find eigenvectors. */
  @Test
  void shouldSolveLeastSquaresInBothFormsAndWhereTheyAreSingular() {
    Estimator estimator = Estimators.byName("least-squares");
    TrainingData wide = data(22, 67, 2);
    ComponentModels byRows = estimator.fit(wide, onDevice());
    assertThat(byRows.diagnostics()).containsEntry("form", "rows");
    assertClose(byRows, estimator.fit(wide, HOST), 1e-7);
    TrainingData singular = data(70, 23, 2);
    for (int row = 0; row < 70; row++) {
      singular.masks().set(row, 5, singular.masks().get(row, 6));
    }
    ComponentModels found = estimator.fit(singular, onDevice());
    assertThat(found.diagnostics()).containsEntry("solver", "eigen");
    assertClose(found, estimator.fit(singular, HOST), 1e-7);
  }

  @Test
  void shouldSolveLassosAsTheProcessor() {
    TrainingData data = data(70, 23, 3);
    Estimator estimator = Estimators.byName("lasso");
    ComponentModels found = estimator.fit(data, onDevice());
    ComponentModels expected = estimator.fit(data, HOST);
    assertThat(found.diagnostics()).containsEntry("solver", "cuda");
    assertThat(expected.diagnostics()).containsEntry("solver", "java");
    assertThat(found.diagnostics().get("non_zero"))
        .isEqualTo(expected.diagnostics().get("non_zero"));
    for (String same : new String[] {"lambda", "cross_validation_rms"}) {
      assertThat((double[]) found.diagnostics().get(same))
          .containsExactly((double[]) expected.diagnostics().get(same), within(1e-9));
    }
    assertClose(found, expected, 1e-7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"relu", "relu-tuned"})
  void shouldTrainNetworksAsTheProcessor(String method) {
    TrainingData data = data(90, 21, 2);
    Estimator estimator = Estimators.byName(method);
    ComponentModels found = estimator.fit(data, onDevice());
    assertThat(asked).contains(method.equals("relu") ? "adam" : "pathNorm");
    ComponentModels expected = estimator.fit(data, HOST);
    for (String same : new String[] {"epochs", "trained_rows", "path_norm_share", "units"}) {
      assertThat(found.diagnostics().get(same))
          .as(same)
          .isEqualTo(expected.diagnostics().get(same));
    }
    assertThat(expected.diagnostics()).containsEntry("zero_scale_examples", List.of());
    assertClose(found, expected, 1e-3);
  }

  /** Relative to the greatest attribution of an example. */
  private static void assertClose(ComponentModels found, ComponentModels expected, double share) {
    for (int e = 0; e < expected.attributions().length; e++) {
      double[] of = expected.attributions()[e];
      double greatest = Arrays.stream(of).map(Math::abs).max().orElseThrow();
      assertThat(greatest).isPositive();
      assertThat(found.attributions()[e]).containsExactly(of, within(share * greatest));
      double intercept = expected.intercepts()[e];
      assertThat(found.intercepts()[e])
          .isEqualTo(intercept, within(share * (of.length * greatest + Math.abs(intercept))));
    }
  }

  /** Each of two devices fits some of the examples, with the bits of one. */
  @ParameterizedTest
  @ValueSource(strings = {"relu", "relu-tuned", "lasso"})
  void shouldDealExamplesToDevices(String method) {
    TrainingData data = data(40, 9, 3);
    Estimator estimator = Estimators.byName(method);
    ComponentModels one = estimator.fit(data, onDevice());
    EmulatedDriver[] drivers = {EmulatedDriver.start(1L << 30), EmulatedDriver.start(1L << 30)};
    try (Device first = new Device(drivers[0]);
        Device second = new Device(drivers[1])) {
      ComponentModels dealt = estimator.fit(data, onDevices(first, second));
      assertThat(dealt.attributions()).isDeepEqualTo(one.attributions());
      assertThat(dealt.intercepts()).isEqualTo(one.intercepts());
      assertThat(first.liveBytes() + second.liveBytes()).isZero();
    }
    for (EmulatedDriver driver : drivers) {
      assertThat(driver.launches()).isPositive();
    }
  }

  /** Another example beside it, which also stops at another epoch, or a constant one. */
  @Test
  void shouldFitAnExampleAsIfItWereAlone() {
    TrainingData both = data(50, 9, 2);
    TrainingData one =
        new TrainingData(both.masks(), new double[][] {both.outputs()[0]}, both.layerOfColumn());
    TrainingData constant =
        new TrainingData(
            both.masks(), new double[][] {both.outputs()[0], new double[50]}, both.layerOfColumn());
    Estimator estimator = Estimators.byName("relu");
    FitContext context = onDevice();
    ComponentModels alone = estimator.fit(one, context);
    ComponentModels company = estimator.fit(both, context);
    List<?> epochs = (List<?>) company.diagnostics().get("epochs");
    assertThat(epochs).as("examples that stop at different epochs").doesNotHaveDuplicates();
    assertThat(company.attributions()[0]).isEqualTo(alone.attributions()[0]);
    assertThat(company.intercepts()[0]).isEqualTo(alone.intercepts()[0]);
    ComponentModels beside = estimator.fit(constant, context);
    assertThat(beside.attributions()[0]).isEqualTo(alone.attributions()[0]);
    assertThat(beside.attributions()[1]).containsOnly(0);
  }

  @Test
  void shouldTrainUnderAPathNormAsIfAlone() {
    int rows = 40;
    int inputs = 15;
    SparseRows listed = listed(rows, inputs);
    float[][] target = new float[3][];
    double[][] scale = new double[3][];
    for (int e = 0; e < 3; e++) {
      target[e] = floats(random(rows, 80 + e));
      scale[e] = new SplittableRandom(e).doubles(inputs, .1, 1).toArray();
    }
    NetworkTrainer trainer = onDevice().networks();
    double[][] together = pathNorm(trainer, listed, target, scale);
    for (int e = 0; e < 3; e++) {
      double[][] alone =
          pathNorm(trainer, listed, new float[][] {target[e]}, new double[][] {scale[e]});
      assertThat(alone[0]).isEqualTo(together[e]);
    }
  }

  private static double[][] pathNorm(
      NetworkTrainer trainer, SparseRows rows, float[][] target, double[][] scale) {
    try (NetworkTrainer.RegularisedNetworks networks = trainer.pathNorm(rows, target, scale)) {
      networks.train(.01f, .01f, 3);
      networks.restart();
      networks.train(.02f, .01f, 5);
      return networks.extract();
    }
  }

  /** A network without an order keeps its weights; what it lacked does not show in the others. */
  @Test
  void shouldLetNetworksStandStill() {
    SparseRows listed = listed(40, 11);
    float[][] target = {floats(random(40, 1)), floats(random(40, 2))};
    NetworkStart start = new NetworkStart(5, new long[] {3, 3}, new long[11]);
    int[] order = IntStream.range(0, 40).toArray();
    double[][] after = new double[2][];
    try (NetworkTrainer.AdamNetworks networks =
        onDevice().networks().adam(listed, target, start, .01f)) {
      double[] before = networks.extract()[1];
      int[][] orders = new int[2][];
      orders[0] = order;
      networks.epoch(orders, 40, 16);
      after = networks.extract();
      assertThat(after[1]).isEqualTo(before);
      assertThat(after[0]).isNotEqualTo(before);
    }
    try (NetworkTrainer.AdamNetworks networks =
        NetworkTrainer.reference().adam(listed, target, start, .01f)) {
      networks.epoch(new int[][] {order, order}, 40, 16);
      assertThat(after[0]).containsExactly(networks.extract()[0], within(1e-5));
    }
  }

  private static SparseRows listed(int rows, int columns) {
    MaskMatrix masks = masks(rows, columns);
    int[][] ones = new int[rows][];
    for (int row = 0; row < rows; row++) {
      int at = row;
      ones[row] = IntStream.range(0, columns).filter(j -> masks.get(at, j)).toArray();
    }
    return new SparseRows(ones, columns, false);
  }

  @Test
  void shouldHandOverAsManyExamplesAsMemoryHolds() {
    NetworkTrainer trainer = onDevice().networks();
    long half = device.freeBytes() / 8;
    assertThat(trainer.examplesTogether(1000, 1, half)).isEqualTo(1);
    assertThat(trainer.examplesTogether(1000, 1, half / 100)).isBetween(100, 200);
    assertThat(trainer.examplesTogether(1 << 20, 1, 1)).isLessThan(Launch.MOST_BLOCKS_YZ / 4 + 1);
    assertThat(trainer.callsAtOnce(16)).isEqualTo(1);
  }
}
