package io.ablate.example;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Positions of examples as users write them: {@code 0-9,42}. */
public final class ExampleSelection {
  private static final Pattern PART = Pattern.compile("(\\d{1,10})(?:-(\\d{1,10}))?");
  private static final int MOST = 10_000_000;

  private ExampleSelection() {}

  /**
   * The positions in the order written; both ends of a range are included.
   *
   * @throws UsageException if the text is no selection, names a position twice, or a range runs
   *     backwards
   */
  public static int[] parse(String text) {
    Set<Integer> positions = new LinkedHashSet<>();
    for (String part : text.split(",", -1)) {
      Matcher matcher = PART.matcher(part.strip());
      if (!matcher.matches()) {
        throw wrong(text, "positions and ranges such as 0-9,42", "'" + part.strip() + "'");
      }
      long first = Long.parseLong(matcher.group(1));
      long last = matcher.group(2) == null ? first : Long.parseLong(matcher.group(2));
      if (last < first) {
        throw wrong(text, "a range that runs upwards", part.strip());
      }
      if (last > Integer.MAX_VALUE || positions.size() + last - first >= MOST) {
        throw wrong(text, "at most " + MOST + " positions below 2^31", part.strip());
      }
      for (long position = first; position <= last; position++) {
        if (!positions.add((int) position)) {
          throw wrong(text, "each position once", position + " twice");
        }
      }
    }
    return positions.stream().mapToInt(Integer::intValue).toArray();
  }

  /**
   * Requires a position to lie within a source.
   *
   * @throws UsageException naming the valid range
   */
  static void requireWithin(int index, int size, String data) {
    if (index < 0 || index >= size) {
      throw new UsageException(
          Problem.of("example index out of range")
              .at(data)
              .expected("0 to " + (size - 1))
              .found(index));
    }
  }

  private static UsageException wrong(String text, String expected, String found) {
    return new UsageException(
        Problem.of("malformed selection of examples")
            .at("'" + text + "'")
            .expected(expected)
            .found(found));
  }
}
