package io.ablate.cuda;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * The same masks, many at once drawn on a device and copied from there: a processor draws some ten
 * thousand rows a second, a device takes in more passes than that. To be used while the device is
 * open; as thread-safe as the executor.
 */
public final class DrawnMasks implements MaskDesign {
  /** With fewer words a launch and a copy take longer than drawing. */
  private static final int LEAST_WORDS = 512;

  private final Device device;
  private final Executor exclusively;
  private final BernoulliMasks design;

  /**
   * @param exclusively runs work that may use the device, before it returns
   */
  public DrawnMasks(Device device, Executor exclusively, BernoulliMasks design) {
    this.device = device;
    this.exclusively = exclusively;
    this.design = design;
  }

  @Override
  public int columns() {
    return design.columns();
  }

  @Override
  public Map<String, Object> provenance() {
    return design.provenance();
  }

  @Override
  public void row(long row, long[] words, int offset) {
    design.row(row, words, offset);
  }

  @Override
  public void rows(long first, int count, long[] words) {
    int perRow = MaskMatrix.wordsPerRow(columns());
    if (first < 0 || (long) count * perRow < LEAST_WORDS) {
      design.rows(first, count, words);
      return;
    }
    exclusively.execute(
        () -> {
          try (DeviceScope scope = device.scope()) {
            DeviceArray drawn = scope.array("masks", ElementType.I64, count, perRow);
            MaskKernels.draw(device, design, first, drawn);
            System.arraycopy(device.readLongs(drawn), 0, words, 0, count * perRow);
          }
        });
  }
}
