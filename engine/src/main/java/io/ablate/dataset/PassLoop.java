package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardSession;
import io.ablate.mask.LeaveOneOutMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The passes of one store, in either order. A row's batch and its slot in it depend on nothing but
 * the row's number in the design, so that ranges, interruptions and the number of rows leave no
 * trace in the bits.
 */
final class PassLoop {
  /** Batches of one example in turn; all of them are lost where a run ends in between. */
  private static final int LEFT_OUT_TOGETHER = 4;

  private final MaskDesign design;
  private final ExampleCache examples;
  private final StoreWriter store;
  private final ForwardBatch batch;
  private final Progress progress;
  private final long first;
  private final int rows;
  private final int end;
  private final int size;
  private final float[] logits;
  private final long[] everything;
  private long passes;
  private long done;

  private PassLoop(
      MaskDesign design,
      ExampleCache examples,
      StoreWriter store,
      int end,
      ForwardBatch batch,
      Progress progress) {
    this.design = design;
    this.examples = examples;
    this.store = store;
    this.batch = batch;
    this.progress = progress;
    this.first = store.manifest().rows().first();
    this.rows = store.manifest().rows().count();
    this.end = end;
    this.size = batch.shape().rows();
    this.logits = new float[batch.classes()];
    this.everything = new long[MaskMatrix.wordsPerRow(design.columns())];
    Arrays.fill(everything, -1);
    this.done = (long) store.completedCount() * examples.size();
  }

  /**
   * Computes all rows below {@code end} that are not complete.
   *
   * @param end one past the last row, counted from the first one of the store
   * @return ablated passes computed, those of rows done again included
   */
  static long run(
      ForwardSession session,
      MaskDesign design,
      ExampleCache examples,
      StoreWriter store,
      int end,
      Progress progress)
      throws IOException {
    Manifest.Batch chosen = store.manifest().batch();
    BatchOrder order = BatchOrder.of(chosen.order());
    try (ForwardBatch batch = session.everywhere(order, chosen.size())) {
      PassLoop loop = new PassLoop(design, examples, store, end, batch, progress);
      loop.report(0);
      if (order == BatchOrder.MASKS) {
        loop.byMasks();
      } else {
        loop.byExamples();
      }
      return loop.passes;
    }
  }

  /** Rows that share a batch, less those that are complete; {@code slot} is that of the first. */
  private record Chunk(int from, int slot, MaskMatrix masks, int open) {}

  private void byMasks() throws IOException {
    // Rows that leave out one component have most of a pass in common, if the example stays.
    int together = design instanceof LeaveOneOutMasks ? LEFT_OUT_TOGETHER : 1;
    float[][] outputs = new float[together][size * examples.size()];
    for (long base = first / size * size; base < first + end; base += (long) together * size) {
      List<Chunk> chunks = new ArrayList<>();
      for (int i = 0; i < together; i++) {
        Chunk chunk = chunk(base + (long) i * size);
        if (chunk != null) {
          chunks.add(chunk);
        }
      }
      try {
        run(chunks, outputs);
      } catch (BadInputException e) {
        if (chunks.size() == 1) {
          throw e;
        }
        for (Chunk chunk : chunks) { // keeps the rows before the one that fails
          run(List.of(chunk), outputs);
        }
      }
    }
  }

  private void run(List<Chunk> chunks, float[][] outputs) throws IOException {
    for (int e = 0; e < examples.size(); e++) {
      for (int c = 0; c < chunks.size(); c++) {
        if (e == 0 || chunks.size() > 1) {
          fill(chunks.get(c));
        }
        run(chunks.get(c), e, outputs[c]);
      }
    }
    for (int c = 0; c < chunks.size(); c++) {
      Chunk chunk = chunks.get(c);
      store.writeMasks(chunk.from, chunk.masks);
      store.writeOutputs(chunk.from, outputs[c], chunk.masks.rows());
      store.complete(chunk.from, chunk.masks.rows());
    }
  }

  /** What is to be done of the batch whose first slot has a row of the design; null for nothing. */
  private @Nullable Chunk chunk(long base) {
    int from = (int) (Math.max(base, first) - first);
    int to = (int) (Math.min(base + size, first + end) - first);
    int open = open(from, to);
    if (open == 0) {
      return null;
    }
    // What a look at the rows so far has cut off from this batch is not done again.
    while (store.isCompleted(from)) {
      from++;
    }
    MaskMatrix masks = MaskMatrix.of(design, first + from, to - from);
    return new Chunk(from, (int) (first + from - base), masks, open);
  }

  private void fill(Chunk chunk) {
    MaskMatrix masks = chunk.masks;
    for (int s = 0; s < size; s++) {
      boolean used = s >= chunk.slot && s < chunk.slot + masks.rows();
      batch.setMask(
          s, used ? masks.words() : everything, used ? (s - chunk.slot) * masks.wordsPerRow() : 0);
    }
  }

  private void run(Chunk chunk, int example, float[] outputs) throws IOException {
    requireUninterrupted();
    batch.setExample(0, examples.input(example), examples.label(example));
    batch.run();
    int used = chunk.masks.rows();
    passes += used;
    for (int i = 0; i < used; i++) {
      outputs[i * examples.size() + example] = output(chunk.from + i, example, chunk.slot + i);
    }
    report(chunk.open);
  }

  private void byExamples() throws IOException {
    float[] outputs = new float[examples.size()];
    if (examples.size() <= size) {
      fill(0);
    }
    for (int row = 0; row < end; row++) {
      if (store.isCompleted(row)) {
        continue;
      }
      MaskMatrix mask = MaskMatrix.of(design, first + row, 1);
      batch.setMask(0, mask.words(), 0);
      for (int base = 0; base < examples.size(); base += size) {
        requireUninterrupted();
        if (examples.size() > size) {
          fill(base);
        }
        batch.run();
        int used = Math.min(size, examples.size() - base);
        passes += used;
        for (int i = 0; i < used; i++) {
          outputs[base + i] = output(row, base + i, i);
        }
        report(used);
      }
      store.writeMasks(row, mask);
      store.writeOutputs(row, outputs, 1);
      store.complete(row, 1);
    }
  }

  /** Fills the batch with the examples from {@code base} on, and the rest with the last one. */
  private void fill(int base) {
    for (int slot = 0; slot < size; slot++) {
      int e = Math.min(base + slot, examples.size() - 1);
      batch.setExample(slot, examples.input(e), examples.label(e));
    }
  }

  private float output(int row, int example, int slot) throws IOException {
    float output = batch.output(slot);
    if (!Float.isFinite(output)) {
      throw new BadInputException(
          Problem.of("the model's output is not a finite number")
              .at("row " + (first + row) + ", example " + examples.position(example))
              .found(output)
              .remedy("all rows before are kept; leave this example out, or mend the model"));
    }
    if (logits.length > 0) {
      batch.logits(slot, logits);
      store.writeLogits(row, example, logits);
    }
    return output;
  }

  /** Rows that are not complete. */
  private int open(int from, int to) {
    int open = 0;
    for (int row = from; row < to; row++) {
      open += store.isCompleted(row) ? 0 : 1;
    }
    return open;
  }

  private void report(int computed) {
    done += computed;
    progress.update("passes", done, (long) rows * examples.size());
  }

  private static void requireUninterrupted() {
    if (Thread.interrupted()) {
      throw new InterruptedRunException(Problem.of("interrupted"));
    }
  }
}
