package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.I64;

import io.ablate.base.Problem;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether a device computes what the processor does: masks drawn there and their product with
 * float32 on its tensor cores, once per process, before anything is entrusted to it. Thread-safe.
 */
final class DeviceCheck {
  private static final int ROWS = 70;
  private static final int INNER = 90;
  private static final int COLUMNS = 36;

  /** Of a sum of at most 90 entries of at most 1. */
  private static final double TOLERANCE = 1e-5;

  private static final Map<Integer, Optional<Problem>> KNOWN = new ConcurrentHashMap<>();

  private DeviceCheck() {}

  /**
   * Why a device cannot be trusted; empty if it can.
   *
   * @param index of one that the probe finds usable
   */
  static Optional<Problem> whyUnusable(int index) {
    return KNOWN.computeIfAbsent(
        index,
        device -> {
          try (Device open = Device.cuda(device)) {
            return whyUnusable(open);
          } catch (RuntimeException e) {
            return Optional.of(failed("cuda:" + device, e));
          }
        });
  }

  static Optional<Problem> whyUnusable(Device device) {
    try {
      double off = deviation(device);
      return off <= TOLERANCE // NaN is not
          ? Optional.empty()
          : Optional.of(
              Problem.of("the device computes wrongly")
                  .at(device.describe())
                  .expected("a product of masks as on the processor, within " + TOLERANCE)
                  .found("off by " + off)
                  .remedy("use --device cpu"));
    } catch (RuntimeException e) {
      return Optional.of(failed(device.describe(), e));
    }
  }

  private static Problem failed(String device, RuntimeException e) {
    return Problem.of("the device does not compute")
        .at(device)
        .found(String.valueOf(e.getMessage()))
        .remedy("use --device cpu");
  }

  /** The greatest one of the product's entries. */
  private static double deviation(Device device) {
    BernoulliMasks design = new BernoulliMasks(0x5eed, .5, ROWS);
    MaskMatrix transposed = MaskMatrix.of(design, 0, INNER);
    float[] b = new float[INNER * COLUMNS];
    for (int i = 0; i < b.length; i++) {
      b[i] = (float) Math.sin(i + 1);
    }
    float[] found;
    try (DeviceScope scope = device.scope()) {
      DeviceArray words = scope.array("masks", I64, INNER, transposed.wordsPerRow());
      MaskKernels.draw(device, design, 0, words);
      DeviceArray out = scope.array("product", F32, ROWS, COLUMNS);
      ProductKernels.times(device, words, scope.copy("values", b, INNER, COLUMNS), out);
      found = device.readFloats(out);
    }
    double[] deviations = new double[found.length];
    for (int i = 0; i < found.length; i++) {
      double sum = 0;
      for (int j = 0; j < INNER; j++) {
        sum += transposed.get(j, i / COLUMNS) ? b[j * COLUMNS + i % COLUMNS] : 0;
      }
      deviations[i] = Math.abs(found[i] - sum);
    }
    return Arrays.stream(deviations).reduce(0, Math::max); // NaN stays
  }
}
