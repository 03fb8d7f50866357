package io.ablate.ort;

import java.util.List;

/**
 * An operator over the positions of images with channels last, of one input.
 *
 * @param mean whether the output is the mean over all positions [rows, 1, 1, channels], else the
 *     largest of each window
 */
record ImageOperator(boolean mean, boolean half) implements DeviceOperator {
  /**
   * Attribute of windows: height, width, strides down and right, where the first begins above and
   * left of the image, height and width of the output.
   */
  static final String WINDOWS = "windows";

  static List<ImageOperator> all() {
    return List.of(
        new ImageOperator(true, false),
        new ImageOperator(true, true),
        new ImageOperator(false, false),
        new ImageOperator(false, true));
  }

  @Override
  public String label() {
    return (mean ? "MeanOfPositions" : "LargestOfWindows") + (half ? "Half" : "");
  }

  @Override
  public int inputs() {
    return 1;
  }

  @Override
  public Kernel kernel(Surroundings in, long info) {
    return new ImageKernel(in, this, mean ? new int[0] : ImageKernel.windows(in, info));
  }
}
