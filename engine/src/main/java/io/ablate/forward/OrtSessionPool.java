package io.ablate.forward;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.ablate.instrument.InstrumentedModel;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * One session of ONNX Runtime per batch shape, shared by the batches of that shape. A session that
 * no batch uses is kept for the next until another shape is asked for. Thread-safe.
 */
final class OrtSessionPool implements AutoCloseable {
  private final OrtEnvironment environment;
  private final InstrumentedModel model;
  private final ForwardOptions options;
  private final Map<BatchShape, Entry> entries = new HashMap<>();

  private static final class Entry {
    final OrtSession session;
    int users;

    Entry(OrtSession session) {
      this.session = session;
    }
  }

  OrtSessionPool(OrtEnvironment environment, InstrumentedModel model, ForwardOptions options) {
    this.environment = environment;
    this.model = model;
    this.options = options;
  }

  /** The session of a shape; to be given back with {@link #release}. */
  synchronized OrtSession acquire(BatchShape shape) {
    Entry entry = entries.get(shape);
    if (entry == null) {
      closeIdle();
      entry =
          new Entry(
              OrtSessions.create(
                  environment,
                  OrtGraphs.onProcessor(model, model.model(), shape, options.exampleShape()),
                  options.threads()));
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
        close(entry);
      }
    }
  }

  private void close(Entry entry) {
    try {
      entry.session.close();
    } catch (OrtException e) {
      throw OrtFaults.fault("ONNX Runtime cannot release the model", model.model(), e);
    }
  }

  /** Closes every session; batches must be closed before. */
  @Override
  public synchronized void close() {
    entries.values().forEach(this::close);
    entries.clear();
  }
}
