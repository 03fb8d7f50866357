package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The gradient part of a store, open for writing by the one process that holds the store. Passes
 * come in the order (pass, example). The sums of the segment at work are kept on disk from time to
 * time, so that a process that dies at any moment leaves a state from which another ends with the
 * same bytes. Not thread-safe.
 */
final class GradientStore implements AutoCloseable {
  private static final long COMMIT_NANOS = 500_000_000;
  // Keeping the sums may take long where they are many: it must not slow down the passes.
  private static final long COMMIT_SHARE = 20;

  private final GradientLayout layout;
  private final Path partial;
  private final ArrayFile completed;
  private final ArrayFile outputs;
  private final ArrayFile sums;
  private final GradientSums work;
  private final float[] value = new float[1];
  private long pairs;
  private int segment;
  private int flagged;
  private long committed;
  private long lastCommit = System.nanoTime();
  private long pause = COMMIT_NANOS;

  private GradientStore(Path folder, GradientLayout layout, List<ArrayFile> opened)
      throws IOException {
    this.layout = layout;
    this.partial = folder.resolve(StoreFiles.GRADIENT_PARTIAL);
    this.completed =
        open(
            opened, folder.resolve(StoreFiles.GRADIENT_COMPLETED), NpyType.BOOL, layout.segments());
    this.outputs =
        open(
            opened,
            folder.resolve(StoreFiles.GRADIENT_OUTPUTS),
            NpyType.FLOAT32,
            layout.passes(),
            layout.examples());
    this.sums =
        open(opened, folder.resolve(StoreFiles.GRADIENT_SUMS), NpyType.FLOAT32, layout.sumsShape());
    this.work = new GradientSums(layout);
    this.flagged = completedSegments(folder, layout);
    this.segment = flagged;
    this.pairs = done(folder, layout);
    this.committed = pairs;
    if (pairs > layout.pairs(segment)) {
      work.load(partial);
      endSegment();
    } else {
      AtomicFile.delete(partial);
    }
  }

  private static ArrayFile open(List<ArrayFile> opened, Path path, NpyType type, long... shape) {
    ArrayFile file = ArrayFile.open(path, type, shape);
    opened.add(file);
    return file;
  }

  /**
   * Continues the gradient part, or starts it where there is none.
   *
   * @throws io.ablate.base.BadInputException if an array is damaged
   */
  static GradientStore open(Path folder, GradientLayout layout) throws IOException {
    // The flags come into being last: without them no array holds anything yet.
    if (!Files.exists(folder.resolve(StoreFiles.GRADIENT_COMPLETED))) {
      allocate(folder, layout);
    }
    List<ArrayFile> opened = new ArrayList<>();
    try {
      return new GradientStore(folder, layout, opened);
    } catch (IOException | RuntimeException e) {
      opened.forEach(ArrayFile::close);
      throw e;
    }
  }

  private static void allocate(Path folder, GradientLayout layout) {
    ArrayFile.allocate(
        folder.resolve(StoreFiles.GRADIENT_OUTPUTS),
        NpyType.FLOAT32,
        layout.passes(),
        layout.examples());
    ArrayFile.allocate(
        folder.resolve(StoreFiles.GRADIENT_SUMS), NpyType.FLOAT32, layout.sumsShape());
    writeFlags(folder, layout.segments(), false);
  }

  /** Writes the flags of all segments. */
  static void writeFlags(Path folder, int segments, boolean completed) {
    byte[] flags = new byte[segments];
    Arrays.fill(flags, (byte) (completed ? 1 : 0));
    AtomicFile.write(
        folder.resolve(StoreFiles.GRADIENT_COMPLETED),
        out -> {
          out.write(NpyWriter.header(NpyType.BOOL, segments));
          out.write(flags);
        });
  }

  /**
   * How many passes over single examples a store holds, those of the segment at work included.
   *
   * @throws io.ablate.base.BadInputException if a file is damaged
   */
  static long done(Path folder, GradientLayout layout) {
    int segments = completedSegments(folder, layout);
    Path file = folder.resolve(StoreFiles.GRADIENT_PARTIAL);
    long found =
        segments < layout.segments() && Files.exists(file) ? GradientSums.count(file, layout) : 0;
    // A segment is flagged before its unfinished sums are cleared away.
    return Math.max(layout.pairs(segments), found);
  }

  /** Number of leading segments whose sums are final; 0 where nothing was written yet. */
  static int completedSegments(Path folder, GradientLayout layout) {
    Path file = folder.resolve(StoreFiles.GRADIENT_COMPLETED);
    if (!Files.exists(file)) {
      return 0;
    }
    try (NpyFile npy = NpyFile.open(file).requireShape(layout.segments())) {
      double[] flags = npy.rows(0, layout.segments());
      int count = 0;
      while (count < flags.length && flags[count] != 0) {
        count++;
      }
      return count;
    }
  }

  /** Passes over single examples so far: the next one is that of example (pairs mod E). */
  long pairs() {
    return pairs;
  }

  /**
   * Adds the next pass.
   *
   * @param output of the model, finite
   * @param gradient by the mask entries, finite
   * @param mask of the pass
   */
  void add(float output, float[] gradient, float[] mask) throws IOException {
    value[0] = output;
    outputs.write(pairs, value, 1);
    work.add((int) (pairs % layout.examples()), gradient, mask);
    pairs++;
    endSegment();
  }

  /** Writes the sums of the segment at work if it is complete, and begins the next. */
  private void endSegment() throws IOException {
    if (pairs == layout.pairs(segment + 1)) {
      work.round(sums, segment);
      // Only now: if the disk is full, the sums are still there to be kept.
      work.clear();
      segment++;
    }
  }

  /** Commits if the last time is long enough ago. */
  void commitIfDue() throws IOException {
    if (System.nanoTime() - lastCommit > pause) {
      commit();
    }
  }

  /** Forces all data, flags complete segments and keeps the sums of the one at work. */
  void commit() throws IOException {
    long start = System.nanoTime();
    if (pairs != committed || flagged != segment) {
      outputs.force();
      sums.force();
      if (flagged < segment) {
        byte[] flags = new byte[segment - flagged];
        Arrays.fill(flags, (byte) 1);
        completed.write(flagged, flags, flags.length);
        completed.force();
        flagged = segment;
      }
      if (pairs == layout.pairs(segment)) {
        AtomicFile.delete(partial);
      } else {
        work.save(partial, pairs);
      }
      committed = pairs;
    }
    lastCommit = System.nanoTime();
    pause = Math.max(COMMIT_NANOS, COMMIT_SHARE * (lastCommit - start));
  }

  @Override
  public void close() {
    sums.close();
    outputs.close();
    completed.close();
  }
}
