package io.ablate.example;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How pixels become the model's input: 0 … 255 is scaled to {@code low … high}, then {@code (x −
 * mean) / std} by channel.
 *
 * @param layout the order of the axes
 * @param low what pixel value 0 becomes
 * @param high what pixel value 255 becomes
 * @param mean by channel, or one value for all
 * @param std by channel, or one value for all; positive
 * @param resize length in pixels to which the shorter side is brought; null: not resized
 * @param crop side in pixels of the square cut from the centre; null: not cut
 */
public record Preprocessing(
    Layout layout,
    double low,
    double high,
    List<Double> mean,
    List<Double> std,
    @Nullable Integer resize,
    @Nullable Integer crop) {

  public Preprocessing {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.isEmpty() || std.isEmpty() || std.stream().anyMatch(s -> !(s > 0))) {
      throw new IllegalArgumentException("mean " + mean + ", std " + std);
    }
  }

  /** Pixels scaled to 0 … 1 and nothing else, in NCHW. */
  public static final Preprocessing UNIT =
      new Preprocessing(Layout.NCHW, 0, 1, List.of(0.0), List.of(1.0), null, null);

  public Preprocessing withLayout(Layout value) {
    return new Preprocessing(value, low, high, mean, std, resize, crop);
  }

  public Preprocessing withRange(double from, double to) {
    return new Preprocessing(layout, from, to, mean, std, resize, crop);
  }

  public Preprocessing withMean(List<Double> value) {
    return new Preprocessing(layout, low, high, value, std, resize, crop);
  }

  public Preprocessing withStd(List<Double> value) {
    return new Preprocessing(layout, low, high, mean, value, resize, crop);
  }

  public Preprocessing withResize(@Nullable Integer value) {
    return new Preprocessing(layout, low, high, mean, std, value, crop);
  }

  public Preprocessing withCrop(@Nullable Integer value) {
    return new Preprocessing(layout, low, high, mean, std, resize, value);
  }

  /**
   * The values of one picture in the model's layout, in C order.
   *
   * @throws IllegalArgumentException if mean or std have neither one value nor one for each channel
   */
  public float[] apply(PixelImage picture) {
    int channels = picture.channels();
    double[] means = spread(mean, channels);
    double[] stds = spread(std, channels);
    int area = picture.width() * picture.height();
    byte[] data = picture.data();
    float[] values = new float[area * channels];
    for (int pixel = 0; pixel < area; pixel++) {
      for (int c = 0; c < channels; c++) {
        int from = pixel * channels + c;
        double scaled = low + (data[from] & 0xff) / 255.0 * (high - low);
        values[layout == Layout.NCHW ? c * area + pixel : from] =
            (float) ((scaled - means[c]) / stds[c]);
      }
    }
    return values;
  }

  /** Whether mean and std have a value for each of that many channels. */
  boolean suits(int channels) {
    return (mean.size() == 1 || mean.size() == channels)
        && (std.size() == 1 || std.size() == channels);
  }

  private static double[] spread(List<Double> values, int channels) {
    double[] spread = new double[channels];
    if (values.size() == 1) {
      Arrays.fill(spread, values.getFirst());
      return spread;
    }
    if (values.size() != channels) {
      throw new IllegalArgumentException(values + " for " + channels + " channels");
    }
    Arrays.setAll(spread, values::get);
    return spread;
  }
}
