package io.ablate.cuda;

/**
 * What {@code masked.cu} computes, element by element, in the order of its arguments.
 *
 * @param ofMask rows of the mask; 0 if there is none
 * @param ofResidual likewise
 */
record MaskedOracle(
    int rows,
    int channels,
    int positions,
    boolean channelsLast,
    int columns,
    int first,
    int ofY,
    int ofMask,
    int ofResidual,
    boolean relu) {

  /** The kernel's arrays: y, mask, bias, residual, out. */
  record Arrays(Source in, Target out) {
    interface Source {
      float get(int array, long index);
    }

    interface Target {
      void set(long index, float value);
    }
  }

  static void apply(MaskedOracle of, Arrays arrays) {
    long ofRow = (long) of.channels * of.positions;
    for (long at = 0; at < of.rows * ofRow; at++) {
      long within = at % ofRow;
      long row = at / ofRow;
      long channel = of.channelsLast ? within % of.channels : within / of.positions;
      long masked = (of.ofMask > 1 ? row * of.columns : 0) + of.first + channel;
      float value = arrays.in.get(0, of.ofY > 1 ? at : within);
      value *= of.ofMask > 0 ? arrays.in.get(1, masked) : 1;
      value += arrays.in.get(2, channel);
      if (of.ofResidual > 0) {
        value += arrays.in.get(3, of.ofResidual > 1 ? at : within);
      }
      arrays.out.set(at, of.relu && value < 0 ? 0 : value);
    }
  }
}
