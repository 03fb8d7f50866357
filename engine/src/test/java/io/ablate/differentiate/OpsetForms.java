package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Operators whose form changed from one operator set to another, and others at the ends. */
final class OpsetForms {
  /** The set in which an operator appeared, where that was after 11. */
  private static final Map<String, Integer> SINCE =
      Map.of("HardSwish", 14, "LayerNormalization", 17, "Gelu", 20);

  private OpsetForms() {}

  static List<Form> all() {
    List<Form> forms = new ArrayList<>();
    for (int opset : new int[] {11, 13, 20, 22}) {
      for (Form form : ElementForms.all()) {
        // That form takes a mean over axes, which became an operand at 18.
        boolean takesAxes = form.what().equals("an operand of fewer axes") && opset >= 18;
        boolean mixesTypes = form.what().equals("int64 exponent") && opset < 12;
        if (SINCE.getOrDefault(form.operator(), 11) <= opset && !takesAxes && !mixesTypes) {
          forms.add(form.at(opset));
        }
      }
      WindowForms.all().forEach(form -> forms.add(form.at(opset)));
      for (String operator : List.of("Softmax", "LogSoftmax")) {
        for (int axis = 1; axis < 4; axis++) {
          forms.add(Form.of(operator, "axis " + axis, attribute("axis", axis)).at(opset));
        }
        forms.add(Form.of(operator, "axis −2", attribute("axis", -2)).at(opset));
      }
      for (long keep = 0; keep < 2; keep++) {
        for (String operator :
            List.of("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceLogSumExp")) {
          int since = operator.equals("ReduceSum") ? 13 : 18;
          forms.add(axes(operator, opset, since, attribute("keepdims", keep), 1, -1));
        }
      }
      forms.add(axes("Unsqueeze", opset, 13, null, 1, -1));
      forms.add(new Form("Squeeze", "axes 2 and 3", opset, (b, x) -> squeezed(b, x, opset)));
      forms.add(new Form("Split", "two parts", opset, (b, x) -> split(b, x, opset)));
      forms.add(new Form("Pad", "more and less", opset, OpsetForms::padded));
      forms.add(new Form("Slice", "steps", opset, OpsetForms::sliced));
    }
    forms.add(
        new Form(
            "Pad",
            "two axes",
            18,
            (b, x) ->
                b.node(
                    "Pad",
                    "tested",
                    List.of(x, b.integers("pads", 1, -1, 2, 3), "", b.integers("axes", -1, 1)))));
    forms.add(
        new Form(
            "Split",
            "num_outputs",
            18,
            (b, x) ->
                joined(
                    b,
                    Nodes.node(
                        "Split",
                        "left",
                        List.of(x),
                        attribute("axis", -1),
                        attribute("num_outputs", 2)))));
    return forms;
  }

  /** Axes as an attribute, or as an operand from an opset on. */
  private static Form axes(
      String operator, int opset, int operandSince, @Nullable AttributeProto more, long... axes) {
    Form.Body body =
        (b, x) -> {
          List<String> inputs = new ArrayList<>(List.of(x));
          List<AttributeProto> attributes = new ArrayList<>();
          if (more != null) {
            attributes.add(more);
          }
          if (opset >= operandSince) {
            inputs.add(b.integers("axes", axes));
          } else {
            attributes.add(attribute("axes", axes));
          }
          return b.node(operator, "tested", inputs, attributes.toArray(AttributeProto[]::new));
        };
    return new Form(
        operator, "axes" + (more == null ? "" : ", keepdims " + more.getI()), opset, body);
  }

  private static String squeezed(GraphBuilder b, String x, int opset) {
    String means = ElementForms.channelMeans(b, x);
    return axes("Squeeze", opset, 13, null, 2, 3).body().apply(b, means);
  }

  private static String split(GraphBuilder b, String x, int opset) {
    var node = Nodes.node("Split", "left", List.of(x), attribute("axis", 2)).toBuilder();
    if (opset < 13) {
      node.addAttribute(attribute("split", new long[] {1, 5}));
    } else {
      node.addInput(b.integers("parts", 1, 5));
    }
    return joined(b, node.build());
  }

  /** The parts in the other order, one of them bent. */
  private static String joined(GraphBuilder b, NodeProto split) {
    b.node(split.toBuilder().addOutput("right").build());
    return b.node(
        "Concat",
        "tested",
        List.of("right", b.node("Tanh", "bent", List.of("left"))),
        attribute("axis", Nodes.integer(split, "axis", 0)));
  }

  private static String padded(GraphBuilder b, String x) {
    return b.node("Pad", "tested", List.of(x, b.integers("pads", 0, 1, -1, 2, 0, -2, 3, -1)));
  }

  private static String sliced(GraphBuilder b, String x) {
    return b.node(
        "Slice",
        "tested",
        List.of(
            x,
            b.integers("starts", 0, -1),
            b.integers("ends", 6, -9),
            b.integers("axes", 2, 3),
            b.integers("steps", 2, -2)));
  }
}
