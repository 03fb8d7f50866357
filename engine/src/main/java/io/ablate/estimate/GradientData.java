package io.ablate.estimate;

import io.ablate.dataset.StoredGradients;
import org.jspecify.annotations.Nullable;

/**
 * What gradient passes told of every example: the derivative of the output by each mask entry,
 * summed apart for passes in which the entry was kept (1), ablated (0) or soft (between).
 *
 * @param masks q × n: the masks of the passes, shared by all examples
 * @param outputs examples × q: the outputs under them
 * @param keptSum examples × n: Σ ∂ᵢf over the passes in which entry i was 1
 * @param ablatedSum examples × n: over those in which it was 0
 * @param softSum examples × n: over those in which it was soft
 * @param hardSquares examples × n: Σ (∂ᵢf)² over the passes in which entry i was 0 or 1
 * @param softSquares examples × n: over those in which it was soft
 * @param unablated examples × n: ∂ᵢf at the mask of ones; null where it was not collected
 */
public record GradientData(
    float[][] masks,
    double[][] outputs,
    double[][] keptSum,
    double[][] ablatedSum,
    double[][] softSum,
    double[][] hardSquares,
    double[][] softSquares,
    double @Nullable [][] unablated) {

  /** What a store told. */
  public static GradientData of(StoredGradients stored) {
    return new GradientData(
        stored.masks(),
        stored.outputs(),
        stored.keptSum(),
        stored.ablatedSum(),
        stored.softSum(),
        stored.hardSquares(),
        stored.softSquares(),
        stored.unablated());
  }

  /** Room for gradient passes that have told nothing yet, all their entries 0. */
  public static GradientData empty(int passes, int columns, int examples) {
    return new GradientData(
        new float[passes][columns],
        new double[examples][passes],
        new double[examples][columns],
        new double[examples][columns],
        new double[examples][columns],
        new double[examples][columns],
        new double[examples][columns],
        new double[examples][columns]);
  }

  /** Adds what one pass, whose mask is set, told of one example. Not thread-safe. */
  public void add(int example, int pass, float output, float[] gradient) {
    outputs[example][pass] = output;
    float[] mask = masks[pass];
    for (int i = 0; i < gradient.length; i++) {
      double derivative = gradient[i];
      boolean hard = mask[i] == 0 || mask[i] == 1;
      double[][] sums = !hard ? softSum : mask[i] == 1 ? keptSum : ablatedSum;
      sums[example][i] += derivative;
      (hard ? hardSquares : softSquares)[example][i] += derivative * derivative;
    }
  }

  /** The same without the gradient at the mask of ones. */
  @SuppressWarnings("NullAway") // does not see the annotation on the outer array
  public GradientData withoutUnablated() {
    return new GradientData(
        masks, outputs, keptSum, ablatedSum, softSum, hardSquares, softSquares, null);
  }

  /** Number of gradient passes per example, q. */
  public int passes() {
    return masks.length;
  }

  /** Whether every entry of a pass was 0 or 1. */
  public boolean isHard(int pass) {
    for (float entry : masks[pass]) {
      if (entry != 0 && entry != 1) {
        return false;
      }
    }
    return true;
  }

  /** In how many passes every entry was 0 or 1. */
  public int hardPasses() {
    int count = 0;
    for (int pass = 0; pass < masks.length; pass++) {
      count += isHard(pass) ? 1 : 0;
    }
    return count;
  }

  /** In how many passes entry i was exactly {@code value}. */
  public int[] count(float value) {
    int[] count = new int[masks.length == 0 ? 0 : masks[0].length];
    for (float[] mask : masks) {
      for (int i = 0; i < count.length; i++) {
        count[i] += mask[i] == value ? 1 : 0;
      }
    }
    return count;
  }
}
