package io.ablate.example;

/**
 * A square RGB canvas on which outlines are drawn with 4 × 4 sub-samples a pixel. Uses only double
 * arithmetic that IEEE 754 defines exactly, and StrictMath: the pixels are the same on every
 * machine.
 */
final class ShapeCanvas {
  private static final int SUBSAMPLES = 4;

  private final int size;
  private final double[] values;

  ShapeCanvas(int size) {
    this.size = size;
    this.values = new double[size * size * 3];
  }

  /** Whether a point, in pixels from the upper left corner, is to be painted. */
  interface Region {
    boolean contains(double x, double y);
  }

  /** A colour, 0 … 255 a channel, at a place. */
  interface Paint {
    double at(double x, double y, int channel);
  }

  /** Paints the region, mixing along its border by the share of sub-samples inside. */
  void fill(Region region, Paint paint) {
    for (int row = 0; row < size; row++) {
      for (int column = 0; column < size; column++) {
        double share = share(region, row, column);
        if (share > 0) {
          int pixel = (row * size + column) * 3;
          for (int c = 0; c < 3; c++) {
            double colour = paint.at(column + 0.5, row + 0.5, c);
            values[pixel + c] += share * (colour - values[pixel + c]);
          }
        }
      }
    }
  }

  private static double share(Region region, int row, int column) {
    int inside = 0;
    for (int i = 0; i < SUBSAMPLES; i++) {
      for (int j = 0; j < SUBSAMPLES; j++) {
        if (region.contains(column + (j + 0.5) / SUBSAMPLES, row + (i + 0.5) / SUBSAMPLES)) {
          inside++;
        }
      }
    }
    return (double) inside / (SUBSAMPLES * SUBSAMPLES);
  }

  /** Adds to every pixel what the random numbers give: partly the same for its three channels. */
  void addNoise(double deviation, ShapeRandom random) {
    for (int pixel = 0; pixel < values.length; pixel += 3) {
      double grey = random.bell();
      for (int c = 0; c < 3; c++) {
        values[pixel + c] += deviation * (0.8 * grey + 0.6 * random.bell());
      }
    }
  }

  /** 8-bit RGB, row by row. */
  byte[] toPixels() {
    byte[] pixels = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      pixels[i] = (byte) Math.max(0, Math.min(255, (int) (values[i] + 0.5)));
    }
    return pixels;
  }
}
