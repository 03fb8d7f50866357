package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The chosen examples: as many as a fixed budget allows are held, the others read when asked for.
 * Thread-safe where the source is.
 */
public final class ExampleCache {
  private static final long BUDGET_BYTES = 256L << 20;

  private final ExampleSource source;
  private final int[] positions;
  private final int[] labels;
  private final float[] @Nullable [] held;
  private final long[] shape;
  private final String sha256;

  /**
   * Reads every example once.
   *
   * @param labels the class that an example's output is about
   * @param classes number of classes; not positive if unknown
   * @throws BadInputException if the examples' shapes differ, or a label is no class of the model
   */
  public ExampleCache(
      ExampleSource source, int[] positions, ToIntFunction<Example> labels, int classes) {
    if (positions.length == 0) {
      throw new UsageException(Problem.of("no examples chosen").at("--examples"));
    }
    this.source = source;
    this.positions = positions.clone();
    this.labels = new int[positions.length];
    this.held = new float[positions.length][];
    MessageDigest digest = sha256();
    long[] firstShape = {};
    long budget = BUDGET_BYTES;
    ByteBuffer bytes = ByteBuffer.allocate(0);
    for (int i = 0; i < positions.length; i++) {
      Example example = source.load(positions[i]);
      if (i == 0) {
        firstShape = example.shape();
        bytes = ByteBuffer.allocate(example.input().length * 4).order(ByteOrder.LITTLE_ENDIAN);
      } else if (!Arrays.equals(firstShape, example.shape())) {
        throw new BadInputException(
            Problem.of("examples of different shapes")
                .at("example " + positions[i] + " (" + example.name() + ")")
                .expected(Arrays.toString(firstShape))
                .found(Arrays.toString(example.shape())));
      }
      this.labels[i] = labels.applyAsInt(example);
      requireClass(this.labels[i], classes, example);
      bytes.asFloatBuffer().put(example.input());
      digest.update(bytes.array());
      budget -= bytes.capacity();
      held[i] = budget >= 0 ? example.input() : null;
    }
    this.shape = firstShape;
    this.sha256 = HexFormat.of().formatHex(digest.digest());
  }

  int size() {
    return positions.length;
  }

  /** Extents of every example. */
  long[] shape() {
    return shape.clone();
  }

  float[] input(int example) {
    float[] input = held[example];
    return input != null ? input : source.load(positions[example]).input();
  }

  int label(int example) {
    return labels[example];
  }

  int position(int example) {
    return positions[example];
  }

  /** A few of the examples, with the labels to use. */
  public List<Example> first(int most) {
    return IntStream.range(0, Math.min(most, size()))
        .mapToObj(i -> new Example(positions[i], "", labels[i], input(i), shape, null))
        .toList();
  }

  Manifest.Data describe() {
    return new Manifest.Data(
        source.describe(),
        Arrays.stream(positions).boxed().toList(),
        Arrays.stream(labels).boxed().toList(),
        sha256);
  }

  private static void requireClass(int label, int classes, Example example) {
    if (label < 0 || classes > 0 && label >= classes) {
      throw new BadInputException(
          Problem.of("label out of range")
              .at("example " + example.index() + " (" + example.name() + ")")
              .expected(classes > 0 ? "0 to " + (classes - 1) : "0 or more")
              .found(label));
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
