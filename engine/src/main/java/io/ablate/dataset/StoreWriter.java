package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.base.Problem;
import io.ablate.component.ComponentSet;
import io.ablate.mask.MaskMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A store open for writing, by one process at a time. Rows are written, then forced to the device
 * together, then flagged as completed; a process that dies in between leaves rows that are not
 * flagged, nothing else. Not thread-safe.
 */
final class StoreWriter implements AutoCloseable {
  private static final long COMMIT_NANOS = 300_000_000;

  private final StoreLock lock;
  private final Path folder;
  private final Manifest manifest;
  private final int examples;
  private final ArrayFile completedFile;
  private final ArrayFile masks;
  private final ArrayFile outputs;
  private final @Nullable ArrayFile logits;
  private final BitSet completed = new BitSet();
  private final List<int[]> pending = new ArrayList<>();
  private byte[] maskBytes = new byte[0];
  private long lastCommit = System.nanoTime();

  private StoreWriter(
      StoreLock lock, Path folder, Manifest manifest, int classes, List<ArrayFile> opened) {
    this.lock = lock;
    this.folder = folder;
    this.manifest = manifest;
    this.examples = manifest.data().examples().size();
    int rows = manifest.rows().count();
    this.completedFile = open(opened, StoreFiles.COMPLETED, NpyType.BOOL, rows);
    this.masks = open(opened, StoreFiles.MASKS, NpyType.BOOL, rows, manifest.components());
    this.outputs = open(opened, StoreFiles.OUTPUTS, NpyType.FLOAT32, rows, examples);
    this.logits =
        classes == 0
            ? null
            : open(opened, StoreFiles.LOGITS, NpyType.FLOAT32, rows, examples, classes);
    byte[] flags = completedFile.read(0, rows);
    for (int row = 0; row < rows; row++) {
      completed.set(row, flags[row] != 0);
    }
  }

  private ArrayFile open(List<ArrayFile> opened, String name, NpyType type, long... shape) {
    ArrayFile file = ArrayFile.open(folder.resolve(name), type, shape);
    opened.add(file);
    return file;
  }

  /**
   * Starts a store.
   *
   * @param classes extent of the logits; 0 to store none
   * @throws BadInputException if the folder already holds a store or a part of one
   */
  static StoreWriter create(Path folder, Manifest manifest, ComponentSet components, int classes) {
    requireAbsent(folder);
    return locked(folder, lock -> create(lock, folder, manifest, components, classes));
  }

  private static StoreWriter create(
      StoreLock lock, Path folder, Manifest manifest, ComponentSet components, int classes) {
    requireAbsent(folder);
    // The manifest comes first: arrays without one are never ours to overwrite.
    manifest.write(folder.resolve(StoreFiles.MANIFEST));
    return begin(lock, folder, manifest, components, classes);
  }

  /** What is opened keeps the lock; where that fails it is given back. */
  private static StoreWriter locked(Path folder, Function<StoreLock, StoreWriter> opening) {
    StoreLock lock = StoreLock.of(folder);
    try {
      return opening.apply(lock);
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /**
   * Continues a store, or starts it where there is none.
   *
   * @throws BadInputException if its manifest differs, naming the field, or an array is damaged
   */
  static StoreWriter resume(Path folder, Manifest manifest, ComponentSet components, int classes) {
    return locked(folder, lock -> resume(lock, folder, manifest, components, classes));
  }

  private static StoreWriter resume(
      StoreLock lock, Path folder, Manifest manifest, ComponentSet components, int classes) {
    Path file = folder.resolve(StoreFiles.MANIFEST);
    if (!Files.exists(file)) {
      return create(lock, folder, manifest, components, classes);
    }
    Manifest stored = requireSame(file, manifest);
    // The flags come into being last: without them no array holds anything yet.
    return Files.exists(folder.resolve(StoreFiles.COMPLETED))
        ? open(lock, folder, stored, classes)
        : begin(lock, folder, stored, components, classes);
  }

  /** Refuses a folder that holds a store or a part of one. */
  static void requireAbsent(Path folder) {
    Path existing = StoreFiles.anyIn(folder);
    if (existing != null) {
      throw new BadInputException(
          Problem.of("the store exists already")
              .at(existing)
              .remedy("continue it with --resume, or choose another folder"));
    }
  }

  /** The stored manifest, if it describes the same values as the given one. */
  static Manifest requireSame(Path file, Manifest manifest) {
    Manifest stored = Manifest.read(file);
    Manifest.Difference difference = Manifest.difference(stored, manifest);
    if (difference != null) {
      throw new BadInputException(
          difference
              .problem("cannot resume: the store was made otherwise", file)
              .remedy("use the settings of the store, or choose another folder"));
    }
    return stored;
  }

  private static StoreWriter begin(
      StoreLock lock, Path folder, Manifest manifest, ComponentSet components, int classes) {
    int rows = manifest.rows().count();
    int examples = manifest.data().examples().size();
    ComponentsFile.write(folder.resolve(StoreFiles.COMPONENTS), components);
    NpyWriter.writeInts(
        folder.resolve(StoreFiles.LABELS),
        manifest.data().labels().stream().mapToInt(Integer::intValue).toArray());
    ArrayFile.allocate(folder.resolve(StoreFiles.MASKS), NpyType.BOOL, rows, manifest.components());
    ArrayFile.allocate(folder.resolve(StoreFiles.OUTPUTS), NpyType.FLOAT32, rows, examples);
    if (classes > 0) {
      ArrayFile.allocate(
          folder.resolve(StoreFiles.LOGITS), NpyType.FLOAT32, rows, examples, classes);
    }
    // Written, not sparse: flags must find room even on a disk that the data has filled.
    AtomicFile.write(
        folder.resolve(StoreFiles.COMPLETED),
        out -> {
          out.write(NpyWriter.header(NpyType.BOOL, rows));
          out.write(new byte[rows]);
        });
    return open(lock, folder, manifest, classes);
  }

  private static StoreWriter open(StoreLock lock, Path folder, Manifest manifest, int classes) {
    List<ArrayFile> opened = new ArrayList<>();
    try {
      return new StoreWriter(lock, folder, manifest, classes, opened);
    } catch (RuntimeException e) {
      opened.forEach(ArrayFile::close);
      throw e;
    }
  }

  Path folder() {
    return folder;
  }

  /** The manifest as stored: its batch shape is the one to use. */
  Manifest manifest() {
    return manifest;
  }

  boolean isCompleted(int row) {
    return completed.get(row);
  }

  int completedCount() {
    return completed.cardinality();
  }

  void writeMasks(int row, MaskMatrix source) throws IOException {
    int count = source.rows() * source.columns();
    if (maskBytes.length < count) {
      maskBytes = new byte[count];
    }
    for (int i = 0, at = 0; i < source.rows(); i++) {
      for (int j = 0; j < source.columns(); j++) {
        maskBytes[at++] = (byte) (source.get(i, j) ? 1 : 0);
      }
    }
    masks.write((long) row * source.columns(), maskBytes, count);
  }

  /** Writes whole rows of outputs, {@code examples} values each. */
  void writeOutputs(int row, float[] source, int count) throws IOException {
    outputs.write((long) row * examples, source, count * examples);
  }

  /** Writes the logits of consecutive examples of one row. */
  void writeLogits(int row, int example, float[] source) throws IOException {
    if (logits == null) {
      throw new IllegalStateException("store without logits");
    }
    int classes = (int) logits.shape()[2];
    logits.write(((long) row * examples + example) * classes, source, source.length);
  }

  /** Copies all rows of another store's array to {@code row} and after. */
  void copy(String name, Path from, int row) throws IOException {
    ArrayFile target =
        switch (name) {
          case StoreFiles.MASKS -> masks;
          case StoreFiles.OUTPUTS -> outputs;
          default -> Objects.requireNonNull(logits, "store without logits");
        };
    try (NpyFile source = NpyFile.open(from.resolve(name))) {
      target.copy(source, row);
    }
  }

  /** Notes rows as complete; their flags are set with the next commit. */
  void complete(int row, int count) throws IOException {
    pending.add(new int[] {row, count});
    if (System.nanoTime() - lastCommit > COMMIT_NANOS) {
      commit();
    }
  }

  /** Forces the data of all noted rows, then their flags. */
  void commit() throws IOException {
    if (!pending.isEmpty()) {
      masks.force();
      outputs.force();
      if (logits != null) {
        logits.force();
      }
      for (int[] rows : pending) {
        byte[] flags = new byte[rows[1]];
        Arrays.fill(flags, (byte) 1);
        completedFile.write(rows[0], flags, flags.length);
        completed.set(rows[0], rows[0] + rows[1]);
      }
      completedFile.force();
      pending.clear();
    }
    lastCommit = System.nanoTime();
  }

  @Override
  public void close() {
    if (logits != null) {
      logits.close();
    }
    outputs.close();
    masks.close();
    completedFile.close();
    lock.close();
  }
}
