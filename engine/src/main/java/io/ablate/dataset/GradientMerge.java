package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.base.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Joins the gradient parts of stores: the only one there is as far as it is complete, or several
 * whose passes join where segments end.
 */
final class GradientMerge {
  private static final int COPY_ELEMENTS = 1 << 18;

  private record Part(Path folder, Manifest.Gradients gradients, GradientLayout layout) {
    int end() {
      return gradients.first() + gradients.passes();
    }
  }

  private final List<Part> parts = new ArrayList<>();

  /** Takes a store in; one without gradient passes adds nothing. */
  void add(Path folder, Manifest manifest) {
    Manifest.Gradients gradients = manifest.gradients();
    if (gradients != null) {
      parts.add(new Part(folder, gradients, GradientLayout.of(manifest, gradients, folder)));
    }
  }

  /**
   * What the merged manifest says; null if no store has gradient passes.
   *
   * @throws BadInputException if the parts do not join
   */
  Manifest.@Nullable Gradients joined() {
    if (parts.isEmpty()) {
      return null;
    }
    parts.sort(Comparator.comparingInt(part -> part.gradients().first()));
    for (int i = 1; i < parts.size(); i++) {
      requireJoin(parts.get(i - 1), parts.get(i));
    }
    if (parts.size() > 1) {
      parts.forEach(GradientMerge::requireComplete);
    }
    Manifest.Gradients start = parts.getFirst().gradients();
    return start.withRange(start.first(), parts.getLast().end() - start.first());
  }

  private static void requireJoin(Part before, Part part) {
    Path manifest = part.folder().resolve(StoreFiles.MANIFEST);
    Manifest.Difference difference =
        Manifest.difference(
            before.gradients(),
            part.gradients().withRange(before.gradients().first(), before.gradients().passes()));
    if (difference != null) {
      throw new BadInputException(
          difference
              .problem("gradient passes of different plans", manifest)
              .remedy("merge stores whose gradient passes differ in their range only"));
    }
    if (part.gradients().first() != before.end()) {
      throw new BadInputException(
          Problem.of(
                  part.gradients().first() < before.end()
                      ? "gradient passes overlap"
                      : "gradient passes are missing")
              .at(part.folder())
              .expected("passes from " + before.end() + ", where " + before.folder() + " ends")
              .found("passes from " + part.gradients().first()));
    }
    if (!GradientSegments.isEnd(before.end())) {
      throw new BadInputException(
          Problem.of("gradient passes join within a segment of sums")
              .at(part.folder())
              .expected("a first pass of 1, 2, 3, 4, 6, 8, 12, … (2ᵏ or 3 · 2ᵏ)")
              .found(before.end())
              .remedy("collect ranges that join there"));
    }
  }

  private static void requireComplete(Part part) {
    GradientLayout layout = part.layout();
    if (GradientStore.completedSegments(part.folder(), layout) < layout.segments()
        || !Files.exists(part.folder().resolve(StoreFiles.GRADIENT_UNABLATED))) {
      throw new BadInputException(
          Problem.of("gradient passes are not complete")
              .at(part.folder())
              .remedy("finish this store with --resume, then merge"));
    }
  }

  /** Writes the files of the joined part. */
  void write(Path out) {
    if (parts.size() == 1) {
      copyAll(parts.getFirst().folder(), out);
    } else if (!parts.isEmpty()) {
      int passes = 0;
      int segments = 0;
      for (Part part : parts) {
        passes += part.layout().passes();
        segments += part.layout().segments();
      }
      GradientLayout layout = parts.getFirst().layout();
      copy(parts.getFirst().folder(), out, StoreFiles.GRADIENT_UNABLATED);
      join(out, StoreFiles.GRADIENT_OUTPUTS, passes, layout.examples());
      join(
          out,
          StoreFiles.GRADIENT_SUMS,
          segments,
          layout.kinds(),
          layout.examples(),
          layout.columns());
      GradientStore.writeFlags(out, segments, true);
    }
  }

  private static void copyAll(Path from, Path out) {
    // The flags come last: without them no array holds anything yet.
    for (String name :
        List.of(
            StoreFiles.GRADIENT_UNABLATED,
            StoreFiles.GRADIENT_OUTPUTS,
            StoreFiles.GRADIENT_SUMS,
            StoreFiles.GRADIENT_PARTIAL,
            StoreFiles.GRADIENT_COMPLETED)) {
      copy(from, out, name);
    }
  }

  private static void copy(Path from, Path out, String name) {
    Path source = from.resolve(name);
    if (Files.exists(source)) {
      AtomicFile.write(out.resolve(name), stream -> Files.copy(source, stream));
    }
  }

  private void join(Path out, String name, long... shape) {
    AtomicFile.write(
        out.resolve(name),
        stream -> {
          stream.write(NpyWriter.header(NpyType.FLOAT32, shape));
          for (Part part : parts) {
            long[] own = shape.clone();
            own[0] = -1;
            try (NpyFile source = NpyFile.open(part.folder().resolve(name))) {
              append(source.requireShape(own).requireType(NpyType.FLOAT32), stream);
            }
          }
        });
  }

  private static void append(NpyFile source, OutputStream stream) throws IOException {
    long total = source.header().elements();
    for (long at = 0; at < total; at += COPY_ELEMENTS) {
      stream.write(source.read(at, (int) Math.min(COPY_ELEMENTS, total - at)).array());
    }
  }
}
