package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.estimate.EstimateOracles;
import io.ablate.estimate.NetworkStart;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks trained on the device are the engine's, to the rounding of single precision. */
class NetworkKernelsTest extends KernelContract {
  private static final float RATE = 1e-3f;

  @ParameterizedTest
  @CsvSource({
    // rows, inputs, units, examples, batch, one order for all
    "40,1,1,1,1,true",
    "37,31,31,2,16,false",
    "70,33,64,2,31,true",
    "50,65,33,1,32,false",
    "34,520,40,3,17,false",
    "40,20,129,1,32,true",
    // Several blocks over units, in both directions; over inputs, likewise.
    "20,113,300,2,16,false",
    "33,70,100,1,20,true",
    "20,40,256,1,20,true",
    "20,500,16,2,20,true",
    "18,2417,3,2,17,true"
  })
  void shouldTakeTheStepsOfTheEngine(
      int rows, int inputs, int units, int examples, int batch, boolean shared) {
    MaskMatrix masks = masks(rows, inputs);
    float[] targets = floats(random(examples * rows, 1));
    int[][] orders = orders(shared ? 1 : examples, rows);
    DeviceArray target = scope.copy("targets", targets, examples, rows);
    DeviceArray order = scope.copy("order", flat(orders), orders.length, rows);
    try (ReluNetworks networks =
        new ReluNetworks(device, copy(masks), inputs, target, new ReluSettings(units, RATE, 0))) {
      networks.start(start(inputs, units, 0, examples));
      for (int from = 0; from < rows; from += batch) {
        networks.step(order, from, Math.min(rows, from + batch));
      }
      double[] theta = device.readDoubles(networks.extract(scope));
      for (int e = 0; e < examples; e++) {
        EstimateOracles.Network network =
            new EstimateOracles.Network(inputs, units, e, seeds(inputs));
        float[] y = Arrays.copyOfRange(targets, e * rows, (e + 1) * rows);
        for (int from = 0; from < rows; from += batch) {
          int to = Math.min(rows, from + batch);
          network.step(ones(masks), y, orders[shared ? 0 : e], from, to, RATE);
        }
        assertThat(Arrays.copyOfRange(theta, e * inputs, (e + 1) * inputs))
            .containsExactly(network.extract(), within(2e-6 * Math.sqrt(units)));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "33,7,3", "300,129,2"})
  void shouldStartWithTheWeightsOfTheEngine(int inputs, int units, int examples) {
    DeviceArray target = scope.zeros("targets", ElementType.F32, examples, 2);
    NetworkStart start =
        new NetworkStart(units, new SplittableRandom(5).longs(examples).toArray(), seeds(inputs));
    try (ReluNetworks networks =
        new ReluNetworks(
            device, copy(masks(2, inputs)), inputs, target, new ReluSettings(units, RATE, 0))) {
      networks.start(start);
      float[] found = networks.weights();
      int size = found.length / examples;
      for (int e = 0; e < examples; e++) {
        assertThat(Arrays.copyOfRange(found, e * size, (e + 1) * size)).isEqualTo(start.weights(e));
      }
    }
  }

  @Test
  void shouldGiveTheSameBitsInAnyCompany() {
    int rows = 40;
    int inputs = 1230;
    MaskMatrix masks = masks(rows, inputs);
    float[] targets = floats(random(3 * rows, 4));
    DeviceArray order = scope.copy("order", orders(1, rows)[0], 1, rows);
    float[] together = weights(masks, targets, start(inputs, 33, 0, 3), order);
    int size = together.length / 3;
    for (int e = 0; e < 3; e++) {
      float[] alone =
          weights(
              masks,
              Arrays.copyOfRange(targets, e * rows, (e + 1) * rows),
              start(inputs, 33, e, e + 1),
              order);
      assertThat(alone).isEqualTo(Arrays.copyOfRange(together, e * size, (e + 1) * size));
    }
  }

  private float[] weights(
      MaskMatrix masks, float[] targets, NetworkStart start, DeviceArray order) {
    int rows = masks.rows();
    DeviceArray target = scope.copy("targets", targets, targets.length / rows, rows);
    ReluSettings settings = new ReluSettings(33, RATE, 0);
    try (ReluNetworks networks =
        new ReluNetworks(device, copy(masks), masks.columns(), target, settings)) {
      networks.start(start);
      networks.step(order, 0, 32);
      networks.step(order, 32, rows);
      return networks.weights();
    }
  }

  @Test
  void shouldStopEachExampleWhenTheEngineWould() {
    int rows = 48;
    int train = 32;
    int inputs = 20;
    int units = 8;
    int examples = 4;
    int patience = 2;
    int epochs = 25;
    float rate = .05f;
    MaskMatrix masks = masks(rows, inputs);
    float[] targets = floats(random(examples * rows, 2));
    int[] order = orders(1, rows)[0];
    DeviceArray target = scope.copy("targets", targets, examples, rows);
    DeviceArray ofAll = scope.copy("order", order, 1, rows);
    boolean[] takesPart = new boolean[examples];
    int[] best = new int[examples];
    double[] least = new double[examples];
    Arrays.fill(takesPart, true);
    Arrays.fill(best, 1);
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    double[] theta;
    try (ReluNetworks networks =
        new ReluNetworks(device, copy(masks), inputs, target, new ReluSettings(units, rate, 0))) {
      networks.start(start(inputs, units, 0, examples));
      for (int epoch = 1; epoch <= epochs; epoch++) {
        networks.activate(takesPart);
        networks.step(ofAll, 0, train);
        double[] errors = networks.errors(ofAll, train, rows);
        for (int e = 0; e < examples; e++) {
          if (takesPart[e] && errors[e] < least[e]) {
            least[e] = errors[e];
            best[e] = epoch;
          }
          takesPart[e] &= epoch + 1 - best[e] <= patience;
        }
      }
      theta = device.readDoubles(networks.extract(scope));
    }
    for (int e = 0; e < examples; e++) {
      EstimateOracles.Network network =
          new EstimateOracles.Network(inputs, units, e, seeds(inputs));
      float[] y = Arrays.copyOfRange(targets, e * rows, (e + 1) * rows);
      int expected = 1;
      double error = Double.POSITIVE_INFINITY;
      for (int epoch = 1; epoch <= epochs && epoch - expected <= patience; epoch++) {
        network.step(ones(masks), y, order, 0, train, rate);
        double now = network.error(ones(masks), y, order, train, rows);
        if (now < error) {
          error = now;
          expected = epoch;
        }
      }
      assertThat(best[e]).isEqualTo(expected);
      assertThat(least[e]).isEqualTo(error, within(1e-5 * error));
      // An example that stopped stands still while others go on.
      assertThat(Arrays.copyOfRange(theta, e * inputs, (e + 1) * inputs))
          .containsExactly(network.extract(), within(1e-4));
    }
    assertThat(Arrays.stream(best).distinct().count())
        .as("examples that stop at different epochs")
        .isGreaterThan(1);
  }

  /** Two runs that differ only in the decay: it shrinks weights by 1 − rate · decay, not biases. */
  @Test
  void shouldDecayWeightsButNotBiases() {
    int inputs = 5;
    int units = 3;
    float decay = 10;
    MaskMatrix masks = masks(4, inputs);
    DeviceArray target = scope.copy("targets", floats(random(4, 3)), 1, 4);
    DeviceArray order = scope.copy("order", new int[] {0, 1, 2, 3}, 1, 4);
    float[] start = start(inputs, units, 0, 1).weights(0);
    float[][] ends = new float[2][];
    for (int i = 0; i < 2; i++) {
      ReluSettings settings = new ReluSettings(units, RATE, i * decay);
      try (ReluNetworks networks =
          new ReluNetworks(device, copy(masks), inputs, target, settings)) {
        networks.start(start(inputs, units, 0, 1));
        networks.step(order, 0, 4);
        ends[i] = networks.weights();
      }
    }
    for (int i = 0; i < start.length; i++) {
      int row = i / units;
      boolean decays = row < inputs || row == inputs + 1;
      float shrinkage = decays ? RATE * decay * start[i] : 0;
      assertThat(ends[0][i] - ends[1][i]).isEqualTo(shrinkage, within(1e-6f));
    }
  }

  @Test
  void shouldRefuseABatchThatDoesNotFitAWord() {
    DeviceArray target = scope.zeros("targets", ElementType.F32, 1, 40);
    DeviceArray order = scope.zeros("order", ElementType.I32, 1, 40);
    try (ReluNetworks networks =
        new ReluNetworks(device, copy(masks(40, 5)), 5, target, new ReluSettings(4, RATE, 0))) {
      assertThatThrownBy(() -> networks.step(order, 0, 33))
          .hasMessage("rows 0 to 33 of order I32 [1, 40]");
    }
  }

  @ParameterizedTest
  @CsvSource({"5,1,1", "33,31,2", "64,65,3", "40,130,5"})
  void shouldFollowTheEngineUnderAPathNorm(int rows, int inputs, int examples) {
    MaskMatrix masks = masks(rows, inputs);
    float[][] targets = new float[examples][];
    double[][] scale = new double[examples][inputs];
    double[] targetColumns = new double[rows * examples];
    float[] spread = new float[inputs * examples];
    SplittableRandom random = new SplittableRandom(6);
    for (int e = 0; e < examples; e++) {
      targets[e] = floats(random(rows, 10 + e));
      for (int j = 0; j < inputs; j++) {
        spread[j * examples + e] = (float) random.nextDouble(.1, 1);
        scale[e][j] = spread[j * examples + e];
      }
      for (int row = 0; row < rows; row++) {
        targetColumns[row * examples + e] = targets[e][row];
      }
    }
    MaskMatrix turned = transposed(masks);
    float[] means = new float[inputs];
    for (int j = 0; j < inputs; j++) {
      means[j] = (float) ((double) turned.kept(j) / rows);
    }
    float[] flat = new float[examples * rows];
    for (int e = 0; e < examples; e++) {
      System.arraycopy(targets[e], 0, flat, e * rows, rows);
    }
    EstimateOracles.PathNorm expected =
        new EstimateOracles.PathNorm(ones(masks), inputs, targets, scale);
    try (PathNormTrainer trainer =
        new PathNormTrainer(
            device,
            copy(masks),
            copy(turned),
            scope.copy("means", means, inputs),
            scope.copy("targets", flat, examples, rows),
            targetColumns,
            scope.copy("spread", spread, inputs, examples))) {
      for (int e = 0; e < examples; e++) {
        double bound = expected.curvature(e);
        assertThat(trainer.curvature()[e]).isEqualTo(bound, within(1e-5 * bound));
      }
      // Twice, so that the second training goes on from the first.
      for (float penalty : new float[] {.05f, .005f}) {
        trainer.train(penalty, .01f, 8);
        expected.train(penalty, .01f, 8);
        try (DeviceScope local = device.scope()) {
          DeviceArray theta = trainer.extract(local).require(F64, examples, inputs);
          double[] found = device.readDoubles(theta);
          for (int e = 0; e < examples; e++) {
            double[] of = expected.extract(e);
            double greatest = Arrays.stream(of).map(Math::abs).max().orElse(0);
            assertThat(Arrays.copyOfRange(found, e * inputs, (e + 1) * inputs))
                .containsExactly(of, within(1e-4 * greatest + 1e-7));
          }
        }
      }
    }
  }

  private static int[][] ones(MaskMatrix masks) {
    int[][] ones = new int[masks.rows()][];
    for (int row = 0; row < ones.length; row++) {
      int at = row;
      ones[row] = IntStream.range(0, masks.columns()).filter(j -> masks.get(at, j)).toArray();
    }
    return ones;
  }

  private static int[][] orders(int sets, int rows) {
    int[][] orders = new int[sets][];
    for (int set = 0; set < sets; set++) {
      int[] order = IntStream.range(0, rows).toArray();
      SplittableRandom random = new SplittableRandom(set + 1);
      for (int i = rows - 1; i > 0; i--) {
        int other = random.nextInt(i + 1);
        int kept = order[i];
        order[i] = order[other];
        order[other] = kept;
      }
      orders[set] = order;
    }
    return orders;
  }

  private static int[] flat(int[][] orders) {
    return Arrays.stream(orders).flatMapToInt(Arrays::stream).toArray();
  }

  private static long[] seeds(int inputs) {
    return new SplittableRandom(9).longs(inputs).toArray();
  }

  /** Of networks with the seeds {@code from} to {@code to − 1}. */
  private static NetworkStart start(int inputs, int units, int from, int to) {
    return new NetworkStart(units, LongStream.range(from, to).toArray(), seeds(inputs));
  }
}
