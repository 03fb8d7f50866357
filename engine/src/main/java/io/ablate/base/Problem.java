package io.ablate.base;

import org.jspecify.annotations.Nullable;

/**
 * The one wording of a fault: what is wrong, where, what was expected, what was found, and what
 * mends it.
 *
 * @param what the fault, as a sentence without its full stop
 * @param where file, option, node or row; null where {@code what} names it already
 * @param expected what would have been right; null if there is nothing to add
 * @param found what was there instead; null if there is nothing to add
 * @param remedy what the user can do; null if {@code expected} says it
 */
public record Problem(
    String what,
    @Nullable String where,
    @Nullable String expected,
    @Nullable String found,
    @Nullable String remedy) {

  /** A problem of which only the fault is known so far; see the {@code with} methods. */
  public static Problem of(String what) {
    return new Problem(what, null, null, null, null);
  }

  public Problem at(Object where) {
    return new Problem(what, String.valueOf(where), expected, found, remedy);
  }

  public Problem expected(Object expected) {
    return new Problem(what, where, String.valueOf(expected), found, remedy);
  }

  public Problem found(Object found) {
    return new Problem(what, where, expected, String.valueOf(found), remedy);
  }

  public Problem remedy(String remedy) {
    return new Problem(what, where, expected, found, remedy);
  }

  /** One line: {@code what: where; expected …, found …; remedy}. */
  public String message() {
    StringBuilder line = new StringBuilder(what);
    if (where != null) {
      line.append(": ").append(where);
    }
    if (expected != null) {
      line.append("; expected ").append(expected);
    }
    if (found != null) {
      line.append(expected != null ? ", found " : "; found ").append(found);
    }
    if (remedy != null) {
      line.append("; ").append(remedy);
    }
    return line.toString();
  }
}
