package io.ablate.onednn;

import io.ablate.forward.Precision;
import io.ablate.jit.TileOp;
import io.ablate.jit.WinogradTransforms;
import io.ablate.onednn.Kernel.Binding;
import io.ablate.onednn.Kernel.Place;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compiles convolutions for Winograd's algorithm where that pays. */
final class WinogradCompiler {
  /** Below, the transforms cost what the products save. */
  private static final int MIN_CHANNELS = 32;

  /** Elements of an image, above which its transform is no matter of a cache any more. */
  private static final long MAX_ELEMENTS = 16L << 20;

  /** Transformed images and products together: what stays in the outer cache of a core. */
  private static final long CHUNK_BYTES = 4L << 20;

  private static final long LARGE_WEIGHTS = 16L << 20;

  /** Floats between planes, so that they do not fall on the same lines of the cache. */
  private static final int PLANE_GAP = 16;

  private final Program program;
  private final PrimitiveCompiler compiled;
  private final NativeScope scope;
  private final PackedWeights weights;
  private long scratchBytes;

  WinogradCompiler(
      Program program, PrimitiveCompiler compiled, NativeScope scope, PackedWeights weights) {
    this.program = program;
    this.compiled = compiled;
    this.scope = scope;
    this.weights = weights;
  }

  /** Of the convolution that needs most. */
  long scratchBytes() {
    return scratchBytes;
  }

  /** Whether the processor has what the transforms are written in. */
  static boolean isPossible() {
    return WinogradTransforms.isPossible()
        && (OneDnn.integer("dnnl_get_effective_cpu_isa") & Const.ISA_AVX2) == Const.ISA_AVX2;
  }

  /** The kernel of a convolution; null where the direct one is to be taken. */
  Kernel.@Nullable Winograd compile(Step.Convolution step) {
    List<TileOp> then = new ArrayList<>();
    if (!fits(step, program.precision()) || !follow(step, then)) {
      return null;
    }
    Value in = step.input();
    Value out = step.output();
    long[] before = step.window().before();
    WinogradTransforms.Shape shape =
        new WinogradTransforms.Shape(
            in.channels(),
            out.channels(),
            in.height(),
            in.width(),
            (int) before[0],
            (int) before[1],
            out.height(),
            out.width());
    int chunk = chunk(shape, in.batch());
    int inPlane = rows(shape, chunk) * in.channels() + PLANE_GAP;
    int outPlane = rows(shape, chunk) * out.channels() + PLANE_GAP;
    WinogradTransforms transforms =
        scope.own(new WinogradTransforms(shape, inPlane, outPlane, then));
    Products products = new Products(step, shape, inPlane, outPlane);
    int rest = in.batch() % chunk;
    List<Place> operands = new ArrayList<>();
    boolean[] tensors = new boolean[WinogradTransforms.MAX_OPERANDS];
    operands(step, operands, tensors);
    scratchBytes = Math.max(scratchBytes, products.end());
    return new Kernel.Winograd(
        transforms,
        in.batch(),
        chunk,
        products.compile(chunk),
        rest == 0 ? null : products.compile(rest),
        Place.OfValue.images(in, program),
        Place.OfValue.images(out, program),
        operands,
        tensors,
        products.outOffset());
  }

  /** Whether a convolution, and so the way back through it, can be computed like this. */
  static boolean fits(Step.Convolution step, Precision precision) {
    Step.Window window = step.window();
    long[] dims = step.dims();
    // What is transformed must not be rounded to bfloat16, and its direct products are fast.
    return precision == Precision.FP32
        && step.groups() == 1
        && dims[2] == 3
        && dims[3] == 3
        && Arrays.equals(window.strides(), new long[] {1, 1})
        && Arrays.equals(window.dilations(), new long[] {1, 1})
        && window.before()[0] >= 0
        && window.before()[0] <= 2
        && window.before()[1] >= 0
        && window.before()[1] <= 2
        && Math.max(step.input().elements(), step.output().elements())
            <= MAX_ELEMENTS * step.input().batch()
        && Math.min(dims[0], dims[1]) >= MIN_CHANNELS
        && dims[0] % WinogradTransforms.VECTOR == 0
        && dims[1] % WinogradTransforms.VECTOR == 0;
  }

  /** What follows the convolution, as far as the transforms can do it. */
  private static boolean follow(Step.Convolution step, List<TileOp> then) {
    if (step.bias() != null) {
      then.add(TileOp.ADD_CHANNEL);
    }
    for (PostOp op : step.post()) {
      TileOp known = tileOp(op, step.output());
      if (known == null) {
        return false;
      }
      then.add(known);
    }
    return then.stream().filter(TileOp::takesOperand).count() <= WinogradTransforms.MAX_OPERANDS;
  }

  private static @Nullable TileOp tileOp(PostOp op, Value output) {
    return switch (op) {
      case PostOp.Eltwise(int algorithm, float alpha, float _) ->
          algorithm == Const.ELTWISE_RELU && alpha == 0 ? TileOp.RELU : null;
      case PostOp.Binary(int algorithm, Operand.Tensor(Value value)) ->
          value.elements() != output.elements()
              ? null
              : switch (algorithm) {
                case Const.BINARY_ADD -> TileOp.ADD_TENSOR;
                case Const.BINARY_SUB -> TileOp.SUBTRACT_TENSOR;
                case Const.BINARY_MUL -> TileOp.MULTIPLY_TENSOR;
                default -> null;
              };
      case PostOp.Binary(int algorithm, Operand _) ->
          switch (algorithm) {
            case Const.BINARY_ADD -> TileOp.ADD_CHANNEL;
            case Const.BINARY_MUL -> TileOp.MULTIPLY_CHANNEL;
            default -> null;
          };
    };
  }

  private void operands(Step.Convolution step, List<Place> operands, boolean[] tensors) {
    float[] bias = step.bias();
    if (bias != null) {
      operands.add(new Place.Fixed(scope.floats(bias)));
    }
    for (PostOp op : step.post()) {
      if (op instanceof PostOp.Binary(int _, Operand operand)) {
        tensors[operands.size()] = operand instanceof Operand.Tensor;
        operands.add(
            switch (operand) {
              case Operand.Constant constant ->
                  new Place.Fixed(
                      scope.floats(
                          PrimitiveCompiler.spread(constant.values(), step.output().channels())));
              case Operand.Mask mask ->
                  new Place.OfMask(
                      mask.index(),
                      mask.batch() > 1 ? (long) step.output().channels() * Float.BYTES : 0);
              case Operand.Tensor tensor -> Place.OfValue.images(tensor.value(), program);
            });
      }
    }
  }

  /** Rows of a product: two at least, since one would be computed by other code. */
  private static int rows(WinogradTransforms.Shape shape, int images) {
    return Math.max(2, images * shape.tiles());
  }

  private static int chunk(WinogradTransforms.Shape shape, int batch) {
    long image =
        (long) WinogradTransforms.PLANES * shape.tiles() * (shape.in() + shape.out()) * Float.BYTES;
    long weights = (long) WinogradTransforms.PLANES * shape.in() * shape.out() * Float.BYTES;
    // Weights that no cache holds come from memory for every chunk: then fewer are better.
    long bytes = weights > LARGE_WEIGHTS ? 2 * CHUNK_BYTES : CHUNK_BYTES;
    int most = Math.clamp(bytes / image, 1, batch);
    int chunks = (batch + most - 1) / most;
    return (batch + chunks - 1) / chunks;
  }

  /** The matrix products between the transforms. */
  private final class Products {
    private final Step.Convolution step;
    private final WinogradTransforms.Shape shape;
    private final int inPlane;
    private final int outPlane;

    Products(Step.Convolution step, WinogradTransforms.Shape shape, int inPlane, int outPlane) {
      this.step = step;
      this.shape = shape;
      this.inPlane = inPlane;
      this.outPlane = outPlane;
    }

    /** Bytes of the transformed input. */
    long outOffset() {
      return (long) WinogradTransforms.PLANES * inPlane * Float.BYTES;
    }

    long end() {
      return outOffset() + (long) WinogradTransforms.PLANES * outPlane * Float.BYTES;
    }

    Kernel.Primitive compile(int images) {
      MemorySegment source = planes(images, inPlane, shape.in());
      MemorySegment target = planes(images, outPlane, shape.out());
      long[] dims = {WinogradTransforms.PLANES, shape.in(), shape.out()};
      MemorySegment operation =
          scope.make(
              "primitive_desc",
              "dnnl_matmul_primitive_desc_create",
              OneDnn.engine(),
              source,
              compiled.descriptors().any(Elements.F32, dims),
              MemorySegment.NULL,
              target,
              PrimitiveCompiler.plainAttributes(scope));
      MemorySegment wanted =
          OneDnn.pointer("dnnl_primitive_desc_query_md", operation, Const.QUERY_WEIGHTS_MD, 0);
      MemorySegment packed =
          weights.get(
              step.name() + " winograd",
              () -> WinogradTransforms.weights(step.weight(), shape.in(), shape.out()),
              dims,
              wanted);
      List<Binding> bindings = new ArrayList<>();
      bindings.add(new Binding(Const.ARG_SRC, source, new Place.Scratch(0)));
      bindings.add(new Binding(Const.ARG_DST, target, new Place.Scratch(outOffset())));
      bindings.add(new Binding(Const.ARG_WEIGHTS, wanted, new Place.Fixed(packed)));
      return compiled.finish(operation, 1, bindings, end());
    }

    private MemorySegment planes(int images, int plane, int channels) {
      return compiled
          .descriptors()
          .strided(
              new long[] {WinogradTransforms.PLANES, rows(shape, images), channels},
              new long[] {plane, channels, 1});
    }
  }
}
