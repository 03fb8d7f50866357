package io.ablate.onednn;

import io.ablate.jit.MaskBackward;
import io.ablate.jit.WinogradTransforms;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One compiled operation. It may be run by several threads at once, each with its own memory. */
sealed interface Kernel {
  /** Name of the code that runs. */
  String implementation();

  /**
   * An operation of oneDNN.
   *
   * @param runs how often it is run in a pass: once, or once per row
   * @param bindings its arguments
   */
  record Primitive(MemorySegment primitive, String implementation, int runs, List<Binding> bindings)
      implements Kernel {}

  /**
   * A convolution by Winograd's algorithm, some images at a time so that what lies between the
   * transforms stays in the cache.
   *
   * @param images of the batch
   * @param chunk images at a time
   * @param products the 36 matrix products of a chunk
   * @param rest those of the last chunk where it is smaller; null where none is
   * @param input images
   * @param output images
   * @param operands of what follows the convolution
   * @param tensors which operands are tensors like the output
   * @param productBytes from the transformed input to the products, in the scratch memory
   */
  record Winograd(
      WinogradTransforms transforms,
      int images,
      int chunk,
      Primitive products,
      @Nullable Primitive rest,
      Place.OfValue input,
      Place.OfValue output,
      List<Place> operands,
      boolean[] tensors,
      long productBytes)
      implements Kernel {
    @Override
    public String implementation() {
      return "winograd " + products.implementation;
    }
  }

  /**
   * The way back through element-wise operations, image by image. A place is null where that part
   * is missing.
   *
   * @param images of the batch
   */
  record MaskBack(
      MaskBackward code,
      int images,
      Place.OfValue gradient,
      @Nullable Place result,
      @Nullable Place input,
      @Nullable Place mask,
      @Nullable Place residual,
      @Nullable Place maskGradient)
      implements Kernel {
    @Override
    public String implementation() {
      return "mask backward";
    }
  }

  /**
   * An argument.
   *
   * @param name in oneDNN's numbers
   * @param descriptor of the tensor, or of a row of it where the operation is run per row
   */
  record Binding(int name, MemorySegment descriptor, Place place) {}

  /** Where an argument lies. */
  sealed interface Place {
    /** Bytes from one run, or image, to the next. */
    default long step() {
      return 0;
    }

    /** Packed weights and constants. */
    record Fixed(MemorySegment address) implements Place {}

    /**
     * A value.
     *
     * @param step bytes from one run, or image, to the next
     */
    record OfValue(int storage, long step) implements Place {
      /** Image by image. */
      static OfValue images(Value value, Program program) {
        return new OfValue(value.storage(), program.rowBytes(value));
      }
    }

    /**
     * Part of the mask.
     *
     * @param step bytes from one run, or image, to the next
     */
    record OfMask(int index, long step) implements Place {}

    /**
     * Derivative by a part of the mask.
     *
     * @param step bytes from one image to the next
     */
    record OfMaskGradient(int index, long step) implements Place {}

    /**
     * Memory that an operation needs for itself.
     *
     * @param offset in bytes
     */
    record Scratch(long offset) implements Place {}
  }
}
