package io.ablate.base;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/**
 * The folder of models, data and golden outputs that may lie beside a checkout. Where it is absent
 * the calling test is skipped; where it is present the test must run.
 */
public final class SharedFiles {
  private SharedFiles() {}

  public static Path require(String relative) {
    Path folder = Path.of(System.getProperty("ablate.shared", "../../shared")).normalize();
    Assumptions.assumeTrue(
        Files.isDirectory(folder), "no folder of shared files beside the checkout");
    Path file = folder.resolve(relative);
    if (!Files.exists(file)) {
      throw new AssertionError("missing shared file: " + file);
    }
    return file;
  }
}
