package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.component.ComponentSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The files of a component dataset that are read whole; null stands for one that is not there. */
final class DatasetFiles {
  private DatasetFiles() {}

  /** Ours, or the only file of COAR's. */
  static Path outputs(Path folder) {
    Path ours = folder.resolve(StoreFiles.OUTPUTS);
    if (Files.exists(ours)) {
      return ours;
    }
    List<Path> margins;
    try (Stream<Path> files = Files.list(folder)) {
      margins =
          files
              .filter(f -> f.getFileName().toString().endsWith(StoreFiles.COAR_OUTPUTS_SUFFIX))
              .sorted()
              .toList();
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(folder, e), e);
    }
    if (margins.size() != 1) {
      throw new BadInputException(
          Problem.of(margins.isEmpty() ? "no outputs in the store" : "several files of outputs")
              .at(folder)
              .expected(StoreFiles.OUTPUTS + " or one *" + StoreFiles.COAR_OUTPUTS_SUFFIX)
              .found(
                  margins.isEmpty()
                      ? "neither"
                      : margins.stream().map(f -> f.getFileName().toString()).toList())
              .remedy(
                  margins.isEmpty()
                      ? "collect into this folder first"
                      : "name the file of outputs to use"));
    }
    return margins.getFirst();
  }

  /** The rows whose outputs are final; all where the dataset does not say. */
  static int[] completedRows(Path folder, int rows) {
    Path file = folder.resolve(StoreFiles.COMPLETED);
    if (!Files.exists(file)) {
      return IntStream.range(0, rows).toArray();
    }
    try (NpyFile npy = NpyFile.open(file).requireShape(rows)) {
      double[] flags = npy.rows(0, rows);
      return IntStream.range(0, rows).filter(row -> flags[row] != 0).toArray();
    }
  }

  /**
   * @param required only others' data may lack them: methods would take a store of ours for one
   *     layer
   */
  static @Nullable ComponentSet components(Path folder, int columns, boolean required) {
    Path file = folder.resolve(StoreFiles.COMPONENTS);
    if (!required && !Files.exists(file)) {
      return null;
    }
    ComponentSet components = ComponentsFile.read(file);
    if (components.size() != columns) {
      throw new BadInputException(
          Problem.of("components do not match the masks")
              .at(file)
              .expected(columns + " columns, as " + StoreFiles.MASKS + " has")
              .found(components.size()));
    }
    return components;
  }

  /** Of arrays with these extents. */
  static @Nullable Manifest manifest(Path folder, int rows, int columns, int examples) {
    Path file = folder.resolve(StoreFiles.MANIFEST);
    if (!Files.exists(file)) {
      return null;
    }
    Manifest manifest = Manifest.read(file);
    manifest.requireExtents(file, rows, columns, examples);
    return manifest;
  }

  /** Examples × columns. */
  static double @Nullable [][] activationScale(Path folder, int examples, int columns) {
    Path file = folder.resolve(StoreFiles.ACTIVATION_SCALE);
    if (!Files.exists(file)) {
      return null;
    }
    try (NpyFile npy = NpyFile.open(file).requireShape(examples, columns)) {
      return IntStream.range(0, examples)
          .mapToObj(example -> npy.rows(example, 1))
          .toArray(double[][]::new);
    }
  }

  static int @Nullable [] labels(Path folder, int examples) {
    Path file = folder.resolve(StoreFiles.LABELS);
    if (!Files.exists(file)) {
      return null;
    }
    try (NpyFile npy = NpyFile.open(file).requireShape(examples)) {
      return Arrays.stream(npy.rows(0, examples)).mapToInt(label -> label(label, file)).toArray();
    }
  }

  private static int label(double value, Path file) {
    if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE) {
      throw new BadInputException(
          Problem.of("a label is no class").at(file).expected("a whole number").found(value));
    }
    return (int) value;
  }
}
