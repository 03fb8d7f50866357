package io.ablate.cuda;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that runs the kernels' sources on the processor, under the address sanitizer; its
 * protocol is described in {@code device.cc}. A kernel that touches what is not its own ends the
 * process, and the next call throws with what the sanitizer said.
 */
final class EmulatedDriver implements DeviceDriver {
  private final Path log;
  private final Process process;
  private final BufferedOutputStream out;
  private final DataInputStream in;

  private final long freeBytes;
  private int launches;
  private int byLibrary;

  private EmulatedDriver(Path log, Process process, long freeBytes) {
    this.log = log;
    this.freeBytes = freeBytes;
    this.process = process;
    this.out = new BufferedOutputStream(process.getOutputStream(), 1 << 16);
    this.in = new DataInputStream(process.getInputStream());
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
    try {
      Path program = EmulationBuild.program();
      Path log = Files.createTempFile(program.getParent(), "emulation", ".log");
      ProcessBuilder builder = new ProcessBuilder(program.toString()).redirectError(log.toFile());
      // Leaks are the pool's to count; fresh memory holds rubbish, as a device's may.
      builder.environment().put("ASAN_OPTIONS", "detect_leaks=0:max_malloc_fill_size=1073741824");
      builder.environment().put("UBSAN_OPTIONS", "print_stacktrace=1");
      return new EmulatedDriver(log, builder.start(), freeBytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private interface Exchange<T> {
    T run() throws IOException;
  }

  private <T> T exchange(Exchange<T> exchange) {
    try {
      return exchange.run();
    } catch (IOException e) {
      throw new AssertionError("the emulation ended: " + report(), e);
    }
  }

  private String report() {
    try {
      process.waitFor();
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e.toString();
    }
  }

  private void put(int bytes, long value) throws IOException {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >>> 8 * i));
    }
  }

  private void put(char letter) throws IOException {
    out.write(letter);
  }

  private byte[] get(int bytes) throws IOException {
    out.flush();
    byte[] all = new byte[bytes];
    in.readFully(all);
    return all;
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
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
    return exchange(
        () -> {
          put('A');
          put(8, bytes);
          return littleEndian(get(8)).getLong();
        });
  }

  @Override
  public void free(long address) {
    exchange(
        () -> {
          put('F');
          put(8, address);
          return 0;
        });
  }

  @Override
  public void clear(long address, long bytes) {
    exchange(
        () -> {
          put('Z');
          put(8, address);
          put(8, bytes);
          return 0;
        });
  }

  @Override
  public void write(long address, long offset, ByteBuffer source) {
    exchange(
        () -> {
          put('W');
          put(8, address + offset);
          put(8, source.remaining());
          byte[] bytes = new byte[source.remaining()];
          source.get(bytes);
          out.write(bytes);
          return 0;
        });
  }

  @Override
  public void read(long address, long offset, ByteBuffer target) {
    exchange(
        () -> {
          put('R');
          put(8, address + offset);
          put(8, target.remaining());
          return target.put(get(target.remaining()));
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
    return new EmulatedLibrary();
  }

  /** Plain loops in that process. */
  private final class EmulatedLibrary implements DenseLibrary {
    @Override
    public String describe() {
      return "emulated library";
    }

    @Override
    public void multiply(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        double alpha,
        Part a,
        Part b,
        double beta,
        Part c) {
      byLibrary++;
      long left = transposeA ? a.address(k, m) : a.address(m, k);
      long right = transposeB ? b.address(n, k) : b.address(k, n);
      exchange(
          () -> {
            put('P');
            put(1, transposeA ? 1 : 0);
            put(1, transposeB ? 1 : 0);
            put(4, m);
            put(4, n);
            put(4, k);
            put(8, Double.doubleToRawLongBits(alpha));
            put(8, left);
            put(4, a.stride());
            put(8, right);
            put(4, b.stride());
            put(8, Double.doubleToRawLongBits(beta));
            put(8, c.address(m, n));
            put(4, c.stride());
            return 0;
          });
    }

    @Override
    public void solve(boolean transposed, int n, int sides, Part l, Part b) {
      byLibrary++;
      exchange(
          () -> {
            put('S');
            put(1, transposed ? 1 : 0);
            put(4, n);
            put(4, sides);
            put(8, l.address(n, n));
            put(4, l.stride());
            put(8, b.address(n, sides));
            put(4, b.stride());
            return 0;
          });
    }

    @Override
    public void close() {}
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
    exchange(
        () -> {
          put('L');
          byte[] name = call.kernel().getBytes(StandardCharsets.US_ASCII);
          put(4, name.length);
          out.write(name);
          for (KernelCall.Extent extent : new KernelCall.Extent[] {call.grid(), call.block()}) {
            put(4, extent.x());
            put(4, extent.y());
            put(4, extent.z());
          }
          put(4, call.arguments().size());
          for (KernelCall.Argument argument : call.arguments()) {
            put(argument);
          }
          if (get(1)[0] != 0) {
            int length = littleEndian(get(4)).getInt();
            String problem = new String(get(length), StandardCharsets.US_ASCII);
            throw new AssertionError(problem + "; " + call.describe());
          }
          return 0;
        });
  }

  private void put(KernelCall.Argument argument) throws IOException {
    switch (argument) {
      case KernelCall.Argument.ArrayValue(DeviceArray array) -> {
        put(
            switch (array.type()) {
              case I64 -> 'L';
              case I32 -> 'I';
              case F16 -> 'H';
              case F32 -> 'F';
              case F64 -> 'D';
            });
        put(8, array.address());
      }
      case KernelCall.Argument.IntValue(int value) -> {
        put('i');
        put(8, value);
      }
      case KernelCall.Argument.LongValue(long value) -> {
        put('l');
        put(8, value);
      }
      case KernelCall.Argument.FloatValue(float value) -> {
        put('f');
        put(8, Float.floatToRawIntBits(value));
      }
      case KernelCall.Argument.DoubleValue(double value) -> {
        put('d');
        put(8, Double.doubleToRawLongBits(value));
      }
    }
  }

  @Override
  public void synchronize() {}

  @Override
  public void close() {
    exchange(
        () -> {
          out.close();
          return 0;
        });
    try {
      process.waitFor();
      Files.delete(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
