package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Joins stores over disjoint rows and gradient passes of the same plan. */
public final class DatasetMerge {
  private record Part(Path folder, Manifest manifest) {
    long first() {
      return manifest.rows().first();
    }

    long end() {
      return manifest.rows().first() + manifest.rows().count();
    }
  }

  private DatasetMerge() {}

  /**
   * Writes the store that one run over all rows and gradient passes would have written, as far as
   * the parts are complete; what is not can be resumed.
   *
   * @param stores in any order; their rows must join without gap or overlap, as must their gradient
   *     passes, where segments end (see {@link GradientSegments}), if more than one has any
   * @param out a folder without a store
   * @return the manifest of the merged store
   * @throws BadInputException if two manifests differ in more than rows and gradient passes, naming
   *     the field, or these do not join
   */
  public static Manifest merge(List<Path> stores, Path out) {
    List<Part> parts = new ArrayList<>();
    GradientMerge gradients = new GradientMerge();
    for (Path folder : stores) {
      Manifest manifest = Manifest.read(folder.resolve(StoreFiles.MANIFEST));
      parts.add(new Part(folder, manifest));
      gradients.add(folder, manifest);
    }
    if (parts.size() < 2) {
      throw new UsageException(
          Problem.of("nothing to merge").expected("two stores or more").found(parts.size()));
    }
    parts.sort(Comparator.comparingLong(Part::first));
    // Parts without rows, which hold gradient passes only, join anywhere.
    List<Part> rows = parts.stream().filter(part -> part.end() > part.first()).toList();
    Part start = rows.isEmpty() ? parts.getFirst() : rows.getFirst();
    parts.forEach(part -> requireSamePlan(start, part));
    for (int i = 1; i < rows.size(); i++) {
      requireJoin(rows.get(i - 1), rows.get(i));
    }
    long end = rows.isEmpty() ? start.end() : rows.getLast().end();
    Manifest merged =
        start
            .manifest()
            .with(
                new Manifest.Rows(start.first(), Math.toIntExact(end - start.first())),
                gradients.joined());
    write(rows, start, merged, gradients, out);
    return merged;
  }

  private static void write(
      List<Part> rows, Part start, Manifest merged, GradientMerge gradients, Path out) {
    ComponentSet components = ComponentsFile.read(start.folder().resolve(StoreFiles.COMPONENTS));
    try (StoreWriter writer = StoreWriter.create(out, merged, components, classes(start))) {
      Path scale = start.folder().resolve(StoreFiles.ACTIVATION_SCALE);
      if (Files.exists(scale)) {
        AtomicFile.write(
            out.resolve(StoreFiles.ACTIVATION_SCALE), stream -> Files.copy(scale, stream));
      }
      for (Part part : rows) {
        copy(part, (int) (part.first() - start.first()), writer);
      }
      writer.commit();
      gradients.write(out);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(out, e), e);
    }
  }

  private static void requireSamePlan(Part start, Part part) {
    Manifest expected = start.manifest().with(start.manifest().rows(), null);
    Manifest.Difference difference =
        Manifest.difference(expected, part.manifest().with(expected.rows(), null));
    if (difference != null) {
      throw new BadInputException(
          difference
              .problem("stores of different plans", part.folder())
              .remedy("merge stores that differ in their rows and gradient passes only"));
    }
  }

  private static void requireJoin(Part before, Part part) {
    if (part.first() != before.end()) {
      throw new BadInputException(
          Problem.of(part.first() < before.end() ? "stores overlap" : "rows are missing")
              .at(part.folder())
              .expected("rows from " + before.end() + ", where " + before.folder() + " ends")
              .found("rows from " + part.first()));
    }
  }

  /** As planned: where the file is missing all the same, the store is damaged. */
  private static boolean hasLogits(Part part) {
    return part.manifest().save().contains("logits");
  }

  private static int classes(Part part) {
    if (!hasLogits(part)) {
      return 0;
    }
    Path logits = part.folder().resolve(StoreFiles.LOGITS);
    try (NpyFile npy = NpyFile.open(logits).requireShape(-1, -1, -1)) {
      return (int) npy.shape()[2];
    }
  }

  private static void copy(Part part, int offset, StoreWriter writer) throws IOException {
    try (ComponentDataset dataset = ComponentDataset.open(part.folder())) {
      int[] completed = dataset.completedRows();
      writer.copy(StoreFiles.MASKS, part.folder(), offset);
      writer.copy(StoreFiles.OUTPUTS, part.folder(), offset);
      if (hasLogits(part)) {
        writer.copy(StoreFiles.LOGITS, part.folder(), offset);
      }
      for (int row : completed) {
        writer.complete(offset + row, 1);
      }
    }
  }
}
