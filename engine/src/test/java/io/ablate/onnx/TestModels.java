package io.ablate.onnx;

import java.util.List;

/**
 * Small deterministic models; their input is {@code image} or {@code x}, their output {@code
 * logits}.
 */
public final class TestModels {
  public static final int CLASSES = 5;

  private TestModels() {}

  /** conv1 (3→7, no bias) → BatchNorm → Relu → conv2 (7→11) → Relu → mean → fc; image [N,3,5,5]. */
  public static OnnxModel convNet() {
    GraphBuilder b = new GraphBuilder(1);
    String x = b.input("image", -1, 3, 5, 5);
    x = b.conv("conv1", x, 3, 7, 3, 1, false, 1);
    x = b.relu(b.batchNorm("bn1", x, 7));
    x = b.relu(b.conv("conv2", x, 7, 11, 3));
    return classifier(b, x, 11);
  }

  /** A grouped convolution (6→9 in 3 groups) with BatchNorm; image [N,6,5,5]. */
  public static OnnxModel grouped() {
    GraphBuilder b = new GraphBuilder(2);
    String x = b.input("image", -1, 6, 5, 5);
    x = b.relu(b.batchNorm("bn1", b.conv("conv1", x, 6, 9, 3, 3, true, 1), 9));
    return classifier(b, x, 9);
  }

  /** A residual block with a strided 1×1 shortcut, both with BatchNorm; image [N,3,6,6]. */
  public static OnnxModel residual() {
    GraphBuilder b = new GraphBuilder(3);
    String x = b.input("image", -1, 3, 6, 6);
    x = b.relu(b.batchNorm("bn0", b.conv("stem", x, 3, 5, 3, 1, false, 1), 5));
    String y = b.relu(b.batchNorm("block.bn1", b.conv("block.conv1", x, 5, 7, 3, 1, false, 2), 7));
    y = b.batchNorm("block.bn2", b.conv("block.conv2", y, 7, 7, 3, 1, false, 1), 7);
    String shortcut = b.batchNorm("block.sc.1", b.conv("block.sc.0", x, 5, 7, 1, 1, false, 2), 7);
    return classifier(b, b.relu(b.add("block_sum", y, shortcut)), 7);
  }

  /** fc1 (Gemm 4→7) → Relu → fc2 (MatMul 7→11, Add) → Relu → head (Gemm 11→5); x [N,4]. */
  public static OnnxModel mlp() {
    GraphBuilder b = new GraphBuilder(4);
    String x = b.input("x", -1, 4);
    x = b.relu(b.gemm("fc1", "fc1_out", x, 4, 7));
    x = b.relu(b.linear("fc2", x, 7, 11));
    b.gemm("head", "logits", x, 11, CLASSES);
    return b.output("logits", -1, CLASSES).model();
  }

  /** As {@link #convNet()}, but what leaves the model is softmax(logits). */
  public static OnnxModel withSoftmax() {
    GraphBuilder b = new GraphBuilder(5);
    String x = b.input("image", -1, 3, 5, 5);
    x = b.relu(b.conv("conv1", x, 3, 7, 3));
    b.gemm("fc", "logits", b.meanOverPositions(x), 7, CLASSES);
    b.node("Softmax", "probabilities", List.of("logits"), Nodes.attribute("axis", -1));
    return b.output("probabilities", -1, CLASSES).model();
  }

  /** A model whose batch is fixed at 1, by its input and by the target of a Reshape. */
  public static OnnxModel fixedBatch() {
    GraphBuilder b = new GraphBuilder(6);
    String x = b.input("image", 1, 3, 4, 4);
    x = b.relu(b.conv("conv1", x, 3, 7, 3));
    x = b.node("Reshape", "flat", List.of(x, b.integers("flat_shape", 1, 112)));
    b.gemm("fc", "logits", x, 112, CLASSES);
    return b.output("logits", 1, CLASSES).model();
  }

  private static OnnxModel classifier(GraphBuilder b, String x, int channels) {
    b.gemm("fc", "logits", b.meanOverPositions(x), channels, CLASSES);
    return b.output("logits", -1, CLASSES).model();
  }
}
