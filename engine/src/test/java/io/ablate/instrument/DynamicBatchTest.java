package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import io.ablate.onnx.Tensors;
import io.ablate.onnx.TestModels;
import io.ablate.onnx.TestRuntime;
import io.ablate.onnx.TestRuntime.Feed;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class DynamicBatchTest {
  /** Frees a model of input [batch, dims…] and compares three rows at once with each alone. */
  private static void assertFreed(OnnxModel model, long... dims) {
    OnnxModel free = DynamicBatch.apply(model);
    String input = free.graph().inputs().getFirst().getName();
    float[] rows = new GraphBuilder(99).values(1, concat(3, dims));
    int size = rows.length / 3;
    float[] together = TestRuntime.run(free, Map.of(input, new Feed(rows, concat(3, dims))));
    float[] alone = new float[together.length];
    for (int row = 0; row < 3; row++) {
      float[] x = Arrays.copyOfRange(rows, row * size, (row + 1) * size);
      float[] y = TestRuntime.run(free, Map.of(input, new Feed(x, concat(1, dims))));
      System.arraycopy(y, 0, alone, row * y.length, y.length);
    }
    assertThat(together).containsExactly(alone, Offset.offset(1e-5f));
    assertThat(Arrays.copyOf(together, together.length / 3))
        .isNotEqualTo(Arrays.copyOfRange(together, together.length / 3, 2 * together.length / 3));
    assertThat(ShapeInference.declared(free.graph().inputs().getFirst()))
        .startsWith(ShapeInference.UNKNOWN);
    assertThat(ShapeInference.declared(free.graph().outputs().getFirst()))
        .startsWith(ShapeInference.UNKNOWN);
  }

  private static long[] concat(long first, long[] rest) {
    long[] all = new long[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  /** A model on x [batch, 3, 4] whose body computes a tensor of [batch, features]. */
  private static OnnxModel model(
      long batch, int features, BiFunction<GraphBuilder, String, String> body) {
    GraphBuilder b = new GraphBuilder(31);
    String y = body.apply(b, b.input("x", batch, 3, 4));
    b.gemm("head", "logits", y, features, 5);
    return b.output("logits", batch, 5).model();
  }

  private static String reshape(GraphBuilder b, String name, String x, long... target) {
    return b.node("Reshape", name, List.of(x, b.integers(name + "_target", target)));
  }

  @Test
  void shouldFreeInputOutputAndAConstantReshape() {
    OnnxModel fixed = TestModels.fixedBatch();
    assertFreed(fixed, 3, 4, 4);
    Feed one = new Feed(new GraphBuilder(98).values(1, 1, 3, 4, 4), 1, 3, 4, 4);
    assertThat(TestRuntime.run(DynamicBatch.apply(fixed), Map.of("image", one)))
        .isEqualTo(TestRuntime.run(fixed, Map.of("image", one)));
  }

  /** Three masks on one example of a model whose batch was 1. */
  @Test
  void shouldBeFreedByInstrumenting() {
    OnnxModel fixed = TestModels.fixedBatch();
    InstrumentedModel masked =
        Instrumenter.instrument(
            fixed,
            ComponentDiscovery.discover(fixed, ComponentRules.defaults()),
            InstrumentOptions.defaults().withLogits(true));
    String logits = Objects.requireNonNull(masked.logits());
    float[] image = new GraphBuilder(97).values(1, 1, 3, 4, 4);
    float[] masks = new float[3 * 7];
    Arrays.fill(masks, 0, 7, 1);
    masks[7 + 2] = 1;
    try (OrtRunner runner = new OrtRunner(masked.model())) {
      float[] rows =
          runner
              .run(
                  logits,
                  Map.of(
                      "image",
                      new OrtRunner.Floats(image, 1, 3, 4, 4),
                      masked.mask(),
                      new OrtRunner.Floats(masks, 3, 7),
                      masked.label(),
                      new long[] {0}))
              .values();
      float[] plain = TestRuntime.run(fixed, Map.of("image", new Feed(image, 1, 3, 4, 4)));
      assertThat(Arrays.copyOf(rows, 5)).containsExactly(plain, Offset.offset(1e-5f));
      assertThat(Arrays.copyOfRange(rows, 5, 10)).isNotEqualTo(Arrays.copyOfRange(rows, 10, 15));
    }
  }

  @Test
  void shouldFreeTargetsWithAnOpenEntry() {
    assertFreed(model(1, 12, (b, x) -> reshape(b, "flat", x, 1, -1)), 3, 4);
    assertFreed(model(1, 12, (b, x) -> reshape(b, "flat", x, -1, 12)), 3, 4);
    assertFreed(model(1, 12, (b, x) -> reshape(b, "flat", x, 0, -1)), 3, 4);
  }

  @Test
  void shouldFreeTokensMergedIntoTheBatchAndSplitAgain() {
    assertFreed(
        model(
            1,
            21,
            (b, x) -> {
              String y = reshape(b, "merged", x, 3, 4);
              y = b.gemm("token", "token_out", y, 4, 7);
              return reshape(b, "split", y, 1, 21);
            }),
        3,
        4);
  }

  @Test
  void shouldFollowABatchThatIsNotInFront() {
    assertFreed(
        model(
            1,
            12,
            (b, x) -> {
              String y =
                  b.node(
                      "Transpose", "t", List.of(x), Nodes.attribute("perm", new long[] {1, 0, 2}));
              y = reshape(b, "parts", y, 3, 1, 2, 2);
              y =
                  b.node(
                      "Transpose",
                      "u",
                      List.of(y),
                      Nodes.attribute("perm", new long[] {1, 0, 2, 3}));
              return reshape(b, "flat", y, 1, 12);
            }),
        3,
        4);
  }

  @Test
  void shouldFreeABatchOfMoreThanOne() {
    assertFreed(model(2, 12, (b, x) -> reshape(b, "flat", x, 2, 12)), 3, 4);
    assertFreed(
        model(
            2,
            12,
            (b, x) -> {
              String y = b.node("Expand", "same", List.of(x, b.integers("size", 2, 3, 4)));
              return b.node("Flatten", "flat", List.of(y));
            }),
        3,
        4);
  }

  @Test
  void shouldMendAConstantTargetBehindADynamicInput() {
    assertFreed(model(-1, 12, (b, x) -> reshape(b, "flat", x, 1, 12)), 3, 4);
    assertFreed(model(-1, 12, (b, x) -> reshape(b, "flat", x, 1, -1)), 3, 4);
  }

  @Test
  void shouldLeaveADynamicModelAlone() {
    for (OnnxModel model : List.of(TestModels.residual(), TestModels.mlp())) {
      assertThat(DynamicBatch.apply(model)).isSameAs(model);
    }
    OnnxModel split = model(-1, 4, (b, x) -> reshape(b, "tokens", x, -1, 4));
    assertThat(DynamicBatch.apply(split)).isSameAs(split);
  }

  @Test
  void shouldNotTouchAReshapeOfAConstant() {
    OnnxModel fixed =
        model(
            1,
            12,
            (b, x) -> {
              b.weight("bias", 1, 12);
              return b.node(
                  "Add",
                  "shifted",
                  List.of(b.node("Flatten", "flat", List.of(x)), reshape(b, "row", "bias", 1, 12)));
            });
    assertFreed(fixed, 3, 4);
    assertThat(DynamicBatch.apply(fixed).graph().consumers("row_target")).hasSize(1);
  }

  @Test
  void shouldNameTheNodeThatLosesTheBatch() {
    assertRefused(
        model(
            1,
            12,
            (b, x) -> {
              String y = b.node("Squeeze", "lost", List.of(x, b.integers("axes", 0)));
              return reshape(b, "flat", y, 1, 12);
            }),
        "/lost (Squeeze)");
  }

  @Test
  void shouldNameTheNodeThatMixesPerRowAndConstantParts() {
    assertRefused(
        model(
            1,
            16,
            (b, x) -> {
              b.initializer(Tensors.of("class_token", b.values(1, 4), 1, 1, 4));
              String y =
                  b.node("Concat", "tokens", List.of("class_token", x), Nodes.attribute("axis", 1));
              return reshape(b, "flat", y, 1, 16);
            }),
        "/tokens (Concat)");
  }

  @Test
  void shouldNameATargetThatDoesNotFit() {
    assertRefused(model(2, 12, (b, x) -> reshape(b, "flat", x, 3, 8)), "/flat (Reshape)");
  }

  private static void assertRefused(OnnxModel model, String node) {
    assertThatThrownBy(() -> DynamicBatch.apply(model))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("cannot free the model from its fixed batch")
        .hasMessageContaining("node " + node);
  }
}
