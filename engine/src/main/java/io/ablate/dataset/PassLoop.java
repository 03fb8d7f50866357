package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.dataset.BatchRows.Chunk;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardSession;
import io.ablate.mask.LeaveOneOutMasks;
import io.ablate.mask.MaskDesign;
import io.ablate.mask.MaskMatrix;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * The passes of one store, in either order. A row's batch and its slot in it depend on nothing but
 * the design ({@link BatchRows}), so that ranges, interruptions and the number of rows leave no
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
   * @return ablated passes computed; of equal rows only one is
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
      MaskDesign drawn = session.drawing(design);
      PassLoop loop = new PassLoop(drawn, examples, store, end, batch, progress);
      loop.report(0);
      if (order == BatchOrder.MASKS) {
        loop.byMasks();
      } else {
        loop.byExamples();
      }
      return loop.passes;
    }
  }

  private void byMasks() throws IOException {
    // Rows that leave out one component have most of a pass in common, if the example stays.
    int together = design instanceof LeaveOneOutMasks ? LEFT_OUT_TOGETHER : 1;
    int onOne = store.manifest().batch().size();
    float[][] outputs = new float[together][size * examples.size()];
    BatchRows batches = new BatchRows(design, first, onOne, size / onOne, together);
    batches.<IOException>forEach(
        end,
        store::isCompleted,
        chunks -> {
          for (int i = 0; i < chunks.size(); i += together) {
            runOrKeepSome(chunks.subList(i, Math.min(i + together, chunks.size())), outputs);
          }
        });
  }

  /** Where one of several fails, the rows before are kept. */
  private void runOrKeepSome(List<Chunk> chunks, float[][] outputs) throws IOException {
    try {
      run(chunks, outputs);
    } catch (BadInputException e) {
      if (chunks.size() == 1) {
        throw e;
      }
      for (Chunk chunk : chunks) {
        run(List.of(chunk), outputs);
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
      write(chunks.get(c), outputs[c]);
    }
  }

  private void fill(Chunk chunk) {
    int next = 0;
    for (int slot = 0; slot < size; slot++) {
      if (next < chunk.slots().length && chunk.slots()[next] == slot) {
        batch.setMask(slot, chunk.masks().words(), next * chunk.masks().wordsPerRow());
        next++;
      } else {
        batch.setMask(slot, everything, 0);
      }
    }
  }

  private void run(Chunk chunk, int example, float[] outputs) throws IOException {
    requireUninterrupted();
    batch.setExample(0, examples.input(example), examples.label(example));
    batch.run();
    int used = chunk.slots().length;
    passes += used;
    for (int i = 0; i < used; i++) {
      outputs[i * examples.size() + example] = output(chunk.rows()[i], example, chunk.slots()[i]);
    }
    report(chunk.open());
  }

  /**
   * Stores what a batch has computed, rows that follow each other at once.
   *
   * @param outputs masks × examples
   */
  private void write(Chunk chunk, float[] outputs) throws IOException {
    int used = chunk.slots().length;
    int width = examples.size();
    for (int i = 0; i < used; ) {
      int[] rows = chunk.rows()[i];
      int to = i + 1;
      while (rows.length == 1
          && to < used
          && chunk.rows()[to].length == 1
          && chunk.rows()[to][0] == rows[0] + to - i) {
        to++;
      }
      MaskMatrix masks = chunk.masks().rows(i, to);
      float[] values = Arrays.copyOfRange(outputs, i * width, to * width);
      for (int row : rows) {
        store.writeMasks(row, masks);
        store.writeOutputs(row, values, to - i);
        store.complete(row, to - i);
      }
      i = to;
    }
  }

  private void byExamples() throws IOException {
    float[] outputs = new float[examples.size()];
    if (examples.size() <= size) {
      fill(0);
    }
    BatchRows batches = new BatchRows(design, first, 1, 1, 1);
    batches.<IOException>forEach(
        end,
        store::isCompleted,
        chunks -> {
          for (Chunk chunk : chunks) {
            runExamples(chunk, outputs);
            write(chunk, outputs);
          }
        });
  }

  /** One mask over all examples. */
  private void runExamples(Chunk chunk, float[] outputs) throws IOException {
    batch.setMask(0, chunk.masks().words(), 0);
    for (int base = 0; base < examples.size(); base += size) {
      requireUninterrupted();
      if (examples.size() > size) {
        fill(base);
      }
      batch.run();
      int used = Math.min(size, examples.size() - base);
      passes += used;
      for (int i = 0; i < used; i++) {
        outputs[base + i] = output(chunk.rows()[0], base + i, i);
      }
      report((long) used * chunk.open());
    }
  }

  /** Fills the batch with the examples from {@code base} on, and the rest with the last one. */
  private void fill(int base) {
    for (int slot = 0; slot < size; slot++) {
      int e = Math.min(base + slot, examples.size() - 1);
      batch.setExample(slot, examples.input(e), examples.label(e));
    }
  }

  /** An output that is stored in these rows. */
  private float output(int[] rows, int example, int slot) throws IOException {
    float output = batch.output(slot);
    if (!Float.isFinite(output)) {
      throw new BadInputException(
          Problem.of("the model's output is not a finite number")
              .at("row " + (first + rows[0]) + ", example " + examples.position(example))
              .found(output)
              .remedy("all rows before are kept; leave this example out, or mend the model"));
    }
    if (logits.length > 0) {
      batch.logits(slot, logits);
      for (int row : rows) {
        store.writeLogits(row, example, logits);
      }
    }
    return output;
  }

  private void report(long computed) {
    done += computed;
    progress.update("passes", done, (long) rows * examples.size());
  }

  private static void requireUninterrupted() {
    if (Thread.interrupted()) {
      throw new InterruptedRunException(Problem.of("interrupted"));
    }
  }
}
