package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.ablate.base.BadInputException;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Tensors;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Forms that a rule does not know are refused: which operator, where, why, and what to do. */
class GradientRefusalsTest {
  /**
   * @param reason what the message says was found or expected
   */
  record Refusal(Form form, String reason) {
    @Override
    public String toString() {
      return form.toString();
    }
  }

  static Stream<Refusal> refusals() {
    return Stream.of(
        refusal("another coordinate_transformation_mode", "Resize", GradientRefusalsTest::cropped),
        refusal("keep_aspect_ratio_policy stretch", 18, "Resize", GradientRefusalsTest::boxed),
        refusal(
            "constant scales or sizes",
            "Resize",
            (b, x) -> b.node("Resize", "tested", List.of(x, "", computedScales(b)))),
        refusal(
            "reflect",
            "Pad",
            (b, x) ->
                b.node(
                    "Pad",
                    "tested",
                    List.of(x, b.integers("pads", 0, 0, 1, 1, 0, 0, 0, 0)),
                    attribute("mode", "reflect"))),
        refusal(
            "storage_order 1",
            "MaxPool",
            (b, x) ->
                b.node(
                    "MaxPool",
                    "tested",
                    List.of(x),
                    attribute("kernel_shape", new long[] {2, 2}),
                    attribute("storage_order", 1))),
        refusal(
            "computed indices at opset 15",
            15,
            "Gather",
            (b, x) ->
                b.node(
                    "Gather",
                    "tested",
                    List.of(x, b.node("Size", "size", List.of(b.integers("one", 1)))),
                    attribute("axis", 1))),
        refusal(
            "approximate \"none\"",
            20,
            "Gelu",
            (b, x) -> b.node("Gelu", "tested", List.of(x), attribute("approximate", "tanh"))),
        refusal(
            "at least 2 axes",
            "MatMul",
            (b, x) -> b.node("MatMul", "tested", List.of(x, b.weight("vector", 1, 5)))),
        refusal(
            "constant weights",
            "Conv",
            (b, x) ->
                b.node(
                    "Conv",
                    "tested",
                    List.of(
                        x,
                        b.node(
                            "ReduceMean",
                            "kernel",
                            List.of(x),
                            attribute("axes", new long[] {0}))))),
        refusal(
            "bounds without a mask",
            "Clip",
            (b, x) ->
                b.node(
                    "Clip",
                    "tested",
                    List.of(x, b.node("ReduceMin", "low", List.of(x), attribute("keepdims", 0))))),
        refusal(
            "scale and bias without a mask",
            "LayerNormalization",
            (b, x) ->
                b.node(
                    "LayerNormalization",
                    "tested",
                    List.of(
                        x,
                        b.node(
                            "ReduceMean",
                            "scale",
                            List.of(x),
                            attribute("axes", new long[] {0, 1, 2}),
                            attribute("keepdims", 0))))),
        refusal(
            "constant axes",
            "ReduceSum",
            (b, x) ->
                b.node(
                    "ReduceSum", "tested", List.of(x, computedAxis(b)), attribute("keepdims", 0))));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void shouldSayWhatIsNotDifferentiated(Refusal refusal) throws OrtException {
    InstrumentedModel model = CentralDifferences.instrumented(refusal.form());
    assertThatThrownBy(() -> MaskGradients.of(model))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("cannot differentiate " + refusal.form().operator())
        .hasMessageContaining("node /tested")
        .hasMessageContaining(refusal.reason())
        .hasMessageContaining("forward passes only");
  }

  private static Refusal refusal(String reason, String operator, Form.Body body) {
    return refusal(reason, 17, operator, body);
  }

  private static Refusal refusal(String reason, int opset, String operator, Form.Body body) {
    return new Refusal(new Form(operator, reason, opset, body), reason);
  }

  private static String scales(GraphBuilder b) {
    return b.initializer(Tensors.of("scales", new float[] {1, 1, 2, 2}, 4));
  }

  private static String cropped(GraphBuilder b, String x) {
    String roi = b.initializer(Tensors.of("roi", new float[] {0, 0, 0, 0, 1, 1, .5f, .5f}, 8));
    return b.node(
        "Resize",
        "tested",
        List.of(x, roi, scales(b)),
        attribute("mode", "linear"),
        attribute("coordinate_transformation_mode", "tf_crop_and_resize"));
  }

  private static String boxed(GraphBuilder b, String x) {
    String sizes =
        b.node("Identity", "box", List.of(b.node("Abs", "sizes", List.of(b.integers("of", 9, 9)))));
    return b.node(
        "Resize",
        "tested",
        List.of(x, "", "", sizes),
        attribute("axes", new long[] {2, 3}),
        attribute("keep_aspect_ratio_policy", "not_larger"));
  }

  private static String computedScales(GraphBuilder b) {
    return b.node("Abs", "sizes", List.of(scales(b)));
  }

  private static String computedAxis(GraphBuilder b) {
    return b.node("Abs", "axis", List.of(b.integers("one", 1)));
  }
}
