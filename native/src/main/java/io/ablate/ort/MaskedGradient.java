package io.ablate.ort;

import java.util.ArrayList;
import java.util.List;

/**
 * The way back through a {@link MaskedOperator} with channels last. Inputs: the derivative by its
 * output, for some a second part of that, the layer's output, the whole mask, and with a ReLU the
 * output. Outputs: derivatives by the layer's output, by the layer's columns of the mask (float32
 * [rows, channels]), sums of use to the operator alone, and for some the derivative by the
 * residual.
 *
 * @param two whether the derivative by its output comes in two parts
 * @param residual whether the derivative by the residual is another than that by the output
 */
record MaskedGradient(boolean two, boolean relu, boolean residual, boolean half)
    implements DeviceOperator {
  /** Outputs. */
  static final int BY_LAYER = 0;

  static final int BY_MASK = 1;
  static final int SUMS = 2;
  static final int BY_RESIDUAL = 3;

  static List<MaskedGradient> all() {
    List<MaskedGradient> all = new ArrayList<>();
    for (int bits = 0; bits < 16; bits++) {
      all.add(
          new MaskedGradient((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0));
    }
    return all;
  }

  @Override
  public String label() {
    return "MaskedGradient"
        + (two ? "OfTwo" : "")
        + (relu ? "Relu" : "")
        + (residual ? "Sum" : "")
        + (half ? "Half" : "");
  }

  @Override
  public int inputs() {
    return 3 + (two ? 1 : 0) + (relu ? 1 : 0);
  }

  @Override
  public int outputs() {
    return residual ? 4 : 3;
  }

  @Override
  public boolean isSingle(int output) {
    return !half || output == BY_MASK || output == SUMS;
  }

  @Override
  public Kernel kernel(Surroundings in, long info) {
    long first =
        in.table().make(OrtFunction.KERNEL_INFO_GET_ATTRIBUTE_INT64, info, MaskedOperator.FIRST);
    return new MaskedGradientKernel(in, this, Math.toIntExact(first));
  }
}
