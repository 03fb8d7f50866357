package io.ablate.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What every kernel's test needs: a device and an owner of arrays, whose memory is counted at the
 * end. The device is emulated, or the one that {@code -Dablate.test.device=cuda:0} names.
 */
abstract class KernelContract {
  @SuppressWarnings("NullAway.Init")
  protected Device device;

  @SuppressWarnings("NullAway.Init")
  protected DeviceScope scope;

  @BeforeEach
  void open() {
    device = openDevice();
    scope = device.scope();
  }

  /** The device that tests run on; skips the test where it is emulated and there is no compiler. */
  static Device openDevice() {
    String name = System.getProperty("ablate.test.device", "emulation");
    return name.equals("emulation")
        ? EmulatedDriver.open()
        : Device.cuda(Integer.parseInt(name.substring("cuda:".length())));
  }

  @AfterEach
  void close() {
    if (device != null) {
      scope.close();
      assertThat(device.liveBytes()).isZero();
      device.close();
    }
  }

  protected static MaskMatrix masks(int rows, int columns) {
    return MaskMatrix.of(new BernoulliMasks(7, .7, columns), 0, rows);
  }

  protected DeviceArray copy(MaskMatrix masks) {
    return scope.copy("masks", masks.words(), masks.rows(), masks.wordsPerRow());
  }

  /** Columns as rows, made without a device. */
  protected static MaskMatrix transposed(MaskMatrix masks) {
    MaskMatrix turned = new MaskMatrix(masks.columns(), masks.rows());
    for (int row = 0; row < masks.rows(); row++) {
      for (int column = 0; column < masks.columns(); column++) {
        turned.set(column, row, masks.get(row, column));
      }
    }
    return turned;
  }

  protected static double[] random(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.doubles(length, -1, 1).toArray();
  }

  /** The largest one of two arrays; not a number if one of theirs is none. */
  protected static double deviation(double[] found, double[] expected) {
    double largest = 0;
    for (int i = 0; i < Math.max(found.length, expected.length); i++) {
      double here = Math.abs(found[i] - expected[i]);
      largest = here <= largest ? largest : here;
    }
    return largest;
  }

  protected static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
