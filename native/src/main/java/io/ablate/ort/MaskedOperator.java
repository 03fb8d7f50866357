package io.ablate.ort;

import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One of the operators that {@link MaskFusion} puts in and {@link DeviceOperators} computes: what
 * follows a layer, masked or not. Its inputs are a layer's output, for some the whole mask [rows,
 * columns], a bias [channels] and, for some, a residual.
 *
 * @param masked whether it multiplies by a mask
 * @param residual whether it adds a tensor of the output's shape
 * @param relu whether values below 0 become 0
 * @param half whether all tensors are float16, else they are float32
 * @param channelsLast whether channels are the last axis, else they are the second
 */
record MaskedOperator(
    boolean masked, boolean residual, boolean relu, boolean half, boolean channelsLast)
    implements DeviceOperator {
  /** Attribute of those with a mask: its column of channel 0. */
  static final String FIRST = "first";

  private static final int RESIDUAL = 1;
  private static final int RELU = 2;
  private static final int HALF = 4;
  private static final int CHANNELS_LAST = 8;
  private static final int MASKED = 16;

  static List<MaskedOperator> all() {
    List<MaskedOperator> all = new ArrayList<>();
    for (int bits = 0; bits < 2 * MASKED; bits++) {
      all.add(
          new MaskedOperator(
              (bits & MASKED) != 0,
              (bits & RESIDUAL) != 0,
              (bits & RELU) != 0,
              (bits & HALF) != 0,
              (bits & CHANNELS_LAST) != 0));
    }
    return all;
  }

  /** The operator of a node; null if it is none. */
  static @Nullable MaskedOperator of(NodeProto node) {
    return node.getDomain().equals(DOMAIN)
        ? all().stream()
            .filter(one -> one.label().equals(node.getOpType()))
            .findFirst()
            .orElse(null)
        : null;
  }

  /** The same with channels innermost. */
  MaskedOperator withChannelsLast() {
    return new MaskedOperator(masked, residual, relu, half, true);
  }

  @Override
  public String label() {
    return (masked ? "Masked" : "Unmasked")
        + (residual ? "Sum" : "")
        + (relu ? "Relu" : "")
        + (half ? "Half" : "")
        + (channelsLast ? "ChannelsLast" : "");
  }

  /** Output of a layer, mask, bias and the residual. */
  @Override
  public int inputs() {
    return 2 + (masked ? 1 : 0) + (residual ? 1 : 0);
  }

  /** Place of the bias among the inputs. */
  int bias() {
    return masked ? 2 : 1;
  }

  @Override
  public Kernel kernel(Surroundings in, long info) {
    long first =
        masked ? in.table().make(OrtFunction.KERNEL_INFO_GET_ATTRIBUTE_INT64, info, FIRST) : 0;
    return new MaskedKernel(in, this, Math.toIntExact(first));
  }
}
