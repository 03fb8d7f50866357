package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.onnx.GraphBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractStringAssert;

/** Runs command lines in this process, on a model small enough to be run in no time. */
final class Cli {
  /** Components of {@link #model}. */
  static final int COLUMNS = 13;

  static final int CLASSES = 3;

  /** Exit code where the command line is wrong. */
  static final int USAGE = 2;

  /** Exit code where a file or what it holds is wrong. */
  static final int BAD_INPUT = 3;

  private static final int SIDE = 6;

  /** What a command left behind. */
  record Outcome(int code, String out, String err) {}

  private Cli() {}

  static Outcome run(Object... arguments) {
    String[] words = new String[arguments.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = arguments[i].toString();
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code = Main.run(words, out, err);
    return new Outcome(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** What a command left behind that has to succeed. */
  static Outcome ok(Object... arguments) {
    Outcome outcome = run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    return outcome;
  }

  /** What a command printed that has to succeed and print JSON. */
  static JsonNode json(Object... arguments) {
    Outcome outcome = ok(arguments);
    try {
      return Json.mapper().readTree(outcome.out());
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + outcome.out(), e);
    }
  }

  /** The message of a command that has to fail, with nothing on stdout and no trace. */
  static AbstractStringAssert<?> fails(int code, Object... arguments) {
    Outcome outcome = run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(code);
    assertThat(outcome.out()).isEmpty();
    return assertThat(outcome.err()).doesNotContain("\tat ");
  }

  /** A command line: a command, what several of them share, what this one has besides. */
  static Object[] with(String command, Object[] job, Object... more) {
    return with(with(new Object[] {command}, job), more);
  }

  static Object[] with(Object[] words, Object... more) {
    return Stream.concat(Arrays.stream(words), Arrays.stream(more)).toArray();
  }

  /** Two convolutions of 5 and 8 filters and a classifier of 3 classes on 2 × 6 × 6 inputs. */
  static Path model(Path folder, long seed) {
    Path file = folder.resolve("model" + seed + ".onnx");
    builder(seed).model().write(file);
    return file;
  }

  static GraphBuilder builder(long seed) {
    GraphBuilder graph = new GraphBuilder(seed);
    String x = graph.input("image", -1, 2, SIDE, SIDE);
    x = graph.relu(graph.conv("conv1", x, 2, 5, 3));
    x = graph.relu(graph.conv("conv2", x, 5, 8, 3));
    graph.gemm("fc", "logits", graph.meanOverPositions(x), 8, CLASSES);
    return graph.output("logits", -1, CLASSES);
  }

  /** DATA of {@code count} random examples, labelled 0, 1, 2, 0, … */
  static String data(Path folder, int count) throws IOException {
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      labels[i] = i % CLASSES;
    }
    return data(folder, SIDE, labels);
  }

  static String data(Path folder, int side, int[] labels) throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    ByteBuffer values =
        ByteBuffer.allocate(labels.length * 2 * side * side * 4).order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      values.putFloat((float) random.nextDouble(-1, 1));
    }
    Path inputs = folder.resolve("x" + side + ".npy");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(NpyWriter.header(NpyType.FLOAT32, labels.length, 2, side, side));
    bytes.write(values.array());
    Files.write(inputs, bytes.toByteArray());
    Path classes = folder.resolve("y" + side + ".npy");
    NpyWriter.writeInts(classes, labels);
    return "npy:" + inputs + "," + classes;
  }
}
