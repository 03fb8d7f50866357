package io.ablate.benchmarks;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Options of a main class, each with a number or a word. */
public final class NumberOptions {
  private final Map<String, Double> values;
  private final Map<String, String> words;

  /**
   * @param arguments names and numbers in turn
   * @param defaults the options that exist
   * @throws UsageException naming them if there is another, or no number
   */
  public NumberOptions(String[] arguments, Map<String, Double> defaults) {
    this(arguments, defaults, Map.of());
  }

  /** The same with options that take words. */
  public NumberOptions(
      String[] arguments, Map<String, Double> defaults, Map<String, String> defaultWords) {
    values = new TreeMap<>(defaults);
    words = new TreeMap<>(defaultWords);
    for (int i = 0; i < arguments.length; i += 2) {
      String value = i + 1 < arguments.length ? arguments[i + 1] : "";
      if (words.containsKey(arguments[i]) && !value.isEmpty()) {
        words.put(arguments[i], value);
        continue;
      }
      if (!values.containsKey(arguments[i]) || !value.matches("[0-9]+([.][0-9]+)?")) {
        throw new UsageException(
            Problem.of("unknown option or no number")
                .at(arguments[i] + " " + value)
                .expected(
                    String.join(", ", values.keySet())
                        + ", each with a number"
                        + (words.isEmpty() ? "" : "; " + String.join(", ", words.keySet()))));
      }
      values.put(arguments[i], Double.parseDouble(value));
    }
  }

  public String word(String name) {
    return Objects.requireNonNull(words.get(name), name);
  }

  public double number(String name) {
    return Objects.requireNonNull(values.get(name), name);
  }

  public int whole(String name) {
    return (int) number(name);
  }
}
