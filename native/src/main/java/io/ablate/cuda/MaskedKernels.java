package io.ablate.cuda;

import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What follows a layer, masked or not ({@code masked.cu}), on memory of whoever calls. */
public final class MaskedKernels {
  /** Bytes that a thread moves at once where everything is aligned to them. */
  private static final int WIDE = 16;

  /** The kernel counts a row's elements, and a step beyond them, in 32 bits. */
  private static final long MOST_OF_ROW = 1 << 30;

  private static final int BLOCK = 256;

  private MaskedKernels() {}

  /**
   * A tensor in the device's memory that is not this layer's.
   *
   * @param rows of the batch, or 1 where all rows share it
   */
  public record Tensor(long address, int rows) {}

  /**
   * What is the same in every call.
   *
   * @param type float32 or float16, of all tensors
   * @param channelsLast whether y, residual and out are [rows, positions, channels] in memory
   *     rather than [rows, channels, positions]
   * @param columns of the mask's rows; without a mask 0
   * @param first column of channel 0
   * @param relu whether values below 0 become 0
   */
  public record Form(
      ElementType type,
      boolean channelsLast,
      int channels,
      int positions,
      int columns,
      int first,
      boolean relu) {
    public Form {
      if ((long) channels * positions > MOST_OF_ROW) {
        throw new IllegalArgumentException(
            "too large a row: " + channels + " channels × " + positions + " positions");
      }
    }
  }

  /**
   * out = m ⊙ y + b + residual, behind a ReLU where wanted; without a mask or a residual, the same
   * without that operation. In float32 each operation rounds; in float16 only the result does.
   *
   * @param y [rows, channels, positions], or as the form has it
   * @param mask [rows, columns]
   * @param bias address of [channels]
   * @param residual as y
   * @param out as y, overwritten
   */
  public static void apply(
      Device device,
      Form form,
      Tensor y,
      @Nullable Tensor mask,
      long bias,
      @Nullable Tensor residual,
      Tensor out) {
    int at = WIDE / form.type.bytes();
    boolean wide =
        (form.channelsLast ? form.channels : form.positions) % at == 0
            && Stream.of(y, residual == null ? y : residual, out)
                .allMatch(tensor -> tensor.address() % WIDE == 0)
            && (bias % WIDE == 0 || !form.channelsLast);
    boolean wideMask =
        mask != null
            && (mask.address() + (long) form.first * form.type.bytes()) % WIDE == 0
            && (form.columns % at == 0 || mask.rows() == 1);
    int threads = form.channels * form.positions / (wide ? at : 1);
    int block = Math.min(BLOCK, Launch.wholeWarps(threads));
    device
        .kernel("masked", kernel(form.type, wide))
        .grid(Launch.ceilDiv(threads, block), Math.min(out.rows(), Launch.MOST_BLOCKS_YZ), 1)
        .block(block, 1)
        .with(array("y", form, y))
        .with(mask == null ? array("mask", form, y) : mask(form, mask))
        .with(new DeviceArray("bias", form.type, bias, form.channels))
        .with(array("residual", form, residual == null ? y : residual))
        .with(array("out", form, out))
        .with(out.rows())
        .with(form.channels)
        .with(form.positions)
        .with(form.channelsLast ? 1 : 0)
        .with(form.columns)
        .with(form.first)
        .with(wideMask ? 1 : 0)
        .with(y.rows())
        .with(mask == null ? 0 : mask.rows())
        .with(residual == null ? 0 : residual.rows())
        .with(form.relu ? 1 : 0)
        .launch();
  }

  private static String kernel(ElementType type, boolean wide) {
    return switch (type) {
      case F32 -> wide ? "masked_f32_x4" : "masked_f32";
      case F16 -> wide ? "masked_f16_x8" : "masked_f16";
      default -> throw new IllegalArgumentException("no layer has an output of " + type);
    };
  }

  private static DeviceArray mask(Form form, Tensor mask) {
    return new DeviceArray("mask", form.type, mask.address(), mask.rows(), form.columns);
  }

  private static DeviceArray array(String name, Form form, Tensor tensor) {
    long[] shape = {tensor.rows(), form.channels, form.positions};
    if (form.channelsLast) {
      shape[1] = form.positions;
      shape[2] = form.channels;
    }
    return new DeviceArray(name, form.type, tensor.address(), shape);
  }
}
