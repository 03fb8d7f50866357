package io.ablate.forward;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.Arrays;

/** How large the tensors of a batch may be: buffers count their bytes in 31 bits. */
public final class TensorSize {
  private TensorSize() {}

  /**
   * The bytes of a tensor.
   *
   * @param width bytes of an element
   * @throws UsageException if they are 2^31 or more
   */
  public static int bytes(int width, long... shape) {
    double bytes = Arrays.stream(shape).asDoubleStream().reduce(width, (a, b) -> a * b);
    if (bytes > Integer.MAX_VALUE) {
      throw new UsageException(
          Problem.of("batch too large")
              .at("tensor " + Arrays.toString(shape))
              .expected("fewer than 2^31 bytes")
              .found("%.0f".formatted(bytes))
              .remedy("choose a smaller --batch"));
    }
    return (int) bytes;
  }
}
