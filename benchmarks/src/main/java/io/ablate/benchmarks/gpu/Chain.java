package io.ablate.benchmarks.gpu;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import io.ablate.benchmarks.Check;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The same operation many times in a row on ONNX Runtime, between one number in and one number out:
 * what a long chain takes more than a short one is the operation's own time, whatever the way to
 * the device costs. What comes out is known, and checked.
 */
final class Chain {
  /** What is repeated. */
  enum Operation {
    /** Adds 1 to every entry: reads all, writes all. */
    ADD,
    /** A product of square matrices. */
    PRODUCT
  }

  private static final long OPSET = 17;
  private static final int SHORT = 4;
  private static final int LONG = 24;
  private static final int ROUNDS = 3;

  private final Place place;
  private final Operation operation;
  private final int side;
  private final boolean half;
  private final boolean tf32;

  /**
   * @param side of the square matrices
   * @param half whether entries are float16
   * @param tf32 whether a device may round the factors of float32
   */
  Chain(Place place, Operation operation, int side, boolean half, boolean tf32) {
    this.place = place;
    this.operation = operation;
    this.side = side;
    this.half = half;
    this.tf32 = tf32;
  }

  /**
   * Seconds of one operation, by the fastest of some runs. Where other work hides the difference of
   * the two chains it is the longer one's time by its length, which is somewhat too much.
   */
  double seconds() {
    try (OrtSession few = open(SHORT);
        OrtSession many = open(LONG)) {
      double fastestFew = Double.POSITIVE_INFINITY;
      double fastestMany = Double.POSITIVE_INFINITY;
      for (int round = -1; round < ROUNDS; round++) {
        double manySeconds = time(many, LONG);
        double fewSeconds = time(few, SHORT);
        if (round >= 0) { // the first does not count
          fastestMany = Math.min(fastestMany, manySeconds);
          fastestFew = Math.min(fastestFew, fewSeconds);
        }
      }
      double difference = (fastestMany - fastestFew) / (LONG - SHORT);
      return difference > 0 ? difference : fastestMany / LONG;
    } catch (OrtException e) {
      throw new IllegalStateException(String.valueOf(e.getMessage()), e);
    }
  }

  private double time(OrtSession session, int repeats) throws OrtException {
    try (OnnxTensor one =
        OnnxTensor.createTensor(
            OrtEnvironment.getEnvironment(), FloatBuffer.wrap(new float[] {1}), new long[] {1})) {
      long start = System.nanoTime();
      try (OrtSession.Result result = session.run(Map.of("x", one))) {
        double seconds = (System.nanoTime() - start) * 1e-9;
        float mean = ((OnnxTensor) result.get(0)).getFloatBuffer().get(0);
        float expected = operation == Operation.ADD ? 1 + repeats : 1;
        Check.that(
            Math.abs(mean - expected) < .02 * expected, "mean " + mean + ", not " + expected);
        return seconds;
      }
    }
  }

  private OrtSession open(int repeats) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(place.threads());
      if (place.isDevice()) {
        try (OrtCUDAProviderOptions cuda = new OrtCUDAProviderOptions(place.index())) {
          cuda.add("use_tf32", tf32 ? "1" : "0");
          options.addCUDA(cuda);
          options.addConfigEntry("session.disable_cpu_ep_fallback", "1");
          return OrtEnvironment.getEnvironment().createSession(model(repeats).toBytes(), options);
        }
      }
      return OrtEnvironment.getEnvironment().createSession(model(repeats).toBytes(), options);
    }
  }

  private OnnxModel model(int repeats) {
    DataType type = half ? DataType.FLOAT16 : DataType.FLOAT;
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("chain")
            .addInput(GraphWriter.value("x", DataType.FLOAT, "", 1))
            .addOutput(GraphWriter.value("mean", DataType.FLOAT, "", 1))
            .addInitializer(Tensors.of("shape", new long[] {side, side}, 2))
            .addInitializer(Tensors.of("step32", step(), steps()));
    graph.addNode(cast("step32", "step", type));
    graph.addNode(cast("x", "start", type));
    graph.addNode(Nodes.node("Expand", "y0", List.of("start", "shape")));
    for (int i = 0; i < repeats; i++) {
      graph.addNode(
          Nodes.node(
              operation == Operation.ADD ? "Add" : "MatMul",
              "y" + (i + 1),
              List.of("y" + i, "step")));
    }
    graph.addNode(cast("y" + repeats, "all", DataType.FLOAT));
    graph.addNode(
        Nodes.node("ReduceMean", "means", List.of("all")).toBuilder()
            .addAttribute(Nodes.attribute("keepdims", 0L))
            .build());
    graph.addInitializer(Tensors.of("one", new long[] {1}, 1));
    graph.addNode(Nodes.node("Reshape", "mean", List.of("means", "one")));
    return OnnxModel.of(
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(OPSET))
            .setGraph(graph)
            .build());
  }

  private static NodeProto cast(String from, String to, DataType type) {
    return Nodes.node("Cast", to, List.of(from)).toBuilder()
        .addAttribute(Nodes.attribute("to", (long) type.getNumber()))
        .build();
  }

  private long[] steps() {
    return operation == Operation.ADD ? new long[] {1} : new long[] {side, side};
  }

  /** 1, or drawn entries whose columns sum to 1, so that a matrix of equal entries stays one. */
  private float[] step() {
    if (operation == Operation.ADD) {
      return new float[] {1};
    }
    double[] row = new SplittableRandom(1).doubles(side).toArray();
    double sum = Arrays.stream(row).sum();
    float[] twice = new float[2 * side];
    for (int i = 0; i < twice.length; i++) {
      twice[i] = (float) (row[i % side] / sum);
    }
    float[] matrix = new float[side * side];
    for (int i = 0; i < side; i++) { // every row is the one before, turned by one
      System.arraycopy(twice, side - i, matrix, i * side, side);
    }
    return matrix;
  }
}
