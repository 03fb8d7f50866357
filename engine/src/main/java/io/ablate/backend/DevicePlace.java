package io.ablate.backend;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.forward.ForwardBackendProvider;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where to compute, in the words of {@code --device}.
 *
 * @param kind a device's kind, or {@link Backends#AUTO}
 * @param index of the device that must be usable
 * @param alone whether others like it are left out
 */
record DevicePlace(String kind, int index, boolean alone) {
  static final String ON_THE_PROCESSOR = "use --device cpu, or --device auto to take what is there";

  private static final Pattern WORDS = Pattern.compile("(cuda)(?::(\\d{1,4}))?");

  /**
   * What the words mean.
   *
   * @throws UsageException if they mean nothing
   */
  static DevicePlace of(String device) {
    if (device.equals(Backends.AUTO) || device.equals("cpu")) {
      return new DevicePlace(device, 0, false);
    }
    Matcher words = WORDS.matcher(device);
    if (!words.matches()) {
      throw new UsageException(
          Problem.of("unknown device")
              .at("--device")
              .expected("auto, cpu, cuda or cuda:INDEX")
              .found(device));
    }
    boolean alone = words.group(2) != null;
    return new DevicePlace(words.group(1), alone ? Integer.parseInt(words.group(2)) : 0, alone);
  }

  boolean isProcessor() {
    return kind.equals(Backends.AUTO) || kind.equals("cpu");
  }

  boolean isOf(ForwardBackendProvider provider) {
    return kind.equals(Backends.AUTO) || kind.equals(provider.device());
  }
}
