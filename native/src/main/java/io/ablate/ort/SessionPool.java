package io.ablate.ort;

import io.ablate.forward.BatchShape;
import io.ablate.onnx.OnnxModel;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;

/**
 * One session per batch shape, shared by the batches of that shape. A session that no batch uses is
 * kept for the next until another shape is asked for. Thread-safe.
 */
final class SessionPool implements AutoCloseable {
  private final ExecutionProvider provider;
  private final int threads;
  private final Function<BatchShape, OnnxModel> graphs;
  private final Map<BatchShape, Entry> entries = new HashMap<>();

  private static final class Entry {
    final NativeSession session;
    int users;

    Entry(NativeSession session) {
      this.session = session;
    }
  }

  SessionPool(ExecutionProvider provider, int threads, Function<BatchShape, OnnxModel> graphs) {
    this.provider = provider;
    this.threads = threads;
    this.graphs = graphs;
  }

  /** The session of a shape; to be given back with {@link #release}. */
  synchronized NativeSession acquire(BatchShape shape) {
    Entry entry = entries.get(shape);
    if (entry == null) {
      closeIdle();
      entry = new Entry(NativeSession.open(provider, graphs.apply(shape), threads));
      entries.put(shape, entry);
    }
    entry.users++;
    return entry.session;
  }

  synchronized void release(BatchShape shape) {
    Entry entry = entries.get(shape);
    if (entry != null) {
      entry.users--;
    }
  }

  private void closeIdle() {
    for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (entry.users == 0) {
        all.remove();
        entry.session.close();
      }
    }
  }

  /** Closes every session; batches must be closed before. */
  @Override
  public synchronized void close() {
    entries.values().forEach(entry -> entry.session.close());
    entries.clear();
  }
}
