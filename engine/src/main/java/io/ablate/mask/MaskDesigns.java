package io.ablate.mask;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.List;
import java.util.Map;

/** The designs by their names. */
public final class MaskDesigns {
  /** The design that is used where none is named. */
  public static final String DEFAULT = "bernoulli";

  /** All names, the default first. */
  public static final List<String> NAMES =
      List.of(DEFAULT, "fixed-size", "block-balanced", "leave-one-out");

  private MaskDesigns() {}

  /**
   * Makes a design.
   *
   * @param keep share of components to keep; leave-one-out has no use for it
   * @param columns number of components, n
   * @throws UsageException if there is no design of this name, or it cannot be had with this {@code
   *     keep}
   */
  public static MaskDesign named(String name, long seed, double keep, int columns) {
    requireName(name);
    return switch (name) {
      case "fixed-size" -> new FixedSizeMasks(seed, keep, columns);
      case "block-balanced" -> new BlockBalancedMasks(seed, keep, columns);
      case "leave-one-out" -> new LeaveOneOutMasks(columns);
      default -> new BernoulliMasks(seed, keep, columns);
    };
  }

  /**
   * @throws UsageException if there is no design of this name
   */
  public static void requireName(String name) {
    if (!NAMES.contains(name)) {
      throw new UsageException(
          Problem.of("unknown design of masks")
              .at("--design")
              .expected(
                  String.join(", ", NAMES.subList(0, NAMES.size() - 1)) + " or " + NAMES.getLast())
              .found(name));
    }
  }

  /**
   * Whether a provenance is that of a design whose rows are known not to be independent Bernoulli
   * draws; nothing is known of masks from a file.
   */
  public static boolean isDependent(Map<String, Object> provenance) {
    return provenance.get("design") instanceof String name
        && NAMES.contains(name)
        && !name.equals(DEFAULT);
  }
}
