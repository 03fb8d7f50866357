package io.ablate.estimate;

import io.ablate.instrument.OutputFunction;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Which logits of one example are modelled, each less the mean of all that are: the output
 * functions other than the plain logit do not see a shift. Where there are many classes, the label
 * and its strongest competitors, and one entry in place of all others: their logsumexp, or their
 * maximum for the margin, so that the output is the same function of fewer entries.
 *
 * @param classes the entries' classes, ascending
 * @param label position of the label among the entries
 * @param rest whether an entry for all other classes follows
 */
record LogitEntries(int[] classes, int label, boolean rest) {
  /** Entries modelled at most. */
  static final int MOST = 16;

  /** The entries of an example, by the shares of the competitors in the training rows. */
  static LogitEntries of(LogitData data, int example) {
    int y = data.labels()[example];
    if (data.classes() <= MOST) {
      return new LogitEntries(IntStream.range(0, data.classes()).toArray(), y, false);
    }
    double[] share = new double[data.classes()];
    for (int row = 0; row < data.rows(); row++) {
      double[] others = OutputFunction.MARGIN_LOGSUMEXP.gradient(data.row(example, row), y);
      for (int c = 0; c < share.length; c++) {
        share[c] -= others[c];
      }
    }
    share[y] = Double.POSITIVE_INFINITY;
    int[] classes =
        IntStream.range(0, share.length)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer c) -> -share[c]))
            .limit(MOST - 1)
            .mapToInt(Integer::intValue)
            .sorted()
            .toArray();
    return new LogitEntries(classes, Arrays.binarySearch(classes, y), true);
  }

  int count() {
    return classes.length + (rest ? 1 : 0);
  }

  /** The unit vector along which the label's entry moves against all others, of sum 0. */
  double[] labelDirection() {
    int count = count();
    double length = Math.sqrt((count - 1.0) / count);
    double[] direction = new double[count];
    Arrays.setAll(direction, k -> ((k == label ? 1 : 0) - 1.0 / count) / (length > 0 ? length : 1));
    return direction;
  }

  /** The entries of one row of logits, less their mean. */
  double[] of(double[] logits, OutputFunction function) {
    double[] entries = new double[count()];
    boolean[] taken = new boolean[logits.length];
    for (int k = 0; k < classes.length; k++) {
      entries[k] = logits[classes[k]];
      taken[classes[k]] = true;
    }
    if (rest) {
      double[] others =
          IntStream.range(0, logits.length)
              .filter(c -> !taken[c])
              .mapToDouble(c -> logits[c])
              .toArray();
      double max = Arrays.stream(others).max().orElseThrow();
      entries[classes.length] =
          function == OutputFunction.MARGIN
              ? max
              : max + Math.log(Arrays.stream(others).map(z -> Math.exp(z - max)).sum());
    }
    double mean = Arrays.stream(entries).sum() / entries.length;
    Arrays.setAll(entries, k -> entries[k] - mean);
    return entries;
  }
}
