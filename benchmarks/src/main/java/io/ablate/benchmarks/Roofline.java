package io.ablate.benchmarks;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OrtException;
import io.ablate.backend.Backends;
import io.ablate.base.AblateException;
import io.ablate.base.Json;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What this machine can do at best, by what is at hand for it: matrix products in single precision
 * (ONNX Runtime) and double (OpenBLAS), copying from memory to memory. Medians, one line of JSON.
 */
public final class Roofline {
  private static final int SIZE = 1536;
  private static final int COPIED = 64 << 20;
  private static final List<float[]> MEMORY = new ArrayList<>();

  private Roofline() {}

  public static void main(String[] arguments) throws OrtException, InterruptedException {
    try {
      NumberOptions options =
          new NumberOptions(arguments, Map.of("--threads", 2.0, "--rounds", 9.0));
      int threads = options.whole("--threads");
      int rounds = options.whole("--rounds");
      List<Double> singles = new ArrayList<>();
      List<Double> doubles = new ArrayList<>();
      List<Double> copies = new ArrayList<>();
      LinearAlgebra algebra = Backends.linearAlgebra("openblas", threads).backend();
      double[] a = random(SIZE * SIZE);
      double[] c = new double[SIZE * SIZE];
      try (PlainModel product = product(threads)) {
        for (int round = -1; round < rounds; round++) { // the first does not count
          double single = 2.0 * SIZE * SIZE * SIZE / seconds(product::run) * 1e-9;
          double twice =
              2.0
                  * SIZE
                  * SIZE
                  * SIZE
                  / seconds(() -> algebra.multiply(false, false, SIZE, SIZE, SIZE, 1, a, a, 0, c))
                  * 1e-9;
          // Read once, written once.
          double copy = 2.0 * COPIED * Float.BYTES * threads / copySeconds(threads) * 1e-9;
          if (round >= 0) {
            singles.add(single);
            doubles.add(twice);
            copies.add(copy);
          }
        }
      }
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("threads", threads);
      result.put("float32_gflops", median(singles));
      result.put("float64_gflops", median(doubles));
      result.put("copy_gb_per_second", median(copies));
      System.out.println(Json.write(result));
    } catch (AblateException e) {
      System.err.println("roofline: " + e.getMessage());
      System.exit(e.exitCode());
    }
  }

  /** Rows times a constant square matrix. */
  private static PlainModel product(int threads) throws OrtException {
    float[] weight = new float[SIZE * SIZE];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) random.nextGaussian();
    }
    GraphProto graph =
        GraphProto.newBuilder()
            .setName("product")
            .addInput(GraphWriter.value("x", DataType.FLOAT, "", SIZE, SIZE))
            .addOutput(GraphWriter.value("y", DataType.FLOAT, "", SIZE, SIZE))
            .addInitializer(Tensors.of("weight", weight, SIZE, SIZE))
            .addNode(Nodes.node("MatMul", "y", List.of("x", "weight")))
            .build();
    OnnxModel model =
        OnnxModel.of(
            ModelProto.newBuilder()
                .setIrVersion(8)
                .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(graph)
                .build());
    return new PlainModel(model, threads, new long[] {SIZE, SIZE}, weight, SIZE);
  }

  private static double[] random(int count) {
    return new SplittableRandom(2).doubles(count).toArray();
  }

  private static double seconds(Interleaved.Pass work) throws OrtException {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) * 1e-9;
  }

  /** Every thread copies between arrays of its own, too large for any cache. */
  private static double copySeconds(int threads) throws InterruptedException {
    while (MEMORY.size() < 2 * threads) {
      MEMORY.add(new float[COPIED]);
    }
    List<Thread> all = new ArrayList<>();
    long start = System.nanoTime();
    for (int t = 0; t < threads; t++) {
      float[] from = MEMORY.get(2 * t);
      float[] to = MEMORY.get(2 * t + 1);
      all.add(Thread.ofPlatform().start(() -> System.arraycopy(from, 0, to, 0, COPIED)));
    }
    for (Thread thread : all) {
      thread.join();
    }
    return (System.nanoTime() - start) * 1e-9;
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElse(Double.NaN);
  }
}
