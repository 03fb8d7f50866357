package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.mask.GradientMasks;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;

/** Reads the gradient part of a store, one example's row at a time. Not thread-safe. */
final class GradientReader {
  private final Path folder;
  private final GradientLayout layout;
  private final GradientMasks masks;

  GradientReader(Path folder, Manifest manifest, Manifest.Gradients gradients) {
    this.folder = folder;
    this.layout = GradientLayout.of(manifest, gradients, folder);
    this.masks = GradientLayout.masks(gradients, manifest.components(), folder);
  }

  /** After how many of the store's passes a complete segment ends, ascending. */
  int[] segmentEnds() {
    int[] ends = Arrays.copyOf(layout.ends(), GradientStore.completedSegments(folder, layout));
    for (int i = 0; i < ends.length; i++) {
      ends[i] -= layout.first();
    }
    return ends;
  }

  StoredGradients read(int passes) {
    int[] ends = segmentEnds();
    int segments = Arrays.binarySearch(ends, passes) + 1;
    if (segments < 1) {
      throw new UsageException(
          Problem.of("the store has no sums of so many gradient passes")
              .at(folder)
              .expected(
                  ends.length == 0
                      ? "no number: none is complete"
                      : "one of " + Arrays.toString(ends))
              .found(passes)
              .remedy(
                  ends.length == 0
                      ? "continue the store with --resume"
                      : "choose one of these numbers, or collect more gradient passes"));
    }
    try (NpyFile sums = open(StoreFiles.GRADIENT_SUMS, layout.sumsShape())) {
      return new StoredGradients(
          masks(passes),
          outputs(passes),
          sum(sums, GradientLayout.KEPT, segments),
          sum(sums, GradientLayout.ABLATED, segments),
          layout.soft() ? sum(sums, GradientLayout.SOFT, segments) : zeros(),
          sum(sums, layout.squares(), segments),
          layout.soft() ? sum(sums, GradientLayout.SOFT_SQUARES, segments) : zeros(),
          unablated());
    }
  }

  private double[][] zeros() {
    return new double[layout.examples()][layout.columns()];
  }

  private float[][] masks(int passes) {
    float[][] rows = new float[passes][layout.columns()];
    for (int i = 0; i < passes; i++) {
      masks.row((long) layout.first() + i, rows[i]);
    }
    return rows;
  }

  private double[][] outputs(int passes) {
    double[][] outputs = new double[layout.examples()][passes];
    float[] row = new float[layout.examples()];
    try (NpyFile npy = open(StoreFiles.GRADIENT_OUTPUTS, layout.passes(), layout.examples())) {
      for (int pass = 0; pass < passes; pass++) {
        read(npy, (long) pass * row.length, row);
        for (int e = 0; e < row.length; e++) {
          outputs[e][pass] = row[e];
        }
      }
    }
    return outputs;
  }

  private double[][] sum(NpyFile sums, int kind, int segments) {
    double[][] total = zeros();
    for (int segment = 0; segment < segments; segment++) {
      for (int e = 0; e < total.length; e++) {
        add(sums, layout.row(segment, kind, e), total[e]);
      }
    }
    return total;
  }

  private double[][] unablated() {
    double[][] values = zeros();
    try (NpyFile npy = open(StoreFiles.GRADIENT_UNABLATED, values.length, layout.columns())) {
      for (int e = 0; e < values.length; e++) {
        add(npy, (long) e * layout.columns(), values[e]);
      }
    }
    return values;
  }

  private NpyFile open(String name, long... shape) {
    NpyFile npy = NpyFile.open(folder.resolve(name));
    try {
      return npy.requireShape(shape).requireType(NpyType.FLOAT32);
    } catch (RuntimeException e) {
      npy.close();
      throw e;
    }
  }

  private static void add(NpyFile npy, long element, double[] total) {
    float[] row = new float[total.length];
    read(npy, element, row);
    for (int i = 0; i < row.length; i++) {
      total[i] += row[i];
    }
  }

  private static void read(NpyFile npy, long element, float[] row) {
    FloatBuffer values = npy.read(element, row.length).asFloatBuffer();
    values.get(row);
    for (int i = 0; i < row.length; i++) {
      if (!Float.isFinite(row[i])) {
        throw new BadInputException(
            Problem.of("stored value is not a finite number")
                .at(npy.file() + ", element " + (element + i))
                .found(row[i]));
      }
    }
  }
}
