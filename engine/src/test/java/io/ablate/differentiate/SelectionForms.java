package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;

import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.List;

/** Operators that join, part or choose elements along axes. */
final class SelectionForms {
  private SelectionForms() {}

  static List<Form> all() {
    List<Form> forms = new ArrayList<>();
    for (int axis : new int[] {1, 2, -1}) {
      forms.add(
          new Form(
              "Concat",
              "three parts, axis " + axis,
              (b, x) ->
                  b.node(
                      "Concat",
                      "tested",
                      List.of(x, ElementForms.tanh(b, x), x),
                      attribute("axis", axis))));
    }
    forms.add(new Form("Split", "uneven, axis 1", (b, x) -> split(b, x, 1, 1, 3)));
    forms.add(new Form("Split", "uneven, axis −2", (b, x) -> split(b, x, -2, 4, 2)));
    forms.add(
        new Form(
            "Split",
            "a part unused",
            (b, x) -> {
              split(b, x, -1, 2, 3);
              return b.node("Tanh", "only", List.of("right"));
            }));
    forms.add(slice("one axis", new long[] {1}, new long[] {3}, new long[] {1}, new long[] {1}));
    forms.add(
        slice(
            "steps", new long[] {0, 1}, new long[] {6, 5}, new long[] {2, -1}, new long[] {2, 3}));
    forms.add(
        slice("backwards", new long[] {-1}, new long[] {-9}, new long[] {3}, new long[] {-2}));
    forms.add(Form.two("Pad", "more", (b, x) -> b.integers("pads", 0, 0, 1, 2, 0, 1, 0, 3)));
    forms.add(
        Form.two("Pad", "more and less", (b, x) -> b.integers("pads", 0, 1, -1, 2, 0, -2, 3, -1)));
    gathers(forms);
    return forms;
  }

  private static void gathers(List<Form> forms) {
    forms.add(gather("a permutation", 1, 3, 0, 2, 1));
    forms.add(gather("some", 2, 4, -6));
    forms.add(
        new Form(
            "Gather",
            "a scalar",
            (b, x) ->
                b.node(
                    "Gather",
                    "tested",
                    List.of(x, b.initializer(Tensors.scalar("at", 2))),
                    attribute("axis", -1))));
    for (int opset : new int[] {11, 17}) {
      forms.add(gather("repeated, axis 1", 1, 3, 0, 3, 3, 1).at(opset));
      forms.add(
          gather("repeated, each, last axis", -1, 4, 0, 1, -1, 2, 3, -5, 0, 1, 2, 3, 4).at(opset));
      forms.add(gather("one, again and again", 2, -1, 5, 5, -1, 5).at(opset));
      forms.add(new Form("Gather", "indices of 2 axes", (b, x) -> gatherPairs(b, x, 2)).at(opset));
      forms.add(
          new Form("Gather", "indices of 2 axes, axis −1", (b, x) -> gatherPairs(b, x, -1))
              .at(opset));
    }
    forms.add(new Form("Gather", "computed indices", SelectionForms::gatherComputed));
  }

  /** Indices [2, 3] with repetitions. */
  private static String gatherPairs(GraphBuilder b, String x, int axis) {
    String at = b.initializer(Tensors.of("at", new long[] {2, -1, 2, 0, 2, 3}, 2, 3));
    return b.node("Gather", "tested", List.of(x, at), attribute("axis", axis));
  }

  /** Indices that no constant shows: of the image, whose mask does not change them. */
  private static String gatherComputed(GraphBuilder b, String x) {
    String most =
        b.node("ArgMax", "most", List.of("image"), attribute("axis", 3), attribute("keepdims", 0));
    String first =
        b.node(
            "ReduceMax",
            "first",
            List.of(b.node("Cast", "f", List.of(most), attribute("to", 1))),
            attribute("axes", new long[] {0, 1}),
            attribute("keepdims", 0));
    String at = b.node("Cast", "at", List.of(first), attribute("to", 7));
    return b.node("Gather", "tested", List.of(x, at), attribute("axis", 3));
  }

  private static String split(GraphBuilder b, String x, long axis, long... parts) {
    b.node(
        Nodes.node("Split", "left", List.of(x, b.integers("parts", parts)), attribute("axis", axis))
            .toBuilder()
            .addOutput("right")
            .build());
    return b.node(
        "Concat",
        "tested",
        List.of("right", b.node("Tanh", "bent", List.of("left"))),
        attribute("axis", axis));
  }

  private static Form slice(String what, long[] starts, long[] ends, long[] axes, long[] steps) {
    return new Form(
        "Slice",
        what,
        (b, x) ->
            b.node(
                "Slice",
                "tested",
                List.of(
                    x,
                    b.integers("starts", starts),
                    b.integers("ends", ends),
                    b.integers("axes", axes),
                    b.integers("steps", steps))));
  }

  private static Form gather(String what, int axis, long... indices) {
    return new Form(
        "Gather",
        what,
        (b, x) ->
            b.node(
                "Gather",
                "tested",
                List.of(x, b.integers("at", indices)),
                attribute("axis", axis)));
  }
}
