package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;

import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.List;

/** Operators that move, repeat or combine elements along axes, and matrix products. */
final class AxisForms {
  private AxisForms() {}

  static List<Form> all() {
    List<Form> forms = new ArrayList<>();
    moves(forms);
    reductions(forms);
    products(forms);
    return forms;
  }

  private static void moves(List<Form> forms) {
    forms.add(Form.two("Reshape", "0 and −1", (b, x) -> b.integers("to", 0, 6, -1)));
    forms.add(Form.of("Flatten", "axis 1", attribute("axis", 1)));
    forms.add(Form.of("Flatten", "axis −3", attribute("axis", -3)));
    forms.add(Form.two("Unsqueeze", "axes 1 and −1", (b, x) -> b.integers("axes", 1, -1)));
    forms.add(
        new Form(
            "Squeeze",
            "axes 2 and 3",
            (b, x) ->
                b.node(
                    "Squeeze",
                    "tested",
                    List.of(ElementForms.channelMeans(b, x), b.integers("axes", 2, -1)))));
    forms.add(Form.of("Transpose", "a cycle", attribute("perm", new long[] {0, 2, 3, 1})));
    forms.add(
        new Form(
            "Transpose",
            "reversed, and a cycle of four",
            (b, x) ->
                b.node(
                    "Transpose",
                    "tested",
                    List.of(b.node("Transpose", "reversed", List.of(x))),
                    attribute("perm", new long[] {3, 1, 0, 2}))));
    forms.add(
        new Form(
            "Expand",
            "two axes",
            (b, x) ->
                b.node(
                    "Expand",
                    "tested",
                    List.of(ElementForms.channelMeans(b, x), b.integers("to", 1, 4, 3, 2)))));
    forms.add(
        new Form(
            "Expand",
            "to more axes",
            (b, x) -> {
              String last =
                  b.node(
                      "Transpose", "last", List.of(x), attribute("perm", new long[] {1, 2, 3, 0}));
              String wide =
                  b.node("Expand", "wide", List.of(last, b.integers("to", 2, 1, 6, 5, 1)));
              return b.node(
                  "Transpose",
                  "tested",
                  List.of(wide),
                  attribute("perm", new long[] {4, 0, 1, 2, 3}));
            }));
  }

  private static void reductions(List<Form> forms) {
    for (String operator : List.of("ReduceMean", "ReduceMax", "ReduceMin", "ReduceLogSumExp")) {
      forms.add(Form.of(operator, "kept", attribute("axes", new long[] {1, -1})));
      forms.add(
          Form.of(
              operator,
              "dropped",
              attribute("axes", new long[] {-1, 1}),
              attribute("keepdims", 0)));
    }
    forms.add(Form.two("ReduceSum", "kept", (b, x) -> b.integers("axes", -1, 1)));
    forms.add(
        new Form(
            "ReduceSum",
            "dropped",
            (b, x) ->
                b.node(
                    "ReduceSum",
                    "tested",
                    List.of(x, b.integers("axes", 2, 1)),
                    attribute("keepdims", 0))));
    forms.add(Form.of("ReduceSum", "no axes, no effect", attribute("noop_with_empty_axes", 1)));
    for (String operator : List.of("Softmax", "LogSoftmax")) {
      forms.add(Form.of(operator, "axis 1", attribute("axis", 1)));
      forms.add(Form.of(operator, "axis −2", attribute("axis", -2)));
    }
  }

  private static void products(List<Form> forms) {
    forms.add(Form.two("MatMul", "a shared constant", (b, x) -> b.weight("right", .6, 5, 3)));
    forms.add(
        Form.two("MatMul", "a constant per channel", (b, x) -> b.weight("right", .6, 4, 5, 3)));
    forms.add(
        new Form(
            "MatMul",
            "a constant on the left",
            (b, x) -> b.node("MatMul", "tested", List.of(b.weight("left", .6, 2, 6), x))));
    forms.add(
        new Form(
            "MatMul",
            "a constant with an axis that x lacks",
            (b, x) -> {
              String mean =
                  b.node("ReduceMean", "one", List.of(x), attribute("axes", new long[] {1}));
              return b.node("MatMul", "tested", List.of(mean, b.weight("right", .6, 3, 5, 2)));
            }));
    forms.add(
        new Form(
            "MatMul",
            "both reached by the mask, one repeated",
            (b, x) -> {
              String turned =
                  b.node(
                      "Transpose",
                      "turned",
                      List.of(x),
                      attribute("perm", new long[] {0, 1, 3, 2}));
              String mean =
                  b.node("ReduceMean", "one", List.of(turned), attribute("axes", new long[] {1}));
              return b.node("MatMul", "tested", List.of(x, mean));
            }));
    for (int form = 0; form < 4; form++) {
      int transA = form & 1;
      int transB = form >> 1;
      forms.add(
          new Form(
              "Gemm",
              "transA " + transA + ", transB " + transB,
              (b, x) -> gemm(b, x, transA, transB)));
    }
    forms.add(new Form("Gemm", "all three reached by the mask", AxisForms::gemmOfThree));
  }

  private static String gemm(GraphBuilder b, String x, int transA, int transB) {
    String rows = b.node("Flatten", "rows", List.of(x));
    String a = transA == 1 ? b.node("Transpose", "columns", List.of(rows)) : rows;
    String weight = transB == 1 ? b.weight("w", .3, 7, 120) : b.weight("w", .3, 120, 7);
    return b.node(
        "Gemm",
        "tested",
        List.of(a, weight, b.weight("c", .5, 7)),
        attribute("transA", transA),
        attribute("transB", transB),
        attribute("alpha", .7f),
        attribute("beta", .4f));
  }

  /** A constant matrix times a column per row, then its bias of the same column. */
  private static String gemmOfThree(GraphBuilder b, String x) {
    String rows = b.node("Flatten", "rows", List.of(x));
    String y =
        b.node(
            "Gemm",
            "product",
            List.of(b.weight("w", .3, 7, 120), rows, firstColumn(b, rows)),
            attribute("transB", 1),
            attribute("beta", .5f));
    return b.node("Transpose", "tested", List.of(y));
  }

  /** [N]: it is repeated over the rows of the product. */
  private static String firstColumn(GraphBuilder b, String rows) {
    return b.node(
        "Gather",
        "column",
        List.of(rows, b.initializer(Tensors.scalar("zero", 0))),
        attribute("axis", 1));
  }
}
