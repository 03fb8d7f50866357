package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.ArrayList;
import java.util.List;

/** Convolutions. */
final class WindowForms {
  private WindowForms() {}

  static List<Form> all() {
    List<Form> forms = new ArrayList<>();
    forms.add(conv("plain", 3, 2, 1));
    forms.add(conv("same pads", 3, 3, 1, pads(1, 1, 1, 1)));
    forms.add(conv("1 by 1", 1, 1, 1));
    forms.add(conv("1 by 1, stride 2", 1, 1, 1, strides(2, 2)));
    forms.add(conv("stride 2", 3, 3, 1, pads(1, 1, 1, 1), strides(2, 2)));
    forms.add(conv("strides 2 and 3, uneven pads", 3, 2, 1, pads(0, 1, 2, 1), strides(2, 3)));
    forms.add(conv("stride 3 beyond the kernel", 2, 2, 1, strides(3, 3)));
    forms.add(conv("dilated", 3, 2, 1, dilations(2, 3), pads(1, 2, 2, 1)));
    forms.add(conv("dilated, strides 1 and 2", 3, 2, 1, dilations(2, 1), strides(1, 2)));
    forms.add(conv("uneven pads", 2, 3, 1, pads(1, 0, 0, 2)));
    forms.add(conv("pads beyond the kernel", 2, 2, 1, pads(3, 0, 1, 2)));
    forms.add(conv("2 groups", 3, 3, 2, pads(1, 1, 1, 1)));
    forms.add(conv("depthwise", 3, 3, 4, pads(1, 1, 1, 1)));
    forms.add(conv("2 groups, stride 2", 3, 3, 2, pads(1, 1, 1, 1), strides(2, 2)));
    forms.add(conv("depthwise, stride 3", 3, 3, 4, pads(2, 1, 0, 1), strides(3, 3)));
    for (String automatic : List.of("SAME_UPPER", "SAME_LOWER", "VALID")) {
      forms.add(conv(automatic, 2, 3, 1, attribute("auto_pad", automatic)));
      forms.add(
          conv(automatic + ", stride 2", 3, 2, 1, attribute("auto_pad", automatic), strides(2, 2)));
    }
    return forms;
  }

  /** A convolution of 4 channels to 8 with a kernel of these extents. */
  private static Form conv(
      String what, int height, int width, int groups, AttributeProto... attributes) {
    List<AttributeProto> all = new ArrayList<>(List.of(attributes));
    all.add(attribute("group", groups));
    return new Form(
        "Conv",
        what,
        (b, x) ->
            b.node(
                "Conv",
                "tested",
                List.of(
                    x,
                    b.weight("tested.weight", .6, 8, 4 / groups, height, width),
                    b.weight("tested.bias", .5, 8)),
                all.toArray(AttributeProto[]::new)));
  }

  static AttributeProto strides(long... values) {
    return attribute("strides", values);
  }

  static AttributeProto dilations(long... values) {
    return attribute("dilations", values);
  }

  static AttributeProto pads(long... values) {
    return attribute("pads", values);
  }
}
