package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.mask.GradientMasks;
import java.nio.file.Path;

/**
 * The extents of a store's gradient part. Its sums are [segments, kinds, examples, n]; the kinds
 * are the derivatives by kept, by ablated and by soft entries, the squares of those by hard and of
 * those by soft ones. Where no entry is soft, the two kinds of soft entries are missing.
 *
 * @param first number of the first pass
 * @param ends where the segments end, counted from pass 0
 * @param soft whether entries may be soft
 * @param examples number of examples
 * @param columns number of components, n
 */
record GradientLayout(int first, int[] ends, boolean soft, int examples, int columns) {
  static final int KEPT = 0;
  static final int ABLATED = 1;
  static final int SOFT = 2;
  static final int SOFT_SQUARES = 4;

  /**
   * @throws BadInputException if the manifest's masks are of an unknown generator
   */
  static GradientLayout of(Manifest manifest, Manifest.Gradients gradients, Path folder) {
    GradientMasks masks = masks(gradients, manifest.components(), folder);
    return new GradientLayout(
        gradients.first(),
        GradientSegments.ends(gradients.first(), gradients.passes()),
        masks.soft() > 0,
        manifest.data().examples().size(),
        manifest.components());
  }

  /** The masks of the passes. */
  static GradientMasks masks(Manifest.Gradients gradients, int columns, Path folder) {
    GradientMasks masks = GradientMasks.of(gradients.masks(), columns);
    if (masks == null) {
      throw new BadInputException(
          Problem.of("unknown masks of gradient passes")
              .at(folder.resolve(StoreFiles.MANIFEST) + ", field \"gradients.masks\"")
              .expected("keep, seed and soft of " + GradientMasks.GENERATOR)
              .found(gradients.masks()));
    }
    return masks;
  }

  int segments() {
    return ends.length;
  }

  int kinds() {
    return soft ? 5 : 3;
  }

  /** The kind of the squares by hard entries. */
  int squares() {
    return soft ? 3 : 2;
  }

  int passes() {
    return ends[ends.length - 1] - first;
  }

  /** Number of gradient passes over all examples. */
  long pairs() {
    return (long) passes() * examples;
  }

  /** How many of them the first {@code segments} segments hold. */
  long pairs(int segments) {
    return segments == 0 ? 0 : (long) (ends[segments - 1] - first) * examples;
  }

  /** Position of one example's row in the array of sums. */
  long row(int segment, int kind, int example) {
    return (((long) segment * kinds() + kind) * examples + example) * columns;
  }

  /** Elements of one segment's sums. */
  long segmentElements() {
    return (long) kinds() * examples * columns;
  }

  long[] sumsShape() {
    return new long[] {segments(), kinds(), examples, columns};
  }

  /** What collecting holds: the sums of the segment at work, and beside them one row of floats. */
  long memoryBytes() {
    return 8 * segmentElements() + 4L * columns;
  }

  /** What the finished part takes on disk. */
  long diskBytes() {
    return 4 * pairs() + 4L * examples * columns + segments() * (4 * segmentElements() + 1);
  }
}
