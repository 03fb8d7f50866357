package io.ablate.example;

/**
 * Bilinear resizing that averages where it shrinks: a triangle filter as wide as the scale, rows
 * and columns one after the other. Agrees with Pillow's BILINEAR, up to rounding.
 */
final class Resizing {
  private Resizing() {}

  /**
   * Brings the shorter side to {@code side} pixels and keeps the proportions; the longer side is
   * rounded down.
   */
  static PixelImage shorterSide(PixelImage picture, int side) {
    int width = picture.width();
    int height = picture.height();
    return width <= height
        ? resize(picture, Math.toIntExact((long) side * height / width), side)
        : resize(picture, side, Math.toIntExact((long) side * width / height));
  }

  /** Resizes, keeping the proportions, and cuts so that the result is exactly that large. */
  static PixelImage cover(PixelImage picture, int rows, int columns) {
    double scale = Math.max((double) rows / picture.height(), (double) columns / picture.width());
    int height = Math.max(rows, (int) Math.round(picture.height() * scale));
    int width = Math.max(columns, (int) Math.round(picture.width() * scale));
    return resize(picture, height, width).centre(rows, columns);
  }

  static PixelImage resize(PixelImage picture, int rows, int columns) {
    if (rows == picture.height() && columns == picture.width()) {
      return picture;
    }
    int channels = picture.channels();
    double[] narrow = new double[picture.height() * columns * channels];
    Taps across = new Taps(picture.width(), columns);
    for (int row = 0; row < picture.height(); row++) {
      for (int column = 0; column < columns; column++) {
        double[] weights = across.weights[column];
        for (int c = 0; c < channels; c++) {
          double sum = 0;
          for (int k = 0; k < weights.length; k++) {
            sum += weights[k] * picture.value(row, across.first[column] + k, c);
          }
          narrow[(row * columns + column) * channels + c] = sum;
        }
      }
    }
    Taps down = new Taps(picture.height(), rows);
    int stride = columns * channels;
    byte[] data = new byte[rows * stride];
    for (int row = 0; row < rows; row++) {
      double[] weights = down.weights[row];
      for (int i = 0; i < stride; i++) {
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
          sum += weights[k] * narrow[(down.first[row] + k) * stride + i];
        }
        data[row * stride + i] = (byte) Math.max(0, Math.min(255, (int) (sum + 0.5)));
      }
    }
    return new PixelImage(columns, rows, channels, data);
  }

  /**
   * For each target position, the first source position and the weights from there on; they sum to
   * 1.
   */
  private static final class Taps {
    final int[] first;
    final double[][] weights;

    Taps(int from, int to) {
      first = new int[to];
      weights = new double[to][];
      double scale = (double) from / to;
      double support = Math.max(1, scale);
      for (int i = 0; i < to; i++) {
        double centre = (i + 0.5) * scale;
        int low = Math.max(0, (int) (centre - support + 0.5));
        int high = Math.min(from, (int) (centre + support + 0.5));
        first[i] = low;
        weights[i] = new double[high - low];
        double total = 0;
        for (int k = low; k < high; k++) {
          double weight = Math.max(0, 1 - Math.abs((k + 0.5 - centre) / support));
          weights[i][k - low] = weight;
          total += weight;
        }
        for (int k = 0; k < weights[i].length; k++) {
          weights[i][k] /= total;
        }
      }
    }
  }
}
