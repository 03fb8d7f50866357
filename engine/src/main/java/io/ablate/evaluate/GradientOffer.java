package io.ablate.evaluate;

import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.estimate.GradientData;
import io.ablate.mask.GradientMasks;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The gradient passes that a comparison may spend its budgets on.
 *
 * @param cost of a gradient pass in ordinary ones, as measured
 * @param passes the numbers of passes whose sums are available, ascending
 * @param soft whether their masks have soft entries
 * @param first what the first so many passes told
 */
public record GradientOffer(
    double cost, int[] passes, boolean soft, IntFunction<GradientData> first) {

  /** The gradient passes that a store holds, read when asked for; null if none. */
  public static @Nullable GradientOffer of(ComponentDataset dataset) {
    Manifest manifest = dataset.manifest();
    Manifest.Gradients stored = manifest == null ? null : manifest.gradients();
    if (stored == null || dataset.gradientSegmentEnds().length == 0) {
      return null;
    }
    GradientMasks masks = GradientMasks.of(stored.masks(), dataset.columns());
    return new GradientOffer(
        stored.cost(),
        dataset.gradientSegmentEnds(),
        masks != null && masks.soft() > 0,
        passes -> GradientData.of(Objects.requireNonNull(dataset.gradients(passes))));
  }
}
