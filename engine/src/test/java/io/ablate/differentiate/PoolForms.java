package io.ablate.differentiate;

import static io.ablate.differentiate.WindowForms.dilations;
import static io.ablate.differentiate.WindowForms.pads;
import static io.ablate.differentiate.WindowForms.strides;
import static io.ablate.onnx.Nodes.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import java.util.ArrayList;
import java.util.List;

/** Pools. */
final class PoolForms {
  private static final AttributeProto CEIL = attribute("ceil_mode", 1);

  private PoolForms() {}

  static List<Form> all() {
    List<Form> forms = new ArrayList<>();
    forms.add(Form.of("GlobalAveragePool", "all positions"));
    forms.add(Form.of("GlobalMaxPool", "all positions"));
    forms.add(Form.of("AveragePool", "halves", kernel(2, 2), strides(2, 2)));
    forms.add(Form.of("AveragePool", "stride 1", kernel(3, 2)));
    forms.add(Form.of("AveragePool", "overlapping", kernel(3, 3), strides(2, 2)));
    forms.add(Form.of("AveragePool", "stride beyond kernel", kernel(2, 1), strides(3, 2)));
    forms.add(
        Form.of(
            "AveragePool",
            "pads counted",
            kernel(3, 3),
            strides(2, 1),
            pads(1, 0, 1, 2),
            attribute("count_include_pad", 1)));
    forms.add(Form.of("MaxPool", "halves", kernel(2, 2), strides(2, 2)));
    forms.add(Form.of("MaxPool", "uneven", kernel(3, 2), strides(3, 2), pads(0, 1, 2, 0)));
    forms.add(
        Form.of("MaxPool", "ceil_mode", kernel(2, 2), strides(2, 2), attribute("ceil_mode", 1)));
    forms.add(Form.of("MaxPool", "dilated", kernel(2, 2), dilations(2, 3)));
    forms.add(
        Form.of(
            "MaxPool",
            "dilated, strides as the kernel",
            kernel(2, 2),
            dilations(3, 3),
            strides(2, 2)));
    forms.add(
        Form.of(
            "MaxPool",
            "SAME_UPPER",
            kernel(3, 3),
            strides(2, 2),
            attribute("auto_pad", "SAME_UPPER")));
    for (int counted = 0; counted < 2; counted++) {
      AttributeProto count = attribute("count_include_pad", counted);
      String end = counted == 0 ? "" : ", pads counted";
      forms.add(average("pads" + end, count, kernel(3, 2), pads(1, 1, 2, 0)));
      forms.add(
          average("pads, stride 2" + end, count, kernel(3, 3), strides(2, 2), pads(1, 2, 1, 1)));
      forms.add(average("ceil_mode" + end, count, kernel(3, 2), strides(2, 2), CEIL));
      forms.add(
          average(
              "ceil_mode, pads" + end, count, kernel(3, 3), strides(2, 2), pads(1, 0, 1, 1), CEIL));
      forms.add(
          average(
                  "ceil_mode, a last window behind the end" + end,
                  count,
                  kernel(2, 2),
                  strides(3, 3),
                  pads(0, 0, 1, 1),
                  CEIL)
              .at(22)); // Before, ONNX Runtime infers one window more than it computes.
      forms.add(
          average("dilated, pads" + end, count, kernel(2, 3), dilations(3, 2), pads(1, 1, 1, 2))
              .at(19));
      for (String automatic : List.of("SAME_UPPER", "SAME_LOWER")) {
        AttributeProto pad = attribute("auto_pad", automatic);
        forms.add(average(automatic + end, count, kernel(2, 3), pad));
        forms.add(average(automatic + ", stride 2" + end, count, kernel(3, 3), strides(2, 2), pad));
      }
      forms.add(
          average(
              "VALID, stride 2" + end,
              count,
              kernel(3, 3),
              strides(2, 2),
              attribute("auto_pad", "VALID")));
    }
    List<Form> overlapping =
        List.of(
            Form.of("MaxPool", "stride 1", kernel(2, 3)),
            Form.of("MaxPool", "padded", kernel(3, 3), strides(2, 2), pads(1, 1, 1, 1)),
            Form.of("MaxPool", "reach beyond the image", kernel(4, 5), strides(2, 1)),
            Form.of("MaxPool", "dilated onto others", kernel(2, 2), dilations(2, 2), strides(2, 2)),
            Form.of("MaxPool", "ceil_mode, stride 2", kernel(3, 3), strides(2, 2), CEIL));
    for (int opset : new int[] {11, 12, 15, 16, 17, 22}) {
      overlapping.forEach(form -> forms.add(form.at(opset)));
    }
    return forms;
  }

  private static Form average(String what, AttributeProto... attributes) {
    return Form.of("AveragePool", what, attributes);
  }

  private static AttributeProto kernel(long... values) {
    return attribute("kernel_shape", values);
  }
}
