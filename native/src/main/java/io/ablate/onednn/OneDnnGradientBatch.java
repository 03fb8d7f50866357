package io.ablate.onednn;

import io.ablate.forward.BatchShape;
import io.ablate.forward.GradientBatch;
import io.ablate.instrument.InstrumentedModel;
import java.util.List;

/** A batch of gradient passes: forward, the derivative by the logits, and back. */
final class OneDnnGradientBatch implements GradientBatch {
  private final InstrumentedModel model;
  private final int rows;
  private final Workers workers;
  private final RowMemory memory;
  private final List<List<Runnable>> tasks;
  private final int[] labels;
  private final float[] outputs;
  private boolean closed;

  OneDnnGradientBatch(InstrumentedModel model, ProgramCache programs, Workers workers, int rows) {
    this.model = model;
    this.rows = rows;
    this.workers = workers;
    this.memory = new RowMemory(programs, new BatchShape(rows, rows), workers.threads());
    this.tasks = memory.tasks(part -> () -> pass(part));
    this.labels = new int[rows];
    this.outputs = new float[rows];
  }

  private void pass(MicroBatch part) {
    part.forward();
    float[] logits = new float[memory.classes()];
    int first = part.rows().first();
    for (int row = first; row < first + part.rows().count(); row++) {
      memory.logits(row, logits);
      outputs[row] = (float) Scalars.of(model.outputFunction(), logits, labels[row]);
      memory.setLogitGradient(row, Scalars.gradient(model.outputFunction(), logits, labels[row]));
    }
    part.backward();
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public void setMask(int slot, float[] mask) {
    memory.setMask(slot, column -> mask[column]);
  }

  @Override
  public void setExample(int slot, float[] input, int label) {
    memory.setExample(slot, input);
    labels[slot] = label;
  }

  @Override
  public void run() {
    if (closed) {
      throw new IllegalStateException("batch is closed");
    }
    workers.run(tasks);
  }

  @Override
  public float output(int slot) {
    return outputs[slot];
  }

  @Override
  public void gradient(int slot, float[] target) {
    RowMemory.requireSlot(slot, rows);
    memory.maskGradient(slot, target);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      memory.close();
    }
  }
}
