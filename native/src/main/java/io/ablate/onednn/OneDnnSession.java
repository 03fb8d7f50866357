package io.ablate.onednn;

import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import org.jspecify.annotations.Nullable;

/** Ablated passes of one model. */
final class OneDnnSession implements ForwardSession {
  private final InstrumentedModel model;
  private final ForwardOptions options;
  private final ProgramCache programs;
  private final Workers workers;
  private @Nullable ForwardSession reference;
  private boolean closed;

  OneDnnSession(InstrumentedModel model, ForwardOptions options) {
    this.model = model;
    this.options = options;
    this.programs = new ProgramCache(shape -> Lowering.of(model, shape, options));
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
  public InstrumentedModel model() {
    return model;
  }

  @Override
  public synchronized ForwardBatch batch(BatchShape shape) {
    requireOpen();
    return new OneDnnBatch(model, programs, workers, shape);
  }

  /** One ordinary pass per example: the reference computes it. */
  @Override
  public float[] activationScale(float[] example) {
    ForwardSession session;
    synchronized (this) {
      requireOpen();
      if (reference == null) {
        reference = new OrtCpuBackend().open(model, options.with(Precision.FP32));
      }
      session = reference;
    }
    return session.activationScale(example);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("session is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    programs.close();
    workers.close();
    if (reference != null) {
      reference.close();
    }
  }
}
