package io.ablate.cuda;

import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Devices that compute alike. Whoever has work takes the one that the fewest have; what is computed
 * does not depend on which. Thread-safe.
 */
final class DeviceGroup {
  private final List<SharedDevice> devices;
  private final int[] users;

  DeviceGroup(List<SharedDevice> devices) {
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("no devices");
    }
    this.devices = List.copyOf(devices);
    this.users = new int[devices.size()];
  }

  int size() {
    return devices.size();
  }

  /** A device, to be given back with {@link #giveBack}. */
  synchronized SharedDevice take() {
    int best = 0;
    for (int i = 1; i < users.length; i++) {
      best = users[i] < users[best] ? i : best;
    }
    users[best]++;
    return devices.get(best);
  }

  synchronized void giveBack(SharedDevice device) {
    users[devices.indexOf(device)]--;
  }

  /** The least of a figure of every device. */
  long least(ToLongFunction<Device> figure) {
    return devices.stream()
        .mapToLong(shared -> shared.call(figure::applyAsLong))
        .min()
        .orElseThrow();
  }

  /**
   * How many of {@code examples} to hand to one device at once: so that all have some, and the
   * memory of each holds them.
   *
   * @param share of the free memory
   * @param bytes of one example
   * @param most for other reasons, at least 1
   */
  int examplesTogether(int examples, double share, double bytes, long most) {
    double held = share * least(Device::freeBytes) / bytes;
    long each = Math.ceilDiv(examples, devices.size());
    return (int) Math.clamp(held, 1.0, (double) Math.max(1, Math.min(each, most)));
  }
}
