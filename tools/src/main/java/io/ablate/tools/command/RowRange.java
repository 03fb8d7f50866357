package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of rows, {@code A:B}: rows A to B − 1.
 *
 * @param from first row
 * @param to one past the last row
 */
record RowRange(int from, int to) {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9}):(\\d{1,9})");

  /**
   * Reads {@code A:B}.
   *
   * @throws UsageException if the text is no range or an empty one
   */
  static RowRange parse(String option, String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (matcher.matches()) {
      RowRange range =
          new RowRange(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
      if (range.from < range.to) {
        return range;
      }
    }
    throw new UsageException(
        Problem.of("wrong range of rows").at(option).expected("A:B with A < B").found(text));
  }
}
