package io.ablate.instrument;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The scalar f of one row, from logits and the label y; names as on the command line. */
public enum OutputFunction {
  /** logit[y] − max of the others (COAR). */
  MARGIN("margin"),
  /** logit[y] − logsumexp of the others (datamodels). */
  MARGIN_LOGSUMEXP("margin-logsumexp"),
  /** logit[y]. */
  LOGIT("logit"),
  /** log softmax(logits)[y]. */
  LOG_PROB("log-prob"),
  /** Cross-entropy, −log softmax(logits)[y]. */
  LOSS("loss");

  private final String label;

  OutputFunction(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }

  /** The function of that label; null if there is none. */
  public static @Nullable OutputFunction byLabel(String label) {
    return Arrays.stream(values()).filter(f -> f.label.equals(label)).findFirst().orElse(null);
  }

  /** All labels, for messages. */
  public static String labels() {
    return Arrays.stream(values()).map(OutputFunction::label).collect(Collectors.joining(", "));
  }

  /**
   * The scalar of one row of logits, as the operators in the graph give it.
   *
   * @param logits of all classes
   * @param y the label, one of the classes
   */
  public double of(double[] logits, int y) {
    return switch (this) {
      case MARGIN -> logits[y] - logits[largest(logits, y)];
      case MARGIN_LOGSUMEXP -> logits[y] - logSumExp(logits, y);
      case LOGIT -> logits[y];
      case LOG_PROB -> logits[y] - logSumExp(logits, -1);
      case LOSS -> logSumExp(logits, -1) - logits[y];
    };
  }

  /**
   * ∂f/∂logits; for the margin, which has a kink where two others are equal, one of its sides.
   *
   * @param logits of all classes
   * @param y the label, one of the classes
   */
  public double[] gradient(double[] logits, int y) {
    double[] gradient = new double[logits.length];
    switch (this) {
      case MARGIN -> gradient[largest(logits, y)] = -1;
      case MARGIN_LOGSUMEXP -> softmax(logits, y, -1, gradient);
      case LOGIT -> {}
      case LOG_PROB -> softmax(logits, -1, -1, gradient);
      case LOSS -> softmax(logits, -1, 1, gradient);
    }
    gradient[y] += this == LOSS ? -1 : 1;
    return gradient;
  }

  /** The class of the largest logit other than {@code without}; the first of several. */
  private static int largest(double[] logits, int without) {
    int largest = without == 0 ? 1 : 0;
    for (int c = largest + 1; c < logits.length; c++) {
      if (c != without && logits[c] > logits[largest]) {
        largest = c;
      }
    }
    return largest;
  }

  private static double logSumExp(double[] logits, int without) {
    double max = logits[largest(logits, without)];
    double sum = 0;
    for (int c = 0; c < logits.length; c++) {
      sum += c == without ? 0 : Math.exp(logits[c] - max);
    }
    return Math.log(sum) + max;
  }

  private static void softmax(double[] logits, int without, double sign, double[] target) {
    double total = logSumExp(logits, without);
    for (int c = 0; c < logits.length; c++) {
      target[c] = c == without ? 0 : sign * Math.exp(logits[c] - total);
    }
  }
}
