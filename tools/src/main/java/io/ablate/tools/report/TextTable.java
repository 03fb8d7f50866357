package io.ablate.tools.report;

import java.util.List;

/** Tables in plain text, columns two spaces apart. */
public final class TextTable {
  private TextTable() {}

  /** Aligns every column to the left. */
  public static String left(List<List<String>> rows) {
    return align(rows, Integer.MAX_VALUE);
  }

  /** Aligns every column but the first to the right: for numbers. */
  public static String right(List<List<String>> rows) {
    return align(rows, 1);
  }

  /** Aligns the first {@code names} columns to the left, the others to the right. */
  public static String align(List<List<String>> rows, int names) {
    int columns = rows.stream().mapToInt(List::size).max().orElse(0);
    int[] width = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < row.size(); c++) {
        width[c] = Math.max(width[c], length(row.get(c)));
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < row.size(); c++) {
        String pad = " ".repeat(width[c] - length(row.get(c)));
        line.append(c == 0 ? "" : "  ").append(c < names ? row.get(c) + pad : pad + row.get(c));
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  private static int length(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
