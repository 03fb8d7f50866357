package io.ablate.estimate;

import io.ablate.mask.MaskMatrix;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What several methods find on the same data, such as the prior of a hierarchical ridge, computed
 * once for fits one after the other. Of every kind the last result is kept, with what it was made
 * of; another is computed where anything of that differs, so that no result depends on what was
 * fitted before. Thread-safe.
 */
public final class SharedWork {
  private static final long MOST_BYTES = 128L << 20;

  private record Made(@Nullable Object[] of, Object result, double seconds) {}

  private final Map<Class<?>, Made> last = new HashMap<>();
  private double secondsSaved;

  /**
   * The result of {@code work}, or one that was made of equal inputs before.
   *
   * @param kind of results, which are immutable
   * @param of all that the work depends on: arrays, compared by their content, and values
   */
  <T> T get(Class<T> kind, Supplier<T> work, @Nullable Object... of) {
    synchronized (this) {
      Made made = last.get(kind);
      if (made != null && Arrays.deepEquals(made.of, of)) {
        secondsSaved += made.seconds;
        return kind.cast(made.result);
      }
    }
    long start = System.nanoTime();
    T result = work.get();
    double seconds = (System.nanoTime() - start) * 1e-9;
    if (bytes(of) <= MOST_BYTES) {
      Made made = new Made(Arrays.stream(of).map(SharedWork::copy).toArray(), result, seconds);
      synchronized (this) {
        last.put(kind, made);
      }
    }
    return result;
  }

  /** At about; of what can be large. */
  private static long bytes(@Nullable Object value) {
    return switch (value) {
      case double[] array -> (long) Double.BYTES * array.length;
      case float[] array -> (long) Float.BYTES * array.length;
      case MaskMatrix masks -> (long) Long.BYTES * masks.words().length;
      case Object[] array -> Arrays.stream(array).mapToLong(SharedWork::bytes).sum();
      case null, default -> 0;
    };
  }

  /** The caller may write into its own. */
  private static @Nullable Object copy(@Nullable Object value) {
    return switch (value) {
      case double[] array -> array.clone();
      case float[] array -> array.clone();
      case int[] array -> array.clone();
      case MaskMatrix masks -> masks.rows(0, masks.rows());
      case Object[] array -> Arrays.stream(array).map(SharedWork::copy).toArray();
      case null, default -> value;
    };
  }

  /** Seconds that results took which were asked for again, each time they were. */
  public synchronized double secondsSaved() {
    return secondsSaved;
  }
}
