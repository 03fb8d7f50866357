package io.ablate.tools.bundle;

import io.ablate.base.AblateException;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/**
 * Takes code for other GPUs out of libraries, in place: {@code BlankDeviceCode 90 FILE…}. For
 * {@code tools/offline-bundle}, which hands it copies.
 */
public final class BlankDeviceCode {
  private BlankDeviceCode() {}

  public static void main(String[] arguments) {
    try {
      int generation = Integer.parseInt(arguments[0]);
      for (int i = 1; i < arguments.length; i++) {
        Path file = Path.of(arguments[i]);
        long blanked = blank(file, generation);
        System.err.printf(
            Locale.ROOT, "%s: %d MB blanked%n", file.getFileName(), blanked / 1_000_000);
      }
    } catch (AblateException e) {
      System.err.println("BlankDeviceCode: " + e.getMessage());
      System.exit(e.exitCode());
    } catch (IOException e) {
      System.err.println("BlankDeviceCode: " + e);
      System.exit(3);
    }
  }

  /** Bytes that were blanked. */
  static long blank(Path file, int generation) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer content = channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size());
      long blanked = new DeviceCode(file, content).blankOthers(generation);
      content.force();
      return blanked;
    }
  }
}
