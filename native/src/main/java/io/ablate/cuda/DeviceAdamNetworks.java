package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;

import io.ablate.estimate.NetworkStart;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * {@link ReluNetworks} behind the engine's interface. Orders go to the device once an epoch, errors
 * come back; weights stay there.
 */
final class DeviceAdamNetworks implements NetworkTrainer.AdamNetworks {
  private final DeviceGroup devices;
  private final SharedDevice shared;
  private final int rows;
  private final int inputs;
  private final DeviceScope scope;
  private final ReluNetworks networks;

  DeviceAdamNetworks(
      DeviceGroup devices, MaskMatrix masks, float[][] target, NetworkStart start, float rate) {
    this.devices = devices;
    this.shared = devices.take();
    this.rows = masks.rows();
    this.inputs = masks.columns();
    this.scope = shared.call(Device::scope);
    try {
      this.networks = shared.call(device -> networks(device, masks, target, start, rate));
    } catch (RuntimeException e) {
      release();
      throw e;
    }
  }

  private ReluNetworks networks(
      Device device, MaskMatrix masks, float[][] target, NetworkStart start, float rate) {
    DeviceArray targets = scope.array("targets", F32, target.length, rows);
    device.writeRows(targets, target);
    DeviceArray words = scope.copy("masks", masks.words(), rows, masks.wordsPerRow());
    ReluNetworks made =
        new ReluNetworks(device, words, inputs, targets, new ReluSettings(start.units(), rate, 0));
    try {
      made.start(start);
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
    return made;
  }

  @Override
  public void epoch(int[][] orders, int count, int batch) {
    shared.call(
        device -> {
          try (DeviceScope local = device.scope()) {
            DeviceArray order = order(local, orders);
            for (int from = 0; from < count; from += batch) {
              networks.step(order, from, Math.min(count, from + batch));
            }
            return count;
          }
        });
  }

  @Override
  public double[] errors(int[][] orders, int from, int to) {
    return shared.call(
        device -> {
          try (DeviceScope local = device.scope()) {
            return networks.errors(order(local, orders), from, to);
          }
        });
  }

  /** Networks without an order stand still; their rows are any. */
  private DeviceArray order(DeviceScope local, int[][] orders) {
    int[] flat = new int[Math.multiplyExact(orders.length, rows)];
    boolean[] takePart = new boolean[orders.length];
    for (int i = 0; i < orders.length; i++) {
      int @Nullable [] order = orders[i];
      takePart[i] = order != null;
      if (order != null) {
        System.arraycopy(order, 0, flat, i * rows, rows);
      }
    }
    networks.activate(takePart);
    return local.copy("order", flat, orders.length, rows);
  }

  @Override
  public double[][] extract() {
    double[] theta =
        shared.call(
            device -> {
              try (DeviceScope local = device.scope()) {
                return device.readDoubles(networks.extract(local));
              }
            });
    return split(theta, inputs);
  }

  /** Rows of so many entries. */
  static double[][] split(double[] flat, int width) {
    double[][] rows = new double[width == 0 ? 0 : flat.length / width][];
    Arrays.setAll(rows, i -> Arrays.copyOfRange(flat, i * width, (i + 1) * width));
    return rows;
  }

  @Override
  public void close() {
    shared.call(
        device -> {
          networks.close();
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
