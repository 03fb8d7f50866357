package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.List;

/** Element-wise operators. */
final class ElementForms {
  private ElementForms() {}

  static List<Form> all() {
    List<Form> forms = new ArrayList<>();
    for (String operator :
        List.of("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Pow")) {
      forms.add(pair(operator, "same shapes", (b, x) -> x, (b, x) -> tanh(b, x)));
      forms.add(pair(operator, "a mean per channel", (b, x) -> x, ElementForms::channelMeans));
      forms.add(pair(operator, "a mean on the left", ElementForms::channelMeans, (b, x) -> x));
      forms.add(
          pair(
              operator,
              "a constant per channel",
              (b, x) -> x,
              (b, x) -> b.weight("c", 1, 4, 1, 1)));
      forms.add(
          pair(
              operator,
              "a wider constant",
              ElementForms::channelMeans,
              (b, x) -> b.weight("c", 1, 1, 1, 3, 2)));
      forms.add(pair(operator, "a scalar", (b, x) -> x, (b, x) -> number(b, "c", .7f)));
      forms.add(
          new Form(operator, "an operand of fewer axes", (b, x) -> fewerAxes(b, x, operator)));
    }
    forms.add(
        new Form(
            "Pow",
            "whole exponent, negative bases",
            (b, x) -> b.node("Pow", "tested", List.of(x, number(b, "two", 3)))));
    forms.add(
        new Form(
            "Pow",
            "int64 exponent",
            (b, x) ->
                b.node("Pow", "tested", List.of(x, b.initializer(Tensors.scalar("two", 2))))));
    for (String operator : List.of("Max", "Min")) {
      forms.add(
          new Form(
              operator,
              "three operands, one of them twice",
              (b, x) -> b.node(operator, "tested", List.of(x, channelMeans(b, x), x, tanh(b, x)))));
      forms.add(Form.of(operator, "one operand"));
    }
    forms.add(
        new Form(
            "Sum",
            "three operands",
            (b, x) -> b.node("Sum", "tested", List.of(x, tanh(b, x), channelMeans(b, x)))));
    forms.add(
        new Form(
            "Mean",
            "three operands, one of them twice",
            (b, x) -> b.node("Mean", "tested", List.of(x, x, channelMeans(b, x)))));
    forms.add(
        new Form("Mul", "a tensor by itself", (b, x) -> b.node("Mul", "tested", List.of(x, x))));
    forms.add(
        new Form(
            "Where",
            "both branches, broadcast",
            (b, x) -> {
              String is =
                  b.node("Greater", "is", List.of(b.weight("c", 1, 6, 5), number(b, "z", 0)));
              return b.node("Where", "tested", List.of(is, tanh(b, x), channelMeans(b, x)));
            }));
    for (String operator :
        List.of(
            "Relu",
            "LeakyRelu",
            "Sigmoid",
            "Tanh",
            "Erf",
            "Exp",
            "Neg",
            "Identity",
            "Dropout",
            "HardSwish",
            "Softplus",
            "Abs",
            "Gelu",
            "Softmax",
            "LogSoftmax")) {
      forms.add(Form.of(operator, "as is"));
    }
    for (String operator : List.of("Log", "Sqrt")) {
      forms.add(
          new Form(
              operator,
              "of positive values",
              (b, x) -> b.node(operator, "tested", List.of(positive(b, x, "p")))));
    }
    forms.add(Form.two("PRelu", "a slope per channel", (b, x) -> b.weight("slope", 1, 4, 1, 1)));
    forms.add(Form.two("PRelu", "slopes of the mask", ElementForms::channelMeans));
    forms.add(
        new Form(
            "LayerNormalization",
            "from axis 1, with a bias",
            (b, x) ->
                b.node(
                    "LayerNormalization",
                    "tested",
                    List.of(x, b.weight("scale", 1, 4, 6, 5), b.weight("bias", 1, 4, 6, 5)),
                    attribute("axis", 1),
                    attribute("epsilon", .1f))));
    forms.add(hardSigmoid("as is"));
    forms.add(hardSigmoid("steeper", attribute("alpha", .5f), attribute("beta", .3f)));
    forms.add(hardSigmoid("steep", attribute("alpha", 1f), attribute("beta", .5f)));
    forms.add(hardSigmoid("falling", attribute("alpha", -.3f), attribute("beta", .4f)));
    forms.add(Form.of("LeakyRelu", "alpha 0.3", attribute("alpha", .3f)));
    forms.add(
        new Form(
            "Clip",
            "at both ends",
            (b, x) ->
                b.node(
                    "Clip", "tested", List.of(x, number(b, "low", -.6f), number(b, "high", 1)))));
    forms.add(
        new Form(
            "Clip",
            "below only",
            (b, x) -> b.node("Clip", "tested", List.of(x, number(b, "low", -.3f)))));
    forms.add(Form.of("Clip", "no bounds"));
    forms.add(
        new Form(
            "Clip",
            "above only",
            (b, x) -> b.node("Clip", "tested", List.of(x, "", number(b, "high", .5f)))));
    forms.add(
        new Form(
            "Cast",
            "to double and back",
            (b, x) -> {
              String wide = b.node("Cast", "wide", List.of(x), attribute("to", 11));
              return b.node("Cast", "tested", List.of(wide), attribute("to", 1));
            }));
    forms.add(new Form("BatchNormalization", "4 channels", (b, x) -> b.batchNorm("bn", x, 4)));
    forms.add(
        new Form(
            "BatchNormalization",
            "of rows",
            (b, x) -> b.batchNorm("bn", b.node("Flatten", "rows", List.of(x)), 120)));
    return forms;
  }

  /** A channel below the ends of the slope, two between them, one above; none near an end. */
  private static Form hardSigmoid(String what, AttributeProto... attributes) {
    return new Form(
        "HardSigmoid",
        what,
        (b, x) -> {
          String small = b.node("Mul", "small", List.of(tanh(b, x), number(b, "share", .4f)));
          String levels =
              b.initializer(Tensors.of("levels", new float[] {-5, 0, .05f, 5}, 4, 1, 1));
          String apart = b.node("Add", "apart", List.of(small, levels));
          return b.node("HardSigmoid", "tested", List.of(apart), attributes);
        });
  }

  /** Both operands positive for a power, the right one for a quotient. */
  private static Form pair(String operator, String what, Form.Body left, Form.Body right) {
    boolean power = operator.equals("Pow");
    boolean quotient = operator.equals("Div");
    return new Form(
        operator,
        what,
        (b, x) -> {
          String l = left.apply(b, x);
          String r = right.apply(b, x);
          return b.node(
              operator,
              "tested",
              List.of(
                  power ? positive(b, l, "left") : l,
                  power || quotient ? positive(b, r, "right") : r));
        });
  }

  /** [5, N] against [4, 6, 5, N]. */
  private static String fewerAxes(GraphBuilder b, String x, String operator) {
    String last =
        b.node("Transpose", "last", List.of(x), attribute("perm", new long[] {1, 2, 3, 0}));
    String mean =
        b.node(
            "ReduceMean",
            "narrow",
            List.of(last),
            attribute("axes", new long[] {0, 1}),
            attribute("keepdims", 0));
    String y = pair(operator, "", (g, t) -> t, (g, t) -> mean).body().apply(b, last);
    return b.node("Transpose", "first", List.of(y), attribute("perm", new long[] {3, 0, 1, 2}));
  }

  static String tanh(GraphBuilder b, String x) {
    return b.node("Tanh", "tanh", List.of(x));
  }

  static String channelMeans(GraphBuilder b, String x) {
    return b.node("GlobalAveragePool", "means", List.of(x));
  }

  /** Values between 0.5 and 1.5. */
  static String positive(GraphBuilder b, String x, String name) {
    String sigmoid = b.node("Sigmoid", name + "_sigmoid", List.of(x));
    return b.node("Add", name + "_positive", List.of(sigmoid, number(b, name + "_half", .5f)));
  }

  static String number(GraphBuilder b, String name, float value) {
    return b.initializer(Tensors.of(name, new float[] {value}));
  }
}
