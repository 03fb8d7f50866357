package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.List;

/**
 * The output functions as operators, from logits [rows, classes] and labels [1 or rows].
 *
 * <p>The label is compared with the class numbers, so that one label broadcasts over many rows. A
 * label outside the classes selects nothing; whoever feeds labels checks them.
 */
final class OutputGraph {
  private final GraphWriter writer;
  private final String logits;
  private final String selected;
  private final int classes;

  /**
   * @param logits float32 [rows, classes]
   * @param label name of the label input
   * @param classes number of classes; −1 if unknown
   */
  OutputGraph(GraphWriter writer, String logits, String label, int classes) {
    this.writer = writer;
    this.logits = logits;
    this.classes = classes;
    String numbers = classes >= 0 ? numbers() : openNumbers();
    this.selected = writer.add("Equal", "is_label", List.of(writer.unsqueeze(label, 1), numbers));
  }

  /** Adds the nodes that compute {@code output}, float32 [rows]. */
  void add(OutputFunction function, String output) {
    switch (function) {
      case LOGIT -> labelLogit(output);
      case MARGIN -> {
        String others = writer.reduce("ReduceMax", "other_max", others(), false, 1);
        writer.addAs("Sub", output, List.of(labelLogit(), others));
      }
      case MARGIN_LOGSUMEXP ->
          writer.addAs("Sub", output, List.of(labelLogit(), logSumExp(others())));
      case LOG_PROB -> writer.addAs("Sub", output, List.of(labelLogit(), logSumExp(logits)));
      case LOSS -> writer.addAs("Sub", output, List.of(logSumExp(logits), labelLogit()));
    }
  }

  private String labelLogit() {
    return labelLogit(writer.graph().uniqueName("label_logit"));
  }

  private String labelLogit(String name) {
    String zero = writer.constant("zero", DataType.FLOAT, new float[] {0}, 1, 1);
    String only = writer.add("Where", "label_only", List.of(selected, logits, zero));
    return writer.reduceAs("ReduceSum", name, only, false, 1);
  }

  /** The logits with the label's replaced by the lowest number. */
  private String others() {
    float[] lowest = {-Float.MAX_VALUE};
    String low = writer.constant("lowest", DataType.FLOAT, lowest, 1, 1);
    return writer.add("Where", "others", List.of(selected, low, logits));
  }

  /** log Σ exp, with the maximum subtracted before and added after so that nothing overflows. */
  private String logSumExp(String values) {
    String max = writer.reduce("ReduceMax", "max", values, true, 1);
    String shifted = writer.add("Sub", "below_max", List.of(values, max));
    String exp = writer.add("Exp", "exp", List.of(shifted));
    String sum = writer.reduce("ReduceSum", "sum_exp", exp, true, 1);
    String log = writer.add("Log", "log_sum", List.of(sum));
    String total = writer.add("Add", "log_sum_exp", List.of(log, max));
    return writer.reduce("ReduceSum", "log_sum_exp_row", total, false, 1);
  }

  private String numbers() {
    long[] numbers = new long[classes];
    for (int i = 0; i < classes; i++) {
      numbers[i] = i;
    }
    return writer.unsqueeze(writer.integers("class_numbers", numbers), 0);
  }

  private String openNumbers() {
    String shape = writer.add("Shape", "logits_shape", List.of(logits));
    String one = writer.integers("one", 1);
    String count =
        writer.add("Gather", "class_count", List.of(shape, one), Nodes.attribute("axis", 0));
    String limit = writer.squeeze(count, 0);
    String range =
        writer.add(
            "Range",
            "class_numbers",
            List.of(writer.scalar("start", 0), limit, writer.scalar("step", 1)));
    return writer.unsqueeze(range, 0);
  }
}
