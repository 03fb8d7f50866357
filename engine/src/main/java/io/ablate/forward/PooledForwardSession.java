package io.ablate.forward;

import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.MaskDesign;
import org.jspecify.annotations.Nullable;

/**
 * A session on a runtime that loads the graph anew for every batch shape.
 *
 * @param <S> the runtime's session
 */
public final class PooledForwardSession<S> implements ForwardSession {
  private final InstrumentedModel model;
  private final Loader<S> loader;
  private final SessionPool<S> sessions;
  private @Nullable ColumnValues scale;
  private boolean closed;

  /**
   * What the runtime does for one model. Thread-safe.
   *
   * @param <S> its session
   */
  public interface Loader<S> extends AutoCloseable {
    /** Loads the graph for a batch shape. */
    S load(BatchShape shape);

    /** Frees what was loaded. */
    void free(S session);

    /** A batch that takes its session from the pool and gives it back when it is closed. */
    ForwardBatch batch(SessionPool<S> sessions, BatchShape shape);

    /** See {@link ForwardSession#drawing}. */
    default MaskDesign drawing(MaskDesign design) {
      return design;
    }

    /** Loads the graph of the activation scale. */
    ColumnValues columnValues(InstrumentedModel.ActivationScale graph);

    /** After all that was loaded is freed. */
    @Override
    void close();
  }

  /** An unmasked graph that returns one value per component. Thread-safe. */
  public interface ColumnValues extends AutoCloseable {
    /** The values of one example, [n]. */
    float[] of(float[] example);

    @Override
    void close();
  }

  /**
   * Loads the graph for a single pass.
   *
   * @param loader closed together with the session, also where loading fails
   * @throws io.ablate.base.BadInputException if the model cannot be loaded
   */
  public PooledForwardSession(InstrumentedModel model, Loader<S> loader) {
    this.model = model;
    this.loader = loader;
    this.sessions = new SessionPool<>(loader::load, loader::free);
    // A model that cannot be loaded is to be known here.
    BatchShape one = new BatchShape(1, 1);
    try {
      sessions.acquire(one);
      sessions.release(one);
    } catch (RuntimeException e) {
      loader.close();
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
    return loader.batch(sessions, shape);
  }

  @Override
  public MaskDesign drawing(MaskDesign design) {
    return loader.drawing(design);
  }

  @Override
  public float[] activationScale(float[] example) {
    InstrumentedModel.ActivationScale graph = model.activationScale();
    if (graph == null) {
      throw new IllegalStateException("model was instrumented without its activation scale");
    }
    ColumnValues values;
    synchronized (this) {
      requireOpen();
      if (scale == null) {
        scale = loader.columnValues(graph);
      }
      values = scale;
    }
    return values.of(example);
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
    if (scale != null) {
      scale.close();
    }
    sessions.close();
    loader.close();
  }
}
