package io.ablate.cuda;

import static io.ablate.cuda.ElementType.I64;

import io.ablate.estimate.NetworkTrainer;
import io.ablate.estimate.SparseRows;
import io.ablate.mask.MaskMatrix;

/** {@link PathNormTrainer} behind the engine's interface. */
final class DevicePathNormNetworks implements NetworkTrainer.RegularisedNetworks {
  private final DeviceGroup devices;
  private final SharedDevice shared;
  private final int inputs;
  private final DeviceScope scope;
  private final PathNormTrainer trainer;

  /**
   * @param target examples × rows
   * @param scale examples × columns
   */
  DevicePathNormNetworks(DeviceGroup devices, SparseRows rows, float[][] target, double[][] scale) {
    this.devices = devices;
    this.shared = devices.take();
    this.inputs = rows.columns();
    this.scope = shared.call(Device::scope);
    try {
      this.trainer = shared.call(device -> trainer(device, rows, target, scale));
    } catch (RuntimeException e) {
      release();
      throw e;
    }
  }

  private PathNormTrainer trainer(
      Device device, SparseRows rows, float[][] target, double[][] scale) {
    MaskMatrix packed = rows.packed();
    int m = packed.rows();
    int examples = target.length;
    float[] flat = new float[Math.multiplyExact(examples, m)];
    double[] byRow = new double[flat.length];
    float[] spread = new float[Math.multiplyExact(inputs, examples)];
    for (int e = 0; e < examples; e++) {
      System.arraycopy(target[e], 0, flat, e * m, m);
      for (int row = 0; row < m; row++) {
        byRow[row * examples + e] = target[e][row];
      }
      for (int j = 0; j < inputs; j++) {
        spread[j * examples + e] = (float) scale[e][j];
      }
    }
    double[] mean = rows.columnMeans();
    float[] means = new float[inputs];
    for (int j = 0; j < inputs; j++) {
      means[j] = (float) mean[j];
    }
    DeviceArray words = scope.copy("masks", packed.words(), m, packed.wordsPerRow());
    DeviceArray columns = scope.array("columns", I64, inputs, MaskMatrix.wordsPerRow(m));
    MaskKernels.transpose(device, words, inputs, columns);
    return new PathNormTrainer(
        device,
        words,
        columns,
        scope.copy("means", means, inputs),
        scope.copy("targets", flat, examples, m),
        byRow,
        scope.copy("spread", spread, inputs, examples));
  }

  @Override
  public void restart() {
    shared.call(
        device -> {
          trainer.restart();
          return device;
        });
  }

  @Override
  public void train(float pathNorm, float decay, int passes) {
    shared.call(
        device -> {
          trainer.train(pathNorm, decay, passes);
          return device;
        });
  }

  @Override
  public double[][] extract() {
    double[] theta =
        shared.call(
            device -> {
              try (DeviceScope local = device.scope()) {
                return device.readDoubles(trainer.extract(local));
              }
            });
    return DeviceAdamNetworks.split(theta, inputs);
  }

  @Override
  public void close() {
    shared.call(
        device -> {
          trainer.close();
          return device;
        });
    release();
  }

  private void release() {
    shared.callAndTrim(
        device -> {
          scope.close();
          return device;
        });
    devices.giveBack(shared);
  }
}
