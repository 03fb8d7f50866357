package io.ablate.cuda;

import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that runs the kernels' sources on the processor, under the address sanitizer; its
 * protocol is described in {@code device.cc}. A kernel that touches what is not its own ends the
 * process, and the next message throws with what the sanitizer said.
 */
final class EmulationProcess implements AutoCloseable {
  private final Path log;
  private final Process process;
  private final BufferedOutputStream out;
  private final DataInputStream in;

  private EmulationProcess(Path log, Process process) {
    this.log = log;
    this.process = process;
    this.out = new BufferedOutputStream(process.getOutputStream(), 1 << 16);
    this.in = new DataInputStream(process.getInputStream());
  }

  /** Skips the test where there is no compiler. */
  static EmulationProcess start() {
    try {
      Path program = EmulationBuild.program();
      Path log = Files.createTempFile(program.getParent(), "emulation", ".log");
      ProcessBuilder builder = new ProcessBuilder(program.toString()).redirectError(log.toFile());
      // Leaks are the pool's to count; fresh memory holds rubbish, as a device's may.
      builder.environment().put("ASAN_OPTIONS", "detect_leaks=0:max_malloc_fill_size=1073741824");
      builder.environment().put("UBSAN_OPTIONS", "print_stacktrace=1");
      return new EmulationProcess(log, builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Puts a message. */
  interface Message {
    void put() throws IOException;
  }

  /** Puts a message and gets its answer. */
  interface Question<T> {
    T put() throws IOException;
  }

  void tell(Message message) {
    ask(
        () -> {
          message.put();
          return process;
        });
  }

  <T> T ask(Question<T> question) {
    try {
      return question.put();
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

  void put(int bytes, long value) throws IOException {
    for (int i = 0; i < bytes; i++) {
      out.write((int) (value >>> 8 * i));
    }
  }

  void put(char letter) throws IOException {
    out.write(letter);
  }

  void put(byte[] bytes) throws IOException {
    out.write(bytes);
  }

  byte[] get(int bytes) throws IOException {
    out.flush();
    byte[] all = new byte[bytes];
    in.readFully(all);
    return all;
  }

  int getInt() throws IOException {
    return littleEndian(get(Integer.BYTES)).getInt();
  }

  long getLong() throws IOException {
    return littleEndian(get(Long.BYTES)).getLong();
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    tell(out::close);
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
