package io.ablate.forward;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Arrays;

/** What fills a batch; names as on the command line. */
public enum BatchOrder {
  /** Many masks, one example: what precedes the first mask is computed once. */
  MASKS("masks"),
  /** One mask, many examples: COAR's order. */
  EXAMPLES("examples");

  private final String label;

  BatchOrder(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }

  /**
   * The order of that name.
   *
   * @throws UsageException if there is none
   */
  public static BatchOrder of(String label) {
    return Arrays.stream(values())
        .filter(order -> order.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    Problem.of("unknown batch order").expected("masks or examples").found(label)));
  }
}
