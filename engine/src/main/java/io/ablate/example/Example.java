package io.ablate.example;

import org.jspecify.annotations.Nullable;

/**
 * One input to attribute, as the model takes it. Immutable by convention: the arrays are shared,
 * not copied.
 */
public final class Example {
  private final int index;
  private final String name;
  private final int label;
  private final float[] input;
  private final long[] shape;
  private final @Nullable PixelImage thumbnail;

  /**
   * @param index position in the source
   * @param name for people, for example a file's name
   * @param label the correct class
   * @param input the values in the model's layout
   * @param shape extents of {@code input}, without the batch axis
   * @param thumbnail an RGB picture for the report; null where the input is no picture
   */
  public Example(
      int index,
      String name,
      int label,
      float[] input,
      long[] shape,
      @Nullable PixelImage thumbnail) {
    if (InputShape.elements(shape) != input.length) {
      throw new IllegalArgumentException(
          input.length + " values for shape " + InputShape.text(shape) + " of example " + index);
    }
    this.index = index;
    this.name = name;
    this.label = label;
    this.input = input;
    this.shape = shape;
    this.thumbnail = thumbnail;
  }

  /** Position in the source. */
  public int index() {
    return index;
  }

  /** For people, for example a file's name. */
  public String name() {
    return name;
  }

  /** The correct class. */
  public int label() {
    return label;
  }

  /** The values in the model's layout, in C order. */
  public float[] input() {
    return input;
  }

  /** Extents of {@link #input()}, without the batch axis. */
  public long[] shape() {
    return shape.clone();
  }

  /** An RGB picture for the report; null where the input is no picture. */
  public @Nullable PixelImage thumbnail() {
    return thumbnail;
  }
}
