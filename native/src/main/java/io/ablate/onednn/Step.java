package io.ablate.onednn;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One operation of a {@link Program}. */
sealed interface Step {
  /** The value that it computes, after all of {@link #post}. */
  Value output();

  /** For messages; of a step with weights the name of the tensor that it computes. */
  default String name() {
    return getClass().getSimpleName() + " of " + output().channels() + " channels";
  }

  /** The values that it computes from, without those of {@link #post}. */
  List<Value> inputs();

  /** What follows at once; grows while a program is made. */
  List<PostOp> post();

  /**
   * The extents of a window that moves over positions, each [height, width].
   *
   * @param dilations 1 for a window without holes
   * @param before padding at the top and at the left
   * @param after padding at the bottom and at the right
   */
  record Window(long[] kernel, long[] strides, long[] dilations, long[] before, long[] after) {}

  /**
   * A convolution.
   *
   * @param name of the weight, the same in the programs of all batch shapes
   * @param weight [out, in / groups, height, width]
   * @param dims of the weight
   * @param bias one per output channel; null for none
   */
  record Convolution(
      Value input,
      String name,
      float[] weight,
      long[] dims,
      float @Nullable [] bias,
      int groups,
      Window window,
      Value output,
      List<PostOp> post)
      implements Step {
    @Override
    public List<Value> inputs() {
      return List.of(input);
    }

    /** The same without what follows. */
    Convolution alone() {
      return new Convolution(input, name, weight, dims, bias, groups, window, output, List.of());
    }
  }

  /**
   * A matrix product.
   *
   * @param name of the weight, the same in the programs of all batch shapes
   * @param weight [out, in], in the order in which the input lies in memory
   */
  record Linear(Value input, String name, float[] weight, Value output, List<PostOp> post)
      implements Step {
    @Override
    public List<Value> inputs() {
      return List.of(input);
    }
  }

  /**
   * Maximum or mean over a window.
   *
   * @param algorithm of oneDNN
   * @param choices storage of which positions were the largest, for the way back; negative where it
   *     is not kept
   */
  record Pooling(Value input, int algorithm, Window window, Value output, int choices)
      implements Step {
    @Override
    public List<Value> inputs() {
      return List.of(input);
    }

    @Override
    public List<PostOp> post() {
      return List.of();
    }
  }

  /**
   * Element-wise operations alone. Where the output has more rows than the input, every row starts
   * from the input's only one.
   *
   * @param post one or more
   */
  record Pointwise(Value input, Value output, List<PostOp> post) implements Step {
    /** Whether every number of the output is one of the input. */
    boolean isCopy() {
      return post.size() == 1
          && post.getFirst() instanceof PostOp.Eltwise(int algorithm, float alpha, float beta)
          && algorithm == Const.ELTWISE_LINEAR
          && alpha == 1
          && beta == 0;
    }

    @Override
    public List<Value> inputs() {
      return List.of(input);
    }
  }

  /** Channels of several values side by side. */
  record Concatenation(List<Value> inputs, Value output) implements Step {
    @Override
    public List<PostOp> post() {
      return List.of();
    }
  }

  /**
   * Back through element-wise operations: rectifier, residual, mask. The derivative by their input
   * takes the place of that by their output.
   *
   * @param gradient by the output, becomes that by the input
   * @param result the output, where it was rectified; null otherwise
   * @param input what the mask was multiplied with; null without a mask
   * @param mask index of the part of the mask; negative without one
   * @param residual derivative by the tensor that was added; null without one
   * @param adds whether that derivative is added to what is there
   */
  record MaskBack(
      Value gradient,
      @Nullable Value result,
      @Nullable Value input,
      int mask,
      @Nullable Value residual,
      boolean adds)
      implements Step {
    @Override
    public List<Value> inputs() {
      return Stream.of(gradient, result, input, residual).filter(Objects::nonNull).toList();
    }

    @Override
    public Value output() {
      return gradient;
    }

    @Override
    public List<PostOp> post() {
      return List.of();
    }
  }

  /**
   * Back through a convolution.
   *
   * @param forward the convolution
   * @param gradient by its output
   * @param output derivative by its input
   */
  record ConvolutionBack(Convolution forward, Value gradient, Value output) implements Step {
    @Override
    public List<Value> inputs() {
      return List.of(gradient);
    }

    @Override
    public List<PostOp> post() {
      return List.of();
    }
  }

  /**
   * Back through pooling.
   *
   * @param forward the pooling
   * @param gradient by its output
   * @param output derivative by its input
   */
  record PoolingBack(Pooling forward, Value gradient, Value output) implements Step {
    @Override
    public List<Value> inputs() {
      return List.of(gradient);
    }

    @Override
    public List<PostOp> post() {
      return List.of();
    }
  }
}
