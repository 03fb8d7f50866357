package io.ablate.differentiate;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.Nodes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Gradients by runs of columns of one tensor [rows, columns], put side by side. */
final class ColumnGradients {
  private final long rows;
  private final long columns;
  private final DataType type;
  private final List<Run> runs = new ArrayList<>();

  private record Run(long first, long count, String gradient) {
    long end() {
      return first + count;
    }
  }

  ColumnGradients(long rows, long columns, DataType type) {
    this.rows = rows;
    this.columns = columns;
    this.type = type;
  }

  /**
   * @param gradient [rows, count]
   */
  void add(long first, long count, String gradient) {
    runs.add(new Run(first, count, gradient));
  }

  /** Tensors [rows, columns] whose sum is the gradient: one, unless runs overlap. */
  List<String> join(GraphWriter writer) {
    List<Run> left = new ArrayList<>(runs);
    left.sort(Comparator.comparingLong(Run::first));
    List<String> joined = new ArrayList<>();
    while (!left.isEmpty()) {
      List<Run> apart = new ArrayList<>();
      List<Run> later = new ArrayList<>();
      long end = 0;
      for (Run run : left) {
        if (run.first >= end) {
          apart.add(run);
          end = run.end();
        } else {
          later.add(run);
        }
      }
      joined.add(sideBySide(writer, apart));
      left = later;
    }
    return joined;
  }

  private String sideBySide(GraphWriter writer, List<Run> apart) {
    List<String> parts = new ArrayList<>();
    long end = 0;
    for (Run run : apart) {
      addZeros(writer, parts, run.first - end);
      parts.add(run.gradient);
      end = run.end();
    }
    addZeros(writer, parts, columns - end);
    return parts.size() == 1
        ? parts.getFirst()
        : writer.add("Concat", "columns_gradient", parts, Nodes.attribute("axis", 1));
  }

  private void addZeros(GraphWriter writer, List<String> parts, long count) {
    if (count > 0) {
      int elements = Math.toIntExact(Math.multiplyExact(rows, count));
      parts.add(writer.constant("no_gradient", type, new float[elements], rows, count));
    }
  }
}
