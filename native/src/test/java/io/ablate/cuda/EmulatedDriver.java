package io.ablate.cuda;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The kernels' sources on the processor, in an {@link EmulationProcess}. */
final class EmulatedDriver implements DeviceDriver {
  private final EmulationProcess process;
  private final long freeBytes;
  private int launches;
  private int byLibrary;

  private EmulatedDriver(EmulationProcess process, long freeBytes) {
    this.process = process;
    this.freeBytes = freeBytes;
  }

  /** A device of its own; skips the test where there is no compiler. */
  static Device open() {
    return open(1L << 30);
  }

  /** As {@link #open()}, with so much memory to be had, whatever is taken of it. */
  static Device open(long freeBytes) {
    return new Device(start(freeBytes));
  }

  /** What is behind {@link #open(long)}. */
  static EmulatedDriver start(long freeBytes) {
    return new EmulatedDriver(EmulationProcess.start(), freeBytes);
  }

  @Override
  public String describe() {
    return "emulation";
  }

  /** Exact sizes, so that a kernel's first step beyond an array is seen. */
  @Override
  public int granularity() {
    return 1;
  }

  @Override
  public long freeBytes() {
    return freeBytes;
  }

  @Override
  public long totalBytes() {
    return freeBytes;
  }

  @Override
  public long allocate(long bytes) {
    return process.ask(
        () -> {
          process.put('A');
          process.put(8, bytes);
          return process.getLong();
        });
  }

  @Override
  public void free(long address) {
    process.tell(
        () -> {
          process.put('F');
          process.put(8, address);
        });
  }

  @Override
  public void clear(long address, long bytes) {
    process.tell(
        () -> {
          process.put('Z');
          process.put(8, address);
          process.put(8, bytes);
        });
  }

  @Override
  public void write(long address, long offset, ByteBuffer source) {
    process.tell(
        () -> {
          process.put('W');
          process.put(8, address + offset);
          process.put(8, source.remaining());
          byte[] bytes = new byte[source.remaining()];
          source.get(bytes);
          process.put(bytes);
        });
  }

  @Override
  public void read(long address, long offset, ByteBuffer target) {
    process.ask(
        () -> {
          process.put('R');
          process.put(8, address + offset);
          process.put(8, target.remaining());
          return target.put(process.get(target.remaining()));
        });
  }

  @Override
  public void copy(long target, long source, long bytes) {
    ByteBuffer through = ByteBuffer.allocate(Math.toIntExact(bytes));
    read(source, 0, through);
    write(target, 0, through.flip());
  }

  @Override
  public DenseLibrary openLibrary() {
    return new EmulatedLibrary(process, () -> byLibrary++);
  }

  /** How often the library was asked. */
  int byLibrary() {
    return byLibrary;
  }

  /** How many kernels were launched. */
  int launches() {
    return launches;
  }

  @Override
  public void launch(KernelCall call) {
    launches++;
    process.tell(
        () -> {
          process.put('L');
          byte[] name = call.kernel().getBytes(StandardCharsets.US_ASCII);
          process.put(4, name.length);
          process.put(name);
          for (KernelCall.Extent extent : new KernelCall.Extent[] {call.grid(), call.block()}) {
            process.put(4, extent.x());
            process.put(4, extent.y());
            process.put(4, extent.z());
          }
          process.put(4, call.arguments().size());
          for (KernelCall.Argument argument : call.arguments()) {
            put(argument);
          }
          if (process.get(1)[0] != 0) {
            int length = process.getInt();
            String problem = new String(process.get(length), StandardCharsets.US_ASCII);
            throw new AssertionError(problem + "; " + call.describe());
          }
        });
  }

  private void put(KernelCall.Argument argument) throws IOException {
    switch (argument) {
      case KernelCall.Argument.ArrayValue(DeviceArray array) -> {
        process.put(
            switch (array.type()) {
              case I64 -> 'L';
              case I32 -> 'I';
              case F16 -> 'H';
              case F32 -> 'F';
              case F64 -> 'D';
            });
        process.put(8, array.address());
      }
      case KernelCall.Argument.IntValue(int value) -> {
        process.put('i');
        process.put(8, value);
      }
      case KernelCall.Argument.LongValue(long value) -> {
        process.put('l');
        process.put(8, value);
      }
      case KernelCall.Argument.FloatValue(float value) -> {
        process.put('f');
        process.put(8, Float.floatToRawIntBits(value));
      }
      case KernelCall.Argument.DoubleValue(double value) -> {
        process.put('d');
        process.put(8, Double.doubleToRawLongBits(value));
      }
    }
  }

  @Override
  public void synchronize() {}

  @Override
  public void close() {
    process.close();
  }
}
