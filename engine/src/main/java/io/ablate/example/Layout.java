package io.ablate.example;

/** The order of a picture's axes in the model's input. */
public enum Layout {
  /** Channels, height, width: PyTorch's. */
  NCHW,
  /** Height, width, channels: TensorFlow's. */
  NHWC;

  /** Extents without the batch axis. */
  long[] shape(int channels, int height, int width) {
    return this == NCHW
        ? new long[] {channels, height, width}
        : new long[] {height, width, channels};
  }

  /** The model's extent of channels, or −1. */
  long channels(long[] shape) {
    return shape[this == NCHW ? 0 : 2];
  }

  /** The model's extent of height, or −1. */
  long height(long[] shape) {
    return shape[this == NCHW ? 1 : 0];
  }

  /** The model's extent of width, or −1. */
  long width(long[] shape) {
    return shape[this == NCHW ? 2 : 1];
  }
}
