package io.ablate.tools;

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
import java.util.SplittableRandom;

/** Runs command lines in this process, on a model small enough to be run in no time. */
final class Cli {
  /** Components of {@link #model}. */
  static final int COLUMNS = 13;

  static final int CLASSES = 3;
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
