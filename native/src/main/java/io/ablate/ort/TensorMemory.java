package io.ablate.ort;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import io.ablate.mask.MaskDesign;

/**
 * The memory that tensors are bound in. Any thread may ask for an allocation; of what an allocation
 * gave, one thread at a time makes use.
 */
interface TensorMemory extends AutoCloseable {
  /** A new owner of tensors. */
  Allocation allocation();

  /**
   * Whether ONNX Runtime may read an input from elsewhere than where it was bound: then it copies
   * once, when it is bound, and must be told of every change.
   */
  boolean mayBeCopied();

  /** Runs something while nothing else uses this memory, where only one thread at a time may. */
  void exclusively(Runnable work);

  /** The same masks, drawn where this memory is if that is quicker. */
  default MaskDesign drawing(MaskDesign design) {
    return design;
  }

  @Override
  void close();

  /** The tensors of one batch, which end together. */
  interface Allocation extends AutoCloseable {
    /**
     * A tensor of zeros.
     *
     * @param type float32, int64 or int32
     */
    BoundTensor tensor(String name, DataType type, long... shape);

    /**
     * Masks that arrive as packed bits, [rows, columns].
     *
     * @param type float32, or float16 in a device's memory
     */
    PackedMasks masks(String name, DataType type, int rows, int columns);

    @Override
    void close();
  }

  /** A tensor of masks that is filled from packed bits. */
  interface PackedMasks {
    BoundTensor tensor();

    /** Sets one row; bits as {@link io.ablate.mask.MaskMatrix} packs them. */
    void set(int row, long[] words, int offset);
  }
}
