package io.ablate.cuda;

import io.ablate.cuda.ImageKernels.Image;
import io.ablate.cuda.ImageKernels.Windows;
import io.ablate.cuda.ImageOracle.Source;
import io.ablate.cuda.ImageOracle.Target;
import org.jspecify.annotations.Nullable;

/** What {@code gradients.cu} computes, one element after the other. */
final class GradientOracle {
  private GradientOracle() {}

  /** Inputs and outputs of a masked layer; those that are not there are null. */
  record Masked(
      Source gradient,
      @Nullable Source more,
      Source layer,
      @Nullable Source output,
      Source mask,
      Target byLayer,
      @Nullable Target byResidual,
      Target byMask) {}

  static void masked(int rows, int positions, int channels, int columns, int first, Masked arrays) {
    for (int row = 0; row < rows; row++) {
      for (int channel = 0; channel < channels; channel++) {
        double sum = 0;
        for (int position = 0; position < positions; position++) {
          long at = ((long) row * positions + position) * channels + channel;
          float value = behindRelu(arrays.gradient, arrays.more, arrays.output, at);
          if (arrays.byResidual != null) {
            arrays.byResidual.set(at, value);
          }
          sum += (double) value * arrays.layer.get(at);
          arrays.byLayer.set(at, value * arrays.mask.get((long) row * columns + first + channel));
        }
        arrays.byMask.set((long) row * channels + channel, (float) sum);
      }
    }
  }

  static void relu(
      long elements, Source gradient, @Nullable Source more, Source output, Target to) {
    for (long at = 0; at < elements; at++) {
      to.set(at, behindRelu(gradient, more, output, at));
    }
  }

  private static float behindRelu(
      Source gradient, @Nullable Source more, @Nullable Source output, long at) {
    float value = gradient.get(at) + (more == null ? 0 : more.get(at));
    return output == null || output.get(at) > 0 ? value : 0;
  }

  static void largest(Image of, Windows windows, Source x, Image out, Source gradient, Target to) {
    float[] sums = new float[of.rows() * of.height() * of.width() * of.channels()];
    long window = 0;
    for (int row = 0; row < of.rows(); row++) {
      for (int v = 0; v < out.height(); v++) {
        for (int h = 0; h < out.width(); h++) {
          for (int channel = 0; channel < of.channels(); channel++) {
            int best = -1;
            for (int i = 0; i < windows.height() * windows.width(); i++) {
              int y = v * windows.strideY() - windows.top() + i / windows.width();
              int c = h * windows.strideX() - windows.left() + i % windows.width();
              if (y >= 0 && y < of.height() && c >= 0 && c < of.width()) {
                int at = ((row * of.height() + y) * of.width() + c) * of.channels() + channel;
                best = best < 0 || x.get(at) > x.get(best) ? at : best;
              }
            }
            sums[best] += gradient.get(window++);
          }
        }
      }
    }
    for (int at = 0; at < sums.length; at++) {
      to.set(at, sums[at]);
    }
  }

  static void spread(Image of, int strideY, int strideX, Source x, Image out, Target to) {
    long at = 0;
    for (int row = 0; row < out.rows(); row++) {
      for (int v = 0; v < out.height(); v++) {
        for (int h = 0; h < out.width(); h++) {
          int y = v / strideY;
          int c = h / strideX;
          boolean there = v % strideY == 0 && h % strideX == 0 && y < of.height() && c < of.width();
          long from = (((long) row * of.height() + y) * of.width() + c) * of.channels();
          for (int channel = 0; channel < out.channels(); channel++) {
            to.set(at++, there ? x.get(from + channel) : 0);
          }
        }
      }
    }
  }
}
