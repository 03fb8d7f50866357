package io.ablate.cuda;

import io.ablate.cuda.ImageKernels.Image;
import io.ablate.cuda.ImageKernels.Windows;
import java.util.stream.LongStream;

/**
 * The way back through {@link MaskedKernels} and {@link ImageKernels}, for derivatives by masks
 * ({@code gradients.cu}). Channels are innermost; tensors are float32 or float16, in memory of
 * whoever calls.
 */
public final class GradientKernels {
  /** Bytes that a thread moves at once where everything is aligned to them. */
  private static final int WIDE = 16;

  private static final String MODULE = "gradients";
  private static final int BLOCK = 256;
  private static final int MOST_ACROSS = 32;

  /** Positions that a thread goes through before another slice takes over. */
  private static final int POSITIONS_OF_THREAD = 8;

  private GradientKernels() {}

  /**
   * A layer's output, [rows, positions, channels].
   *
   * @param relu whether a ReLU follows
   */
  public record Layer(ElementType type, int rows, int positions, int channels, boolean relu) {
    public Layer {
      if ((long) channels * positions > 1 << 30) {
        throw new IllegalArgumentException(
            "too large a row: " + channels + " channels × " + positions + " positions");
      }
    }

    /** Runs of positions that are summed by themselves: a function of these extents alone. */
    public int slices() {
      int each = BLOCK / across(together()) * POSITIONS_OF_THREAD;
      return Launch.ceilDiv(positions, each);
    }

    private int together() {
      int at = WIDE / type.bytes();
      return channels % at == 0 ? at : 1;
    }

    private int across(int together) {
      return Math.min(MOST_ACROSS, Launch.ceilDiv(channels, together));
    }

    private DeviceArray array(String name, long address) {
      return new DeviceArray(name, type, address, rows, positions, channels);
    }
  }

  /**
   * Masks [rows, columns].
   *
   * @param first column of channel 0
   */
  public record Mask(long address, int columns, int first) {}

  /**
   * Addresses of what is known on the way back; 0 for what is not there.
   *
   * @param gradient by the output
   * @param more what has to be added to it; or 0
   * @param layer the layer's output before mask, bias and residual
   * @param output behind the ReLU; 0 without one
   */
  public record Known(long gradient, long more, long layer, long output) {}

  /**
   * Addresses of derivatives.
   *
   * @param byLayer as the layer's output
   * @param byResidual likewise; 0 where it is not wanted
   * @param sums float32 [rows, slices, channels], overwritten
   * @param byMask float32 [rows, channels]
   */
  public record Wanted(long byLayer, long byResidual, long sums, long byMask) {}

  /**
   * Derivatives of act(m ⊙ y + b + residual). Sums are float32 and in the same order in every run.
   */
  public static void masked(Device device, Layer of, Known known, Mask mask, Wanted wanted) {
    int at = of.together();
    boolean wide =
        LongStream.of(
                known.gradient,
                known.more,
                known.layer,
                known.output,
                wanted.byLayer,
                wanted.byResidual)
            .allMatch(address -> address % WIDE == 0);
    if (!wide) {
      at = 1;
    }
    int across = of.across(at);
    int slices = of.slices();
    DeviceArray sums =
        new DeviceArray("sums", ElementType.F32, wanted.sums, of.rows, slices, of.channels);
    device
        .kernel(MODULE, "masked_gradient_" + name(of.type, at))
        .grid(
            Launch.ceilDiv(of.channels, at * across),
            slices,
            Math.min(of.rows, Launch.MOST_BLOCKS_YZ))
        .block(across, BLOCK / across)
        .with(of.array("gradient", known.gradient))
        .with(of.array("more", known.more == 0 ? known.gradient : known.more))
        .with(of.array("layer", known.layer))
        .with(of.array("output", of.relu ? known.output : known.layer))
        .with(new DeviceArray("mask", of.type, mask.address, of.rows, mask.columns))
        .with(of.array("by layer", wanted.byLayer))
        .with(of.array("by residual", wanted.byResidual == 0 ? wanted.byLayer : wanted.byResidual))
        .with(sums)
        .with(of.rows)
        .with(of.positions)
        .with(of.channels)
        .with(mask.columns)
        .with(mask.first)
        .with(known.more == 0 ? 0 : 1)
        .with(of.relu ? 1 : 0)
        .with(wanted.byResidual == 0 ? 0 : 1)
        .launch();
    device
        .kernel(MODULE, "sum_slices_f32")
        .striding((long) of.rows * of.channels)
        .with(sums)
        .with(new DeviceArray("by mask", ElementType.F32, wanted.byMask, of.rows, of.channels))
        .with(of.rows)
        .with(slices)
        .with(of.channels)
        .launch();
  }

  /**
   * The derivative by a ReLU's input.
   *
   * @param known without a layer
   * @param to address of the derivative
   */
  public static void relu(Device device, ElementType type, long elements, Known known, long to) {
    int at = WIDE / type.bytes();
    boolean wide =
        elements % at == 0
            && LongStream.of(known.gradient, known.more, known.output, to)
                .allMatch(address -> address % WIDE == 0);
    if (!wide) {
      at = 1;
    }
    device
        .kernel(MODULE, "relu_gradient_" + name(type, at))
        .striding(elements / at)
        .with(new DeviceArray("gradient", type, known.gradient, elements))
        .with(
            new DeviceArray("more", type, known.more == 0 ? known.gradient : known.more, elements))
        .with(new DeviceArray("output", type, known.output, elements))
        .with(new DeviceArray("by input", type, to, elements))
        .with(elements)
        .with(known.more == 0 ? 0 : 1)
        .launch();
  }

  /**
   * The derivative by the input of {@link ImageKernels#largest}: to the first of a window's
   * elements that is the largest.
   *
   * @param x address of the input
   * @param most address of the output, as the derivative by it
   * @param to address of the derivative, as x
   */
  public static void largest(
      Device device,
      ElementType type,
      Image of,
      Windows windows,
      long x,
      Image out,
      long most,
      long gradient,
      long to) {
    int at = together(type, of.channels(), x, most, gradient, to);
    images(device, "largest_gradient_" + name(type, at), of, at)
        .with(array("x", type, x, of))
        .with(array("most", type, most, out))
        .with(array("gradient", type, gradient, out))
        .with(array("by x", type, to, of))
        .with(of.rows())
        .with(of.height())
        .with(of.width())
        .with(of.channels())
        .with(out.height())
        .with(out.width())
        .with(windows.height())
        .with(windows.width())
        .with(windows.strideY())
        .with(windows.strideX())
        .with(windows.top())
        .with(windows.left())
        .launch();
  }

  /** Puts elements strides apart, with 0 between and behind them. */
  public static void spread(
      Device device,
      ElementType type,
      Image of,
      int strideY,
      int strideX,
      long x,
      Image out,
      long to) {
    int at = together(type, of.channels(), x, to);
    images(device, "spread_" + name(type, at), out, at)
        .with(array("x", type, x, of))
        .with(array("to", type, to, out))
        .with(of.rows())
        .with(of.height())
        .with(of.width())
        .with(of.channels())
        .with(out.height())
        .with(out.width())
        .with(strideY)
        .with(strideX)
        .launch();
  }

  private static Launch images(Device device, String kernel, Image of, int at) {
    int threads = of.height() * of.width() * of.channels() / at;
    int block = Math.min(BLOCK, Launch.wholeWarps(threads));
    return device
        .kernel(MODULE, kernel)
        .grid(Launch.ceilDiv(threads, block), Math.min(of.rows(), Launch.MOST_BLOCKS_YZ), 1)
        .block(block, 1);
  }

  private static int together(ElementType type, int channels, long... addresses) {
    int at = WIDE / type.bytes();
    boolean wide = channels % at == 0;
    for (long address : addresses) {
      wide &= address % WIDE == 0;
    }
    return wide ? at : 1;
  }

  private static String name(ElementType type, int together) {
    return ImageKernels.name(type, together);
  }

  private static DeviceArray array(String name, ElementType type, long address, Image of) {
    return new DeviceArray(name, type, address, of.rows(), of.height(), of.width(), of.channels());
  }
}
