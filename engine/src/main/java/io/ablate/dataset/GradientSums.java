package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.base.Problem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The sums of one segment of gradient passes, in double precision. Their file is a float64 vector:
 * the number of passes over single examples in the whole store so far, then the sums [kinds,
 * examples, n]. Not thread-safe.
 */
final class GradientSums {
  private final GradientLayout layout;
  private final double[][][] sums;
  private final float[] row;

  GradientSums(GradientLayout layout) {
    this.layout = layout;
    this.sums = new double[layout.kinds()][layout.examples()][layout.columns()];
    this.row = new float[layout.columns()];
  }

  /** Adds one pass of one example. */
  void add(int example, float[] gradient, float[] mask) {
    double[] kept = sums[GradientLayout.KEPT][example];
    double[] ablated = sums[GradientLayout.ABLATED][example];
    double[] squares = sums[layout.squares()][example];
    for (int i = 0; i < row.length; i++) {
      double derivative = gradient[i];
      if (mask[i] == 1) {
        kept[i] += derivative;
        squares[i] += derivative * derivative;
      } else if (mask[i] == 0) {
        ablated[i] += derivative;
        squares[i] += derivative * derivative;
      } else {
        sums[GradientLayout.SOFT][example][i] += derivative;
        sums[GradientLayout.SOFT_SQUARES][example][i] += derivative * derivative;
      }
    }
  }

  void clear() {
    for (double[][] examples : sums) {
      for (double[] example : examples) {
        Arrays.fill(example, 0);
      }
    }
  }

  /** Writes the sums as those of a segment, rounded to float32. */
  void round(ArrayFile target, int segment) throws IOException {
    for (int kind = 0; kind < sums.length; kind++) {
      for (int e = 0; e < layout.examples(); e++) {
        for (int i = 0; i < row.length; i++) {
          row[i] = (float) sums[kind][e][i];
        }
        target.write(layout.row(segment, kind, e), row, row.length);
      }
    }
  }

  /**
   * Reads how many passes over single examples a file accounts for.
   *
   * @throws BadInputException if it is damaged
   */
  static long count(Path file, GradientLayout layout) {
    try (NpyFile npy = open(file, layout)) {
      double count = npy.read(0, 1).getDouble(0);
      if (!(count >= 0 && count <= layout.pairs()) || count != Math.rint(count)) {
        throw new BadInputException(
            Problem.of("damaged sums of gradient passes")
                .at(file)
                .expected("0 to " + layout.pairs() + " passes")
                .found(count)
                .remedy("delete this file; what it held is then computed again"));
      }
      return (long) count;
    }
  }

  void load(Path file) {
    try (NpyFile npy = open(file, layout)) {
      long at = 1;
      for (double[][] examples : sums) {
        for (double[] example : examples) {
          npy.read(at, example.length).asDoubleBuffer().get(example);
          at += example.length;
        }
      }
    }
  }

  private static NpyFile open(Path file, GradientLayout layout) {
    NpyFile npy = NpyFile.open(file);
    try {
      return npy.requireShape(1 + layout.segmentElements()).requireType(NpyType.FLOAT64);
    } catch (RuntimeException e) {
      npy.close();
      throw e;
    }
  }

  /** Replaces the file; an interrupt neither hinders that nor is lost. */
  void save(Path file, long count) {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          AtomicFile.write(file, out -> write(out, count));
          return;
        } catch (BadInputException e) {
          // An interrupt closes the channel that is being written.
          if (!Thread.interrupted()) {
            throw e;
          }
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void write(OutputStream out, long count) throws IOException {
    out.write(NpyWriter.header(NpyType.FLOAT64, 1 + layout.segmentElements()));
    ByteBuffer bytes = ByteBuffer.allocate(8 * row.length).order(ByteOrder.LITTLE_ENDIAN);
    out.write(bytes.putDouble(0, (double) count).array(), 0, 8);
    for (double[][] examples : sums) {
      for (double[] example : examples) {
        bytes.asDoubleBuffer().put(example);
        out.write(bytes.array());
      }
    }
  }
}
