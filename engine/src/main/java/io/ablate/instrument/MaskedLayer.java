package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.onnx.GraphWriter;

/**
 * One node whose output channels are masked.
 *
 * @param name its name, for errors
 * @param node the node as it stands in the graph
 * @param columns for each output channel its mask column, −1 for a channel that is never ablated
 * @param rank rank of its output
 * @param type element type of its output
 */
record MaskedLayer(String name, NodeProto node, int[] columns, int rank, DataType type) {
  int channels() {
    return columns.length;
  }

  boolean isConvolution() {
    return node.getOpType().equals("Conv");
  }

  /** Axes that a mask [rows, channels] lacks against the output. */
  long[] missingAxes() {
    long[] axes = new long[rank - 2];
    for (int i = 0; i < axes.length; i++) {
      axes[i] = isConvolution() ? i + 2 : i + 1;
    }
    return axes;
  }

  /** Shape of a constant per channel, to broadcast against the output. */
  long[] channelShape() {
    long[] shape = new long[rank];
    java.util.Arrays.fill(shape, 1);
    shape[isConvolution() ? 1 : rank - 1] = channels();
    return shape;
  }

  /** The mean of its output over all axes but batch and channel: [examples, channels]. */
  String meanOverPositions(GraphWriter writer, String tensor) {
    long[] positions = missingAxes();
    return positions.length == 0
        ? tensor
        : writer.reduce("ReduceMean", name + "_mean", tensor, false, positions);
  }
}
