package io.ablate.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;

/** The kernels' assembly, which {@code src/main/cuda/build-ptx} wrote. */
final class Ptx {
  private Ptx() {}

  /** The text of a module with the NUL at its end that the driver expects. */
  static byte[] terminated(String module) {
    try (InputStream in = Ptx.class.getResourceAsStream(module + ".ptx")) {
      if (in == null) {
        throw new IllegalArgumentException("no such module: " + module);
      }
      byte[] text = in.readAllBytes();
      return Arrays.copyOf(text, text.length + 1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
