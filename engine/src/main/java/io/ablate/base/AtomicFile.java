package io.ablate.base;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes whole files so that a reader sees the old content or the new one, never a part. */
public final class AtomicFile {
  private AtomicFile() {}

  /** What fills the file. */
  @FunctionalInterface
  public interface Writer {
    void write(OutputStream out) throws IOException;
  }

  /**
   * Writes {@code file} through a temporary file beside it, forced to the device, then renamed.
   *
   * @throws BadInputException if the file cannot be written: no permission, full disk, missing
   *     folder
   */
  public static void write(Path file, Writer writer) {
    Path absolute = file.toAbsolutePath();
    Path folder = absolute.getParent();
    if (folder == null) {
      throw new BadInputException(Problem.of("cannot write to a root folder").at(file));
    }
    Path temporary = temporary(absolute);
    try {
      Files.createDirectories(folder);
      try (FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING)) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16);
        writer.write(out);
        out.flush();
        channel.force(true);
      }
      try {
        Files.move(
            temporary,
            absolute,
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(temporary, absolute, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException | UncheckedIOException e) {
      try {
        Files.deleteIfExists(temporary);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw new BadInputException(cannotWrite(file, e), e);
    }
  }

  /** Deletes a file, if there is one, and what a killed process left of writing it. */
  public static void delete(Path file) throws IOException {
    Files.deleteIfExists(temporary(file.toAbsolutePath()));
    Files.deleteIfExists(file);
  }

  private static Path temporary(Path file) {
    return file.resolveSibling("." + file.getFileName() + ".part");
  }

  /** As {@link #write(Path, Writer)}, for text in UTF-8. */
  public static void writeString(Path file, String text) {
    write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** The one wording for a file that cannot be written. */
  public static Problem cannotWrite(Path file, Exception cause) {
    return Problem.of("cannot write file")
        .at(file)
        .found(reason(cause))
        .remedy("check permissions and free space, or choose another folder");
  }

  /** The one wording for a file that cannot be read. */
  public static Problem cannotRead(Path file, Exception cause) {
    return Problem.of("cannot read file").at(file).found(reason(cause));
  }

  private static String reason(Exception cause) {
    return switch (cause) {
      case java.nio.file.NoSuchFileException e -> "no such file or folder";
      case java.nio.file.AccessDeniedException e -> "permission denied";
      case java.nio.file.FileAlreadyExistsException e -> "a file where a folder is needed";
      default -> cause.getMessage() == null ? cause.toString() : cause.getMessage();
    };
  }
}
