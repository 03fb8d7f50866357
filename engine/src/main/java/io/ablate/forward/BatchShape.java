package io.ablate.forward;

/**
 * The extents of one forward pass: many masks on one example, one mask on many examples, or as many
 * of both, row by row.
 *
 * @param masks rows of the mask input
 * @param examples rows of the example input
 */
public record BatchShape(int masks, int examples) {
  public BatchShape {
    if (masks < 1 || examples < 1 || masks > 1 && examples > 1 && masks != examples) {
      throw new IllegalArgumentException(
          "masks " + masks + " and examples " + examples + " do not broadcast");
    }
  }

  public static BatchShape of(BatchOrder order, int size) {
    return order == BatchOrder.MASKS ? new BatchShape(size, 1) : new BatchShape(1, size);
  }

  /** Rows of the output: ablated passes per run. */
  public int rows() {
    return Math.max(masks, examples);
  }
}
