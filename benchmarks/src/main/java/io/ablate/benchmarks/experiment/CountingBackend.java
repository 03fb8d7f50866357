package io.ablate.benchmarks.experiment;

import io.ablate.base.Problem;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.instrument.InstrumentedModel;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** A backend that counts what it is asked for: the same on every machine, however fast it is. */
final class CountingBackend implements ForwardBackend {
  final LongAdder forwardRuns = new LongAdder();
  final LongAdder forwardRows = new LongAdder();
  final LongAdder gradientRuns = new LongAdder();
  final LongAdder gradientRows = new LongAdder();
  final LongAdder scales = new LongAdder();

  /** Bytes of masks, examples, outputs, logits and gradients that go in and out of batches. */
  final LongAdder copiedBytes = new LongAdder();

  private final ForwardBackend backend;

  CountingBackend(ForwardBackend backend) {
    this.backend = backend;
  }

  @Override
  public String name() {
    return backend.name();
  }

  @Override
  public String version() {
    return backend.version();
  }

  @Override
  public Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
    return backend.whyNot(model, options);
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    return new Session(backend.open(model, options));
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    return new Gradients(backend.openGradients(model, options));
  }

  private final class Session implements ForwardSession {
    private final ForwardSession session;

    Session(ForwardSession session) {
      this.session = session;
    }

    @Override
    public InstrumentedModel model() {
      return session.model();
    }

    @Override
    public ForwardBatch batch(BatchShape shape) {
      return new Batch(session.batch(shape), model().components().size());
    }

    @Override
    public float[] activationScale(float[] example) {
      scales.increment();
      return session.activationScale(example);
    }

    @Override
    public void close() {
      session.close();
    }
  }

  private final class Batch implements ForwardBatch {
    private final ForwardBatch batch;
    private final int columns;

    Batch(ForwardBatch batch, int columns) {
      this.batch = batch;
      this.columns = columns;
    }

    @Override
    public BatchShape shape() {
      return batch.shape();
    }

    @Override
    public void setMask(int slot, long[] words, int offset) {
      copiedBytes.add((columns + 7L) / 8);
      batch.setMask(slot, words, offset);
    }

    @Override
    public void setExample(int slot, float[] input, int label) {
      copiedBytes.add((long) Float.BYTES * input.length);
      batch.setExample(slot, input, label);
    }

    @Override
    public void run() {
      forwardRuns.increment();
      forwardRows.add(shape().rows());
      batch.run();
    }

    @Override
    public float output(int row) {
      copiedBytes.add(Float.BYTES);
      return batch.output(row);
    }

    @Override
    public int classes() {
      return batch.classes();
    }

    @Override
    public void logits(int row, float[] target) {
      copiedBytes.add((long) Float.BYTES * classes());
      batch.logits(row, target);
    }

    @Override
    public void close() {
      batch.close();
    }
  }

  private final class Gradients implements GradientSession {
    private final GradientSession session;

    Gradients(GradientSession session) {
      this.session = session;
    }

    @Override
    public DifferentiatedModel model() {
      return session.model();
    }

    @Override
    public GradientBatch batch(int rows) {
      return new GradientRows(session.batch(rows));
    }

    @Override
    public void close() {
      session.close();
    }
  }

  private final class GradientRows implements GradientBatch {
    private final GradientBatch batch;

    GradientRows(GradientBatch batch) {
      this.batch = batch;
    }

    @Override
    public int rows() {
      return batch.rows();
    }

    @Override
    public void setMask(int slot, float[] mask) {
      copiedBytes.add((long) Float.BYTES * mask.length);
      batch.setMask(slot, mask);
    }

    @Override
    public void setExample(int slot, float[] input, int label) {
      copiedBytes.add((long) Float.BYTES * input.length);
      batch.setExample(slot, input, label);
    }

    @Override
    public void run() {
      gradientRuns.increment();
      gradientRows.add(rows());
      batch.run();
    }

    @Override
    public float output(int slot) {
      copiedBytes.add(Float.BYTES);
      return batch.output(slot);
    }

    @Override
    public void gradient(int slot, float[] target) {
      copiedBytes.add((long) Float.BYTES * target.length);
      batch.gradient(slot, target);
    }

    @Override
    public void close() {
      batch.close();
    }
  }
}
