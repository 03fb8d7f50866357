package io.ablate.forward;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One session of a runtime per batch shape, shared by the batches of that shape. A session that no
 * batch uses is kept for the next until another shape is asked for. Thread-safe.
 *
 * @param <S> the runtime's session
 */
public final class SessionPool<S> implements AutoCloseable {
  private final Function<BatchShape, S> load;
  private final Consumer<S> free;
  private final Map<BatchShape, Entry<S>> entries = new HashMap<>();

  private static final class Entry<S> {
    final S session;
    int users;

    Entry(S session) {
      this.session = session;
    }
  }

  /**
   * A pool without sessions.
   *
   * @param load loads the graph for a shape
   * @param free frees what was loaded
   */
  public SessionPool(Function<BatchShape, S> load, Consumer<S> free) {
    this.load = load;
    this.free = free;
  }

  /** The session of a shape; to be given back with {@link #release}. */
  public synchronized S acquire(BatchShape shape) {
    Entry<S> entry = entries.get(shape);
    if (entry == null) {
      freeIdle();
      entry = new Entry<>(load.apply(shape));
      entries.put(shape, entry);
    }
    entry.users++;
    return entry.session;
  }

  /** Gives back what {@link #acquire} returned for that shape. */
  public synchronized void release(BatchShape shape) {
    Entry<S> entry = entries.get(shape);
    if (entry != null) {
      entry.users--;
    }
  }

  private void freeIdle() {
    for (Iterator<Entry<S>> all = entries.values().iterator(); all.hasNext(); ) {
      Entry<S> entry = all.next();
      if (entry.users == 0) {
        all.remove();
        free.accept(entry.session);
      }
    }
  }

  /** Frees every session; batches must be closed before. */
  @Override
  public synchronized void close() {
    entries.values().forEach(entry -> free.accept(entry.session));
    entries.clear();
  }
}
