package io.ablate.onednn;

import io.ablate.base.BadInputException;
import io.ablate.forward.BatchShape;
import io.ablate.forward.SessionPool;

/** Compiled programs of one model, one per batch shape; their weights are shared. Thread-safe. */
final class ProgramCache implements AutoCloseable {
  private final Source source;
  private final PackedWeights weights = PackedWeights.packing();
  private final SessionPool<CompiledProgram> programs =
      new SessionPool<>(this::compile, CompiledProgram::close);

  /** Where programs come from. */
  interface Source {
    Program of(BatchShape shape) throws UnsupportedGraphException;
  }

  ProgramCache(Source source) {
    this.source = source;
  }

  /**
   * The program for a batch shape, to be given back with {@link #release}.
   *
   * @throws BadInputException if the model cannot be run
   */
  CompiledProgram acquire(BatchShape shape) {
    return programs.acquire(shape);
  }

  void release(CompiledProgram program) {
    programs.release(program.program().shape());
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

  @Override
  public void close() {
    programs.close();
    weights.close();
  }
}
