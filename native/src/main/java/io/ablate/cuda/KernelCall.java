package io.ablate.cuda;

import java.util.List;

/**
 * One launch: which kernel, on which grid, with which arguments.
 *
 * @param module the file of {@code src/main/cuda} without its ending
 * @param kernel the kernel's name in it
 * @param grid number of blocks
 * @param block number of threads in a block
 */
record KernelCall(
    String module, String kernel, Extent grid, Extent block, List<Argument> arguments) {
  KernelCall {
    arguments = List.copyOf(arguments);
  }

  record Extent(int x, int y, int z) {
    boolean isEmpty() {
      return x == 0 || y == 0 || z == 0;
    }

    @Override
    public String toString() {
      return x + " x " + y + " x " + z;
    }
  }

  /** An argument, in the type that the kernel declares. */
  sealed interface Argument {
    record ArrayValue(DeviceArray array) implements Argument {}

    record IntValue(int value) implements Argument {}

    record LongValue(long value) implements Argument {}

    record FloatValue(float value) implements Argument {}

    record DoubleValue(double value) implements Argument {}
  }

  /** Kernel, grid and arrays, for messages. */
  String describe() {
    StringBuilder text = new StringBuilder(kernel);
    text.append(" on ").append(grid).append(" blocks of ").append(block);
    for (Argument argument : arguments) {
      if (argument instanceof Argument.ArrayValue(DeviceArray array)) {
        text.append(", ").append(array);
      }
    }
    return text.toString();
  }
}
