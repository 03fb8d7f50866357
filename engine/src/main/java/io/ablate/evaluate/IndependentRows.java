package io.ablate.evaluate;

/** Which rows are independent Bernoulli draws, as {@link LinearityCeiling} needs them. */
public enum IndependentRows {
  /** All of them. */
  ALL,

  /** The held-out ones; the others come from another design. */
  HELD_OUT,

  /** None. */
  NONE
}
