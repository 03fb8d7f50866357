package io.ablate.onednn;

import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.instrument.InstrumentedModel;
import java.util.List;

/** A batch of ablated passes. */
final class OneDnnBatch implements ForwardBatch {
  private final InstrumentedModel model;
  private final BatchShape shape;
  private final Workers workers;
  private final RowMemory memory;
  private final List<List<Runnable>> tasks;
  private final int[] labels;
  private final float[] outputs;
  private final float[] row;
  private boolean closed;

  OneDnnBatch(InstrumentedModel model, ProgramCache programs, Workers workers, BatchShape shape) {
    this.model = model;
    this.shape = shape;
    this.workers = workers;
    this.memory = new RowMemory(programs, shape, workers.threads());
    this.tasks =
        memory.tasks(rows -> () -> rows.forward(memory.firstAblated(rows), memory.exampleNumber()));
    this.labels = new int[shape.examples()];
    this.outputs = new float[shape.rows()];
    this.row = new float[memory.classes()];
  }

  @Override
  public BatchShape shape() {
    return shape;
  }

  @Override
  public void setMask(int slot, long[] words, int offset) {
    memory.setMask(slot, column -> words[offset + (column >>> 6)] >>> column & 1);
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
    for (int r = 0; r < outputs.length; r++) {
      memory.logits(r, row);
      int label = labels[labels.length == 1 ? 0 : r];
      outputs[r] = (float) Scalars.of(model.outputFunction(), row, label);
    }
  }

  @Override
  public float output(int row) {
    return outputs[row];
  }

  @Override
  public int classes() {
    return model.logits() == null ? 0 : memory.classes();
  }

  @Override
  public void logits(int row, float[] target) {
    if (model.logits() == null) {
      throw new IllegalStateException("model was instrumented without logits");
    }
    memory.logits(row, target);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      memory.close();
    }
  }
}
