package io.ablate.cuda;

/**
 * How {@link ReluNetworks} are trained.
 *
 * @param units hidden units of an example, at most {@value #MOST_UNITS}
 * @param rate Adam's
 * @param decay of the weights, per step and unit of rate; 0 for Adam, otherwise AdamW
 */
record ReluSettings(int units, float rate, float decay) {
  /** A block has all units of an example. */
  static final int MOST_UNITS = 1024;

  ReluSettings {
    if (units < 1 || units > MOST_UNITS) {
      throw new IllegalArgumentException("units: " + units);
    }
  }
}
