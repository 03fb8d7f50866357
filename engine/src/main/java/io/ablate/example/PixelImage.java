package io.ablate.example;

import java.util.Arrays;

/**
 * An 8-bit picture: {@code height × width × channels}, row by row, channels innermost. Immutable by
 * convention: the bytes are shared, not copied.
 */
public final class PixelImage {
  private final int width;
  private final int height;
  private final int channels;
  private final byte[] data;

  public PixelImage(int width, int height, int channels, byte[] data) {
    if (width < 1 || height < 1 || channels < 1 || data.length != width * height * channels) {
      throw new IllegalArgumentException(
          data.length + " bytes for a picture of " + height + " × " + width + " × " + channels);
    }
    this.width = width;
    this.height = height;
    this.channels = channels;
    this.data = data;
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  public int channels() {
    return channels;
  }

  /** The bytes, {@code height × width × channels}. */
  public byte[] data() {
    return data;
  }

  /** 0 … 255. */
  public int value(int row, int column, int channel) {
    return data[(row * width + column) * channels + channel] & 0xff;
  }

  /** The part in the middle; a half pixel is rounded to even, as torchvision's CenterCrop does. */
  PixelImage centre(int rows, int columns) {
    int top = (int) Math.rint((height - rows) / 2.0);
    int left = (int) Math.rint((width - columns) / 2.0);
    byte[] part = new byte[rows * columns * channels];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(
          data,
          ((top + row) * width + left) * channels,
          part,
          row * columns * channels,
          columns * channels);
    }
    return new PixelImage(columns, rows, channels, part);
  }

  /** The same picture with three channels or with one: grey repeated, or luma by ITU-R BT.601. */
  PixelImage withChannels(int wanted) {
    if (wanted == channels) {
      return this;
    }
    byte[] converted = new byte[width * height * wanted];
    for (int pixel = 0; pixel < width * height; pixel++) {
      if (wanted == 3 && channels == 1) {
        Arrays.fill(converted, pixel * 3, pixel * 3 + 3, data[pixel]);
      } else if (wanted == 1 && channels == 3) {
        int red = data[pixel * 3] & 0xff;
        int green = data[pixel * 3 + 1] & 0xff;
        int blue = data[pixel * 3 + 2] & 0xff;
        converted[pixel] = (byte) ((299 * red + 587 * green + 114 * blue + 500) / 1000);
      } else {
        throw new IllegalArgumentException(
            "no way from " + channels + " to " + wanted + " channels");
      }
    }
    return new PixelImage(width, height, wanted, converted);
  }
}
