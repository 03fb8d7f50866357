package io.ablate.cuda;

/**
 * Over the positions of images whose channels are innermost ({@code images.cu}), in float32 or
 * float16, on memory of whoever calls.
 */
public final class ImageKernels {
  /** Bytes that a thread moves at once where everything is aligned to them. */
  private static final int WIDE = 16;

  private static final String MODULE = "images";
  private static final int SLICES = 16;
  private static final int LANES = 32;
  private static final int BLOCK = 256;

  private ImageKernels() {}

  /** Extents of images. */
  public record Image(int rows, int height, int width, int channels) {
    public Image {
      if ((long) height * width * channels > 1 << 30) {
        throw new IllegalArgumentException(
            "too large an image: " + height + " × " + width + " × " + channels);
      }
    }
  }

  /**
   * Windows that are moved over images.
   *
   * @param top rows of positions that the first window begins above the image
   * @param left likewise to the left of it
   */
  public record Windows(int height, int width, int strideY, int strideX, int top, int left) {}

  /**
   * The mean over all positions, summed in float32.
   *
   * @param x address of [rows, height, width, channels]
   * @param out address of [rows, channels], overwritten
   */
  public static void mean(Device device, ElementType type, Image of, long x, long out) {
    int at = together(type, of.channels, x, out);
    device
        .kernel(MODULE, "mean_" + name(type, at))
        .grid(Launch.ceilDiv(of.channels, at * LANES), Math.min(of.rows, Launch.MOST_BLOCKS_YZ), 1)
        .block(LANES, SLICES)
        .with(array("x", type, x, of))
        .with(new DeviceArray("out", type, out, of.rows, of.channels))
        .with(of.rows)
        .with(of.height * of.width)
        .with(of.channels)
        .launch();
  }

  /**
   * The largest of each window; NaN above all.
   *
   * @param x address of [rows, height, width, channels]
   * @param to extents of the output, as many rows and channels
   * @param out its address, overwritten
   */
  public static void largest(
      Device device, ElementType type, Image of, Windows windows, long x, Image to, long out) {
    int at = together(type, of.channels, x, out);
    int threads = to.height * to.width * to.channels / at;
    int block = Math.min(BLOCK, Launch.wholeWarps(threads));
    device
        .kernel(MODULE, "largest_" + name(type, at))
        .grid(Launch.ceilDiv(threads, block), Math.min(of.rows, Launch.MOST_BLOCKS_YZ), 1)
        .block(block, 1)
        .with(array("x", type, x, of))
        .with(array("out", type, out, to))
        .with(of.rows)
        .with(of.height)
        .with(of.width)
        .with(of.channels)
        .with(to.height)
        .with(to.width)
        .with(windows.height)
        .with(windows.width)
        .with(windows.strideY)
        .with(windows.strideX)
        .with(windows.top)
        .with(windows.left)
        .launch();
  }

  private static int together(ElementType type, int channels, long x, long out) {
    int at = WIDE / type.bytes();
    return channels % at == 0 && x % WIDE == 0 && out % WIDE == 0 ? at : 1;
  }

  static String name(ElementType type, int together) {
    return switch (type) {
          case F32 -> "f32";
          case F16 -> "f16";
          default -> throw new IllegalArgumentException("images are not of " + type);
        }
        + (together == 1 ? "" : "_x" + together);
  }

  private static DeviceArray array(String name, ElementType type, long address, Image of) {
    return new DeviceArray(name, type, address, of.rows, of.height, of.width, of.channels);
  }
}
