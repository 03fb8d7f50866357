package io.ablate.base;

import java.nio.file.Files;
import java.nio.file.Path;

/** Files to read whole or at any place. */
public final class InputFile {
  private InputFile() {}

  /**
   * Requires what can be read so: a pipe keeps a run waiting where no interrupt reaches it, and
   * some devices never end.
   *
   * @return the file
   * @throws BadInputException if there is something of that name, but no file
   */
  public static Path require(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new BadInputException(
          Problem.of("not a file")
              .at(file.toString().isEmpty() ? "an empty name" : file)
              .expected("a file on a disk")
              .found(Files.isDirectory(file) ? "a folder" : "a pipe or a device"));
    }
    return file;
  }
}
