package io.ablate.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Every inferred shape is compared with what ONNX Runtime computes. */
class ShapeInferenceTest {
  private static final AttributeProto KERNEL = Nodes.attribute("kernel_shape", new long[] {3, 2});

  private final GraphBuilder b = new GraphBuilder(50);

  /** Infers the shape of a tensor and lets the runtime compute it from an image [2,4,7,5]. */
  private void assertShape(String tensor, long... expected) {
    OnnxModel model = b.model();
    assertThat(ShapeInference.of(model.graph()).shape(tensor)).as(tensor).isEqualTo(expected);
    OnnxGraph graph = model.graph();
    graph.append(Nodes.node("Shape", "shape_of", List.of(tensor)));
    graph.append(Nodes.node("Cast", "shape_out", List.of("shape_of"), Nodes.attribute("to", 1)));
    graph.putOutput(GraphBuilder.valueInfo("shape_out", expected.length));
    graph.removeDead();
    var x = new TestRuntime.Feed(new GraphBuilder(51).values(1, 2, 4, 7, 5), 2, 4, 7, 5);
    float[] found = TestRuntime.run(graph.toModel(), java.util.Map.of("image", x));
    long[] shape = LongStream.range(0, found.length).map(i -> (long) found[(int) i]).toArray();
    assertThat(shape).as(tensor).isEqualTo(expected);
  }

  @Test
  void shouldAgreeWithTheRuntime() {
    String x = b.input("image", 2, 4, 7, 5);
    String conv = b.conv("conv", x, 4, 6, 3, 2, true, 2);
    b.node("MaxPool", "pool", List.of(x), KERNEL, Nodes.attribute("strides", new long[] {2, 2}));
    b.node(
        "AveragePool",
        "ceil",
        List.of(x),
        KERNEL,
        Nodes.attribute("strides", new long[] {2, 2}),
        Nodes.attribute("ceil_mode", 1));
    b.node("MaxPool", "same", List.of(x), KERNEL, Nodes.attribute("auto_pad", "SAME_UPPER"));
    b.node("GlobalAveragePool", "global", List.of(conv));
    b.node("Flatten", "flat", List.of("global"));
    b.gemm("fc", "gemm", "flat", 6, 3);
    b.node("MatMul", "matmul", List.of(x, b.weight("m", 1, 5, 11)));
    b.node("Transpose", "turned", List.of(x), Nodes.attribute("perm", new long[] {0, 2, 3, 1}));
    b.node("Reshape", "tokens", List.of(x, b.integers("target", 0, 0, -1)));
    b.node("Squeeze", "squeezed", List.of("global", b.integers("last", 3, -2)));
    b.node("Unsqueeze", "unsqueezed", List.of("squeezed", b.integers("ends", 0, -1)));
    b.node("Concat", "joined", List.of(x, x), Nodes.attribute("axis", -3));
    b.node("Gather", "one", List.of(x, b.initializer(Tensors.scalar("index", 1L))));
    b.node("ReduceSum", "summed", List.of(x, b.integers("axes", 1, -1)));
    b.node("Add", "broadcast", List.of(x, b.weight("row", 1, 7, 1)));
    String mean = b.meanOverPositions(x);
    assertShape(conv, 2, 6, 4, 3);
    assertShape("pool", 2, 4, 3, 2);
    assertShape("ceil", 2, 4, 3, 3);
    assertShape("same", 2, 4, 7, 5);
    assertShape("global", 2, 6, 1, 1);
    assertShape("gemm", 2, 3);
    assertShape("matmul", 2, 4, 7, 11);
    assertShape("turned", 2, 7, 5, 4);
    assertShape("tokens", 2, 4, 35);
    assertShape("squeezed", 2, 6);
    assertShape("unsqueezed", 1, 2, 6, 1);
    assertShape("joined", 2, 8, 7, 5);
    assertShape("one", 4, 7, 5);
    assertShape("summed", 2, 1, 7, 1);
    assertShape("broadcast", 2, 4, 7, 5);
    assertShape(mean, 2, 4);
  }

  @Test
  void shouldLeaveOutAWindowBehindTheLastElement() {
    b.opset(22);
    b.node(
        "AveragePool",
        "pool",
        List.of(b.input("image", 2, 4, 7, 5)),
        Nodes.attribute("kernel_shape", new long[] {2, 2}),
        Nodes.attribute("strides", new long[] {3, 3}),
        Nodes.attribute("pads", new long[] {0, 0, 0, 1}),
        Nodes.attribute("ceil_mode", 1));
    assertShape("pool", 2, 4, 3, 2);
  }

  @Test
  void shouldFollowPadsScalesAndSizes() {
    b.opset(18);
    String x = b.input("image", 2, 4, 7, 5);
    b.node("Pad", "padded", List.of(x, b.integers("pads", 0, 1, -2, 0, 0, 0, 1, 3)));
    b.node("Pad", "ends", List.of(x, b.integers("two", 1, 0, 2, 3), "", b.integers("last", -1, 1)));
    String scales = b.initializer(Tensors.of("scales", new float[] {1, 1, 1.5f, .6f}, 4));
    b.node("Resize", "scaled", List.of(x, "", scales));
    b.node(
        "Resize",
        "sized",
        List.of(x, "", "", b.integers("sizes", 9, 3)),
        Nodes.attribute("axes", new long[] {-1, 2}));
    String batch =
        b.node(
            "Slice",
            "front",
            List.of(b.node("Shape", "of", List.of(x)), b.integers("from", 0), b.integers("to", 2)));
    String joined =
        b.node(
            "Concat",
            "joined",
            List.of(batch, b.integers("end", 8, 6)),
            Nodes.attribute("axis", 0));
    b.node("Resize", "part", List.of(x, "", "", joined));
    assertShape("padded", 2, 5, 6, 8);
    assertShape("ends", 2, 7, 7, 8);
    assertShape("scaled", 2, 4, 10, 3);
    assertShape("sized", 2, 4, 3, 9);
    assertShape("part", 2, 4, 8, 6);
  }

  /** As exporters write it: ranges of a shape, picked, joined and filled up. */
  @Test
  void shouldFollowComputedTargets() {
    b.opset(18);
    String x = b.input("image", 2, 4, 7, 5);
    b.node("Shape", "front", List.of(x), Nodes.attribute("end", -2));
    b.node("Shape", "back", List.of(x), Nodes.attribute("start", -2), Nodes.attribute("end", 9));
    b.node("Shape", "none", List.of(x), Nodes.attribute("start", 3), Nodes.attribute("end", 1));
    b.node("Shape", "all", List.of(x));
    String batch = b.node("Gather", "n", List.of("all", b.initializer(Tensors.scalar("0", 0L))));
    String axis = b.node("Unsqueeze", "n1", List.of(batch, b.integers("first", 0)));
    AttributeProto joins = Nodes.attribute("axis", 0);
    b.node("Concat", "groups", List.of(axis, b.integers("two", 2, -1)), joins);
    b.node("Reshape", "grouped", List.of(x, "groups"));
    b.node("Reshape", "back_again", List.of("grouped", "all"));
    b.node("Concat", "kept", List.of(b.integers("zero", 0), "back", b.integers("rest", -1)), joins);
    b.node("Reshape", "turned", List.of(x, "kept"));
    b.node("Concat", "target", List.of("front", b.integers("wide", 7, 5)), joins);
    b.node("Expand", "expanded", List.of(b.weight("row", 1, 5), "target"));
    b.node("ConstantOfShape", "filled", List.of("target"));
    b.node("Mul", "twice", List.of("n1", b.integers("2", 2)));
    b.node("Concat", "sum", List.of("twice", b.integers("tail", 2, 35)), joins);
    b.node("Reshape", "summed", List.of(x, "sum"));
    assertShape("front", 2);
    assertShape("back", 2);
    assertShape("none", 0);
    assertShape("grouped", 2, 2, 70);
    assertShape("back_again", 2, 4, 7, 5);
    assertShape("turned", 2, 7, 5, 4);
    assertShape("expanded", 2, 4, 7, 5);
    assertShape("filled", 2, 4, 7, 5);
    assertShape("summed", 4, 2, 35);
    b.node("Slice", "inner", List.of("all", b.integers("from", 1), b.integers("to", -1)));
    b.node("Concat", "cut", List.of(b.integers("open", -1), "inner"), joins);
    b.node("Reshape", "sliced", List.of(x, "cut"));
    assertShape("sliced", 10, 4, 7);
  }

  @Test
  void shouldKnowTheRankOfAComputedTarget() {
    String x = b.input("image", -1, 4, 7, 5);
    String shape = b.node("Shape", "shape", List.of(x));
    String half = b.node("Div", "half", List.of(shape, b.integers("by", 1, 2, 1, 1)));
    b.node("Reshape", "open", List.of(x, half));
    assertThat(ShapeInference.of(b.model().graph()).shape("open")).containsExactly(-1, -1, -1, -1);
  }

  @Test
  void shouldKeepUnknownBatchesUnknown() {
    ShapeInference shapes = ShapeInference.of(TestModels.residual().graph());
    assertThat(shapes.shape("block.conv2_out")).containsExactly(-1, 7, 3, 3);
    assertThat(shapes.shape("logits")).containsExactly(-1, TestModels.CLASSES);
    assertThat(shapes.rank("nothing")).isEqualTo(-1);
  }

  @Test
  void shouldTakeWhatTheFileStatesForUnknownOperators() {
    b.node("NonZero", "where", List.of(b.input("image", 2, 4, 7, 5)));
    b.node("Relu", "after", List.of("where"));
    b.output("where", 4, -1);
    ShapeInference shapes = ShapeInference.of(b.model().graph());
    assertThat(shapes.shape("where")).containsExactly(4, ShapeInference.UNKNOWN);
    assertThat(shapes.shape("after")).containsExactly(4, ShapeInference.UNKNOWN);
  }
}
