package io.ablate.onednn;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;

/** Gradient passes of one model. */
final class OneDnnGradientSession implements GradientSession {
  private final DifferentiatedModel model;
  private final ProgramCache programs;
  private final Workers workers;
  private boolean closed;

  OneDnnGradientSession(DifferentiatedModel model, ForwardOptions options) {
    this.model = model;
    this.programs =
        new ProgramCache(shape -> Lowering.withGradients(model.forward(), shape.rows(), options));
    this.workers = new Workers(options.threads());
    // A model that cannot be compiled is to be known here.
    try {
      programs.release(programs.acquire(new BatchShape(1, 1)));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public DifferentiatedModel model() {
    return model;
  }

  @Override
  public synchronized GradientBatch batch(int rows) {
    if (closed) {
      throw new IllegalStateException("session is closed");
    }
    return new OneDnnGradientBatch(model.forward(), programs, workers, rows);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      programs.close();
      workers.close();
    }
  }
}
