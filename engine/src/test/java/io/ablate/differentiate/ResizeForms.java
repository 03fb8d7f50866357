package io.ablate.differentiate;

import static io.ablate.onnx.Nodes.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Tensors;
import java.util.ArrayList;
import java.util.List;

/** Resize up and down, by whole and other factors. */
final class ResizeForms {
  private static final float[][] SCALES = {{2, 3}, {.5f, .6f}, {1.7f, .8f}};

  private ResizeForms() {}

  static List<Form> all() {
    List<Form> forms = new ArrayList<>();
    for (String mode : List.of("linear", "nearest")) {
      for (String coordinates :
          List.of("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel")) {
        for (float[] scale : SCALES) {
          forms.add(scaled(17, scale, modes(mode, coordinates)));
        }
        forms.add(sized(17, 9, 4, modes(mode, coordinates)));
        forms.add(sized(17, 1, 11, modes(mode, coordinates)));
      }
      for (int opset : new int[] {11, 13, 19, 22}) {
        forms.add(scaled(opset, SCALES[2], modes(mode, "half_pixel")));
        forms.add(sized(opset, 4, 8, modes(mode, "align_corners")));
      }
      forms.add(scaled(19, SCALES[2], modes(mode, "half_pixel_symmetric")));
    }
    for (String rounding : List.of("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")) {
      AttributeProto round = attribute("nearest_mode", rounding);
      for (float[] scale : SCALES) {
        forms.add(scaled(17, scale, attribute("mode", "nearest"), round));
      }
      forms.add(scaled(11, SCALES[0], modes("nearest", "tf_half_pixel_for_nn", round)));
    }
    forms.add(scaled(17, SCALES[2], attribute("mode", "cubic")));
    forms.add(scaled(17, SCALES[1], attribute("mode", "cubic"), attribute("exclude_outside", 1)));
    AttributeProto smooth = attribute("antialias", 1);
    forms.add(scaled(18, SCALES[1], attribute("mode", "linear"), smooth));
    forms.add(scaled(18, SCALES[1], attribute("mode", "cubic"), smooth));
    forms.add(new Form("Resize", "axes 3 and 2", ResizeForms::ofTwoAxes).at(18));
    forms.add(new Form("Resize", "three axes", ResizeForms::ofThreeAxes));
    return forms;
  }

  private static AttributeProto[] modes(String mode, String coordinates, AttributeProto... more) {
    List<AttributeProto> all = new ArrayList<>(List.of(more));
    all.add(attribute("mode", mode));
    all.add(attribute("coordinate_transformation_mode", coordinates));
    return all.toArray(AttributeProto[]::new);
  }

  private static Form scaled(int opset, float[] scale, AttributeProto... attributes) {
    String what = "by " + scale[0] + " and " + scale[1] + texts(attributes);
    Form.Body body =
        (b, x) ->
            b.node(
                "Resize",
                "tested",
                List.of(x, none(b, "roi", opset), scales(b, 1, 1, scale[0], scale[1])),
                attributes);
    return new Form("Resize", what, opset, body);
  }

  private static Form sized(int opset, long height, long width, AttributeProto... attributes) {
    String what = "to " + height + " by " + width + texts(attributes);
    Form.Body body =
        (b, x) -> {
          String roi = none(b, "roi", opset);
          String scales = none(b, "scales", opset);
          return b.node(
              "Resize", "tested", List.of(x, roi, scales, sizes(b, x, height, width)), attributes);
        };
    return new Form("Resize", what, opset, body);
  }

  /** An operand left out: before opset 13 as an empty tensor. */
  private static String none(GraphBuilder b, String name, int opset) {
    return opset < 13 ? b.initializer(Tensors.of(name, new float[0], 0)) : "";
  }

  private static String texts(AttributeProto... attributes) {
    StringBuilder text = new StringBuilder();
    for (AttributeProto attribute : attributes) {
      String value = attribute.hasS() ? attribute.getS().toStringUtf8() : attribute.getName();
      text.append(", ").append(value);
    }
    return text.toString();
  }

  /** The batch and the channels of x, and these extents. */
  private static String sizes(GraphBuilder b, String x, long height, long width) {
    String extents = b.node("Shape", "extents", List.of(x));
    String front =
        b.node("Slice", "front", List.of(extents, b.integers("from", 0), b.integers("to", 2)));
    return b.node(
        "Concat",
        "sizes",
        List.of(front, b.integers("positions", height, width)),
        attribute("axis", 0));
  }

  private static String scales(GraphBuilder b, float... values) {
    return b.initializer(Tensors.of("scales", values, values.length));
  }

  private static String ofTwoAxes(GraphBuilder b, String x) {
    return b.node(
        "Resize",
        "tested",
        List.of(x, "", scales(b, 2, .5f)),
        attribute("mode", "linear"),
        attribute("axes", new long[] {3, -2}));
  }

  private static String ofThreeAxes(GraphBuilder b, String x) {
    return b.node("Resize", "tested", List.of(x, "", scales(b, 1, 1.5f, .5f, 2)));
  }
}
