package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F32;

import org.jspecify.annotations.Nullable;

/** What follows a masked convolution ({@code masked.cu}), on memory of whoever calls. */
public final class MaskedKernels {
  private MaskedKernels() {}

  /**
   * A tensor in the device's memory that is not this layer's.
   *
   * @param rows of the batch, or 1 where all rows share it
   */
  public record Tensor(long address, int rows) {}

  /**
   * out = m ⊙ y + b + residual, behind a ReLU where wanted, in single precision.
   *
   * @param y [rows, channels, positions]
   * @param mask [rows, channels]
   * @param bias address of [channels]
   * @param residual [rows, channels, positions]
   * @param out [rows, channels, positions], overwritten
   */
  public static void apply(
      Device device,
      Tensor y,
      Tensor mask,
      long bias,
      @Nullable Tensor residual,
      Tensor out,
      int channels,
      int positions,
      boolean relu) {
    device
        .kernel("masked", "masked_f32")
        .striding((long) out.rows() * channels * positions)
        .with(array("y", y, channels, positions))
        .with(array("mask", mask, channels))
        .with(new DeviceArray("bias", F32, bias, channels))
        .with(array("residual", residual == null ? y : residual, channels, positions))
        .with(array("out", out, channels, positions))
        .with(out.rows())
        .with(channels)
        .with(positions)
        .with(y.rows())
        .with(mask.rows())
        .with(residual == null ? 0 : residual.rows())
        .with(relu ? 1 : 0)
        .launch();
  }

  private static DeviceArray array(String name, Tensor tensor, long... ofRow) {
    long[] shape = new long[ofRow.length + 1];
    shape[0] = tensor.rows();
    System.arraycopy(ofRow, 0, shape, 1, ofRow.length);
    return new DeviceArray(name, F32, tensor.address(), shape);
  }
}
