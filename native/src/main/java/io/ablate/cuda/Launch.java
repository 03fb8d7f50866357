package io.ablate.cuda;

import io.ablate.cuda.KernelCall.Argument;
import io.ablate.cuda.KernelCall.Extent;
import java.util.ArrayList;
import java.util.List;

/** Collects a kernel's shape and arguments in the order of its declaration. Not thread-safe. */
final class Launch {
  /** What grids of every compute capability allow. */
  static final int MOST_BLOCKS_YZ = 65_535;

  private static final int MOST_THREADS = 1024;
  private static final int WARP = 32;

  /** Enough to fill any device; what is left, a kernel's threads take in turns. */
  private static final long MOST_STRIDING_BLOCKS = 1 << 16;

  private final DeviceDriver driver;
  private final String module;
  private final String kernel;
  private final List<Argument> arguments = new ArrayList<>();
  private Extent grid = new Extent(1, 1, 1);
  private Extent block = new Extent(1, 1, 1);

  Launch(DeviceDriver driver, String module, String kernel) {
    this.driver = driver;
    this.module = module;
    this.kernel = kernel;
  }

  static int ceilDiv(long elements, int by) {
    return Math.toIntExact(Math.ceilDiv(elements, (long) by));
  }

  /** The least number of whole warps' threads, at least one warp. */
  static int wholeWarps(int threads) {
    return Math.max(WARP, ceilDiv(threads, WARP) * WARP);
  }

  Launch grid(int x, int y, int z) {
    this.grid = new Extent(x, y, z);
    return this;
  }

  Launch block(int x, int y) {
    this.block = new Extent(x, y, 1);
    return this;
  }

  /** Threads that take elements in strides of the grid. */
  Launch striding(long elements) {
    return striding(elements, 256);
  }

  /** Warps that take elements in strides of the grid. */
  Launch stridingWarps(long elements) {
    return striding(elements, 256 / WARP);
  }

  private Launch striding(long elements, int perBlock) {
    int blocks = (int) Math.min(Math.ceilDiv(elements, (long) perBlock), MOST_STRIDING_BLOCKS);
    return grid(blocks, 1, 1).block(256, 1);
  }

  Launch with(DeviceArray array) {
    arguments.add(new Argument.ArrayValue(array));
    return this;
  }

  Launch with(int value) {
    arguments.add(new Argument.IntValue(value));
    return this;
  }

  Launch with(long value) {
    arguments.add(new Argument.LongValue(value));
    return this;
  }

  Launch with(float value) {
    arguments.add(new Argument.FloatValue(value));
    return this;
  }

  Launch with(double value) {
    arguments.add(new Argument.DoubleValue(value));
    return this;
  }

  /** Launches; a grid without blocks has nothing to do. */
  void launch() {
    KernelCall call = new KernelCall(module, kernel, grid, block, arguments);
    if (grid.isEmpty()) {
      return;
    }
    if (grid.y() > MOST_BLOCKS_YZ
        || grid.z() > MOST_BLOCKS_YZ
        || (long) block.x() * block.y() * block.z() > MOST_THREADS) {
      throw new IllegalArgumentException("too large a launch: " + call.describe());
    }
    driver.launch(call);
  }
}
