package io.ablate.cuda;

import io.ablate.cuda.ImageKernels.Image;
import io.ablate.cuda.ImageKernels.Windows;

/** What {@code images.cu} computes, in its order. */
final class ImageOracle {
  private static final int SLICES = 16;

  private ImageOracle() {}

  interface Source {
    float get(long index);
  }

  interface Target {
    void set(long index, float value);
  }

  static void mean(Image of, Source x, Target out) {
    int positions = of.height() * of.width();
    for (int row = 0; row < of.rows(); row++) {
      for (int channel = 0; channel < of.channels(); channel++) {
        float sum = 0;
        for (int slice = 0; slice < SLICES; slice++) {
          float part = 0;
          for (int p = slice; p < positions; p += SLICES) {
            part += x.get(((long) row * positions + p) * of.channels() + channel);
          }
          sum += part;
        }
        out.set((long) row * of.channels() + channel, sum / positions);
      }
    }
  }

  static void largest(Image of, Windows windows, Source x, Image to, Target out) {
    long at = 0;
    for (int row = 0; row < to.rows(); row++) {
      for (int v = 0; v < to.height(); v++) {
        for (int h = 0; h < to.width(); h++) {
          for (int channel = 0; channel < to.channels(); channel++) {
            float most = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < windows.height() * windows.width(); i++) {
              int y = v * windows.strideY() - windows.top() + i / windows.width();
              int c = h * windows.strideX() - windows.left() + i % windows.width();
              if (y >= 0 && y < of.height() && c >= 0 && c < of.width()) {
                long index = ((long) row * of.height() + y) * of.width() + c;
                most = Math.max(most, x.get(index * of.channels() + channel));
              }
            }
            out.set(at++, most);
          }
        }
      }
    }
  }
}
