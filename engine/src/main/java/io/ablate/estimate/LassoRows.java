package io.ablate.estimate;

/**
 * The rows of a lasso: all, or all but one fold, with centred columns X̃ and centred outputs ỹ.
 * Holds a point θ, at first 0, and knows the gradient there of −‖ỹ − X̃θ‖²/2m. Two forms, with the
 * same results up to rounding: {@link LassoGram} for few columns, {@link LassoResiduals} for many.
 */
interface LassoRows {
  /** Number of columns, n. */
  int columns();

  /** Mean of ỹ². */
  double outputSquare();

  /** Mean of x̃_j². */
  double square(int column);

  /** Mean of x̃_j · (ỹ − X̃θ). */
  double gradient(int column);

  /** Adds {@code change} to θ_j. */
  void move(int column, double change);

  /** The gradient by every column; valid until the next move, not to be changed. */
  double[] gradients();
}
