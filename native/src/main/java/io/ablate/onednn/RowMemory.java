package io.ablate.onednn;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.ablate.forward.BatchShape;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * The memory of a batch, and its micro-batches that the threads compute side by side: each runs a
 * program on its own rows, with its own memory, and waits for no other before the end. All memory
 * is there before the first run.
 */
final class RowMemory implements AutoCloseable {
  private final ProgramCache cache;
  private final BatchShape shape;
  private final Program program;
  private final List<CompiledProgram> programs = new ArrayList<>();
  private final NativeScope scope = new NativeScope();
  private final MemorySegment input;
  private final MemorySegment logits;
  private final MemorySegment logitGradients;
  private final List<MemorySegment> masks = new ArrayList<>();
  private final List<MemorySegment> maskGradients = new ArrayList<>();
  private final List<List<MicroBatch>> microBatches = new ArrayList<>();
  private final boolean[] finite;

  /** Of each part of the mask the first step that uses it. */
  private final int[] firstUses;

  /** Of each mask the first step in which it ablates something. */
  private final int[] firstAblated;

  private long exampleNumber;

  /** A mask, by columns. */
  interface ColumnValues {
    float of(int column);
  }

  RowMemory(ProgramCache cache, BatchShape shape, int threads) {
    this.cache = cache;
    this.shape = shape;
    int[] sizes = MicroBatches.sizes(shape.rows(), threads);
    this.finite = new boolean[shape.examples()];
    Arrays.fill(finite, true);
    try {
      for (int size : sizes) {
        programs.add(cache.acquire(part(size)));
      }
      this.program = programs.getFirst().program();
      this.firstUses = Cut.firstUses(program);
      this.firstAblated = new int[shape.masks()];
      Arrays.fill(firstAblated, program.steps().size());
      // A single row is computed with a second one.
      this.input = scope.allocate(Math.max(2, shape.examples()) * rowBytes(program.input()));
      int logitRows = Math.max(2, shape.rows());
      this.logits = scope.allocate(logitRows * rowBytes(program.logits()));
      Program.Backward backward = program.backward();
      boolean back = backward != null;
      this.logitGradients =
          scope.allocate(backward == null ? 0 : logitRows * rowBytes(backward.logits()));
      for (int[] columns : program.masks()) {
        float[] ones = new float[shape.masks() * columns.length];
        Arrays.fill(ones, 1);
        masks.add(scope.floats(ones));
        maskGradients.add(scope.allocate(back ? (long) ones.length * Float.BYTES : 0));
      }
      bind(sizes, Math.min(sizes.length, threads));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private BatchShape part(int size) {
    return new BatchShape(shape.masks() > 1 ? size : 1, shape.examples() > 1 ? size : 1);
  }

  private long rowBytes(Value value) {
    return program.rowBytes(value);
  }

  private void bind(int[] sizes, int workers) {
    long values = programs.stream().mapToLong(CompiledProgram::valueBytes).max().orElse(0);
    long scratch = programs.stream().mapToLong(CompiledProgram::scratchBytes).max().orElse(0);
    List<MicroBatch.Work> work = new ArrayList<>();
    for (int w = 0; w < workers; w++) {
      microBatches.add(new ArrayList<>());
      work.add(
          new MicroBatch.Work(
              scope.allocate(values),
              scope.allocate(scratch),
              scope.make("stream", "dnnl_stream_create", OneDnn.engine(), Const.IN_ORDER)));
    }
    // Micro-batches of one worker follow each other: what one has kept serves the next.
    List<Map<CompiledProgram, SharedPrefix>> prefixes = new ArrayList<>();
    work.forEach(memory -> prefixes.add(new HashMap<>()));
    int start = 0;
    for (int i = 0; i < sizes.length; i++) {
      int w = i % workers;
      CompiledProgram compiled = programs.get(i);
      SharedPrefix prefix =
          prefixes
              .get(w)
              .computeIfAbsent(compiled, p -> new SharedPrefix(p, work.get(w).values(), scope));
      MicroBatch.Rows rows =
          new MicroBatch.Rows(
              start,
              sizes[i],
              input.asSlice(shape.examples() > 1 ? start * rowBytes(program.input()) : 0),
              logits.asSlice(start * rowBytes(program.logits())),
              logitGradients(start),
              parts(masks, shape.masks() > 1 ? start : 0),
              program.backward() == null ? maskGradients : parts(maskGradients, start));
      microBatches.get(w).add(new MicroBatch(compiled, work.get(w), rows, prefix, scope));
      start += sizes[i];
    }
  }

  private MemorySegment logitGradients(int firstRow) {
    Program.Backward backward = program.backward();
    return backward == null
        ? logitGradients
        : logitGradients.asSlice(firstRow * rowBytes(backward.logits()));
  }

  private List<MemorySegment> parts(List<MemorySegment> all, int firstRow) {
    List<MemorySegment> parts = new ArrayList<>();
    for (int p = 0; p < all.size(); p++) {
      long bytes = (long) program.masks().get(p).length * Float.BYTES;
      parts.add(all.get(p).asSlice(firstRow * bytes));
    }
    return parts;
  }

  int classes() {
    return program.logits().channels();
  }

  /** What is to be run: a task for each micro-batch, by worker. */
  List<List<Runnable>> tasks(Function<MicroBatch, Runnable> task) {
    return microBatches.stream().map(list -> list.stream().map(task).toList()).toList();
  }

  /**
   * Sets a mask.
   *
   * @param valueOf value of a column
   */
  void setMask(int slot, ColumnValues valueOf) {
    requireSlot(slot, shape.masks());
    int first = program.steps().size();
    for (int part = 0; part < masks.size(); part++) {
      int[] columns = program.masks().get(part);
      MemorySegment target = masks.get(part);
      long start = (long) slot * columns.length;
      boolean ablates = false;
      for (int c = 0; c < columns.length; c++) {
        float value = columns[c] == MaskParts.KEPT ? 1 : valueOf.of(columns[c]);
        ablates |= value != 1;
        target.setAtIndex(JAVA_FLOAT, start + c, value);
      }
      if (ablates) {
        first = Math.min(first, firstUses[part]);
      }
    }
    firstAblated[slot] = first;
  }

  /** The first step in which a row of a micro-batch ablates something. */
  int firstAblated(MicroBatch part) {
    if (shape.masks() == 1) {
      return firstAblated[0];
    }
    int first = program.steps().size();
    int start = part.rows().first();
    for (int row = start; row < start + part.rows().count(); row++) {
      first = Math.min(first, firstAblated[row]);
    }
    return first;
  }

  /** Grows whenever another example is set. */
  long exampleNumber() {
    return exampleNumber;
  }

  /** Sets an example; it comes with positions innermost, here the channels are. */
  void setExample(int slot, float[] example) {
    requireSlot(slot, shape.examples());
    int channels = program.input().channels();
    int positions = program.input().height() * program.input().width();
    if (example.length != channels * positions) {
      throw new IllegalArgumentException(
          example.length + " values for an example of " + channels * positions);
    }
    Elements elements = program.elements(program.input());
    boolean allFinite = true;
    boolean changed = false;
    long start = (long) slot * example.length;
    for (int c = 0; c < channels; c++) {
      for (int p = 0; p < positions; p++) {
        float value = example[c * positions + p];
        long at = start + (long) p * channels + c;
        allFinite &= Float.isFinite(value);
        changed |= elements.set(input, at, value);
      }
    }
    finite[slot] = allFinite;
    if (changed) {
      exampleNumber++;
    }
  }

  /**
   * Copies the logits of a row. A rectifier makes 0 of NaN: of an example that is not finite all
   * are NaN, whatever came out.
   */
  void logits(int row, float[] target) {
    if (!finite[finite.length == 1 ? 0 : row]) {
      Arrays.fill(target, 0, classes(), Float.NaN);
      return;
    }
    long offset = row * rowBytes(program.logits());
    MemorySegment.copy(logits, JAVA_FLOAT, offset, target, 0, classes());
  }

  /** Sets the derivative of a row's scalar by its logits. */
  void setLogitGradient(int row, double[] gradient) {
    Elements elements = program.elements(Objects.requireNonNull(program.backward()).logits());
    for (int c = 0; c < gradient.length; c++) {
      elements.set(logitGradients, (long) row * gradient.length + c, (float) gradient[c]);
    }
  }

  /** Adds up the derivative of a row's scalar by the mask. */
  void maskGradient(int row, float[] target) {
    Arrays.fill(target, 0);
    for (int part = 0; part < maskGradients.size(); part++) {
      int[] columns = program.masks().get(part);
      MemorySegment source = maskGradients.get(part);
      for (int c = 0; c < columns.length; c++) {
        if (columns[c] != MaskParts.KEPT) {
          target[columns[c]] += source.getAtIndex(JAVA_FLOAT, (long) row * columns.length + c);
        }
      }
    }
  }

  static void requireSlot(int slot, int slots) {
    if (slot < 0 || slot >= slots) {
      throw new IllegalArgumentException("slot " + slot + " outside 0.." + slots);
    }
  }

  @Override
  public void close() {
    scope.close();
    programs.forEach(cache::release);
    programs.clear();
  }
}
