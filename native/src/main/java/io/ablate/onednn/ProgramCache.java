package io.ablate.onednn;

import io.ablate.base.BadInputException;
import io.ablate.forward.BatchShape;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/**
 * Compiled programs of one model, one per batch shape; their weights are shared. One that no batch
 * uses is kept until another shape is asked for. Thread-safe.
 */
final class ProgramCache implements AutoCloseable {
  private final Source source;
  private final PackedWeights weights = PackedWeights.packing();
  private final Map<BatchShape, Entry> entries = new HashMap<>();

  /** Where programs come from. */
  interface Source {
    Program of(BatchShape shape) throws UnsupportedGraphException;
  }

  private static final class Entry {
    final CompiledProgram program;
    int users;

    Entry(CompiledProgram program) {
      this.program = program;
    }
  }

  ProgramCache(Source source) {
    this.source = source;
  }

  /**
   * The program for a batch shape, to be given back with {@link #release}.
   *
   * @throws BadInputException if the model cannot be run
   */
  synchronized CompiledProgram acquire(BatchShape shape) {
    Entry entry = entries.get(shape);
    if (entry == null) {
      closeIdle();
      entry = new Entry(compile(shape));
      entries.put(shape, entry);
    }
    entry.users++;
    return entry.program;
  }

  private CompiledProgram compile(BatchShape shape) {
    // An operation is made for as many threads as there are when it is made.
    OneDnn.useOneThread();
    try {
      return new CompiledProgram(source.of(shape), weights);
    } catch (UnsupportedGraphException e) {
      throw new BadInputException(e.problem(), e);
    }
  }

  synchronized void release(CompiledProgram program) {
    entries.values().stream()
        .filter(entry -> entry.program == program)
        .forEach(entry -> entry.users--);
  }

  private void closeIdle() {
    for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (entry.users == 0) {
        all.remove();
        entry.program.close();
      }
    }
  }

  @Override
  public synchronized void close() {
    entries.values().forEach(entry -> entry.program.close());
    entries.clear();
    weights.close();
  }
}
