package io.ablate.nativelib;

import io.ablate.base.AblateException;
import io.ablate.base.AtomicFile;
import io.ablate.base.Sha256;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * Files of known bytes in a folder of a cache that is named by their digests. A file whose size and
 * time of change are those of the last check is not read again: the digest of a large library takes
 * a third of a second.
 */
record CheckedFiles(String name, List<LibraryFile> files) {
  CheckedFiles {
    files = List.copyOf(files);
  }

  /** What fills the folder, alone among threads and processes. */
  @FunctionalInterface
  interface Filling {
    void run() throws IOException, LibraryUnavailableException;
  }

  Path folder(Path cache) {
    StringBuilder all = new StringBuilder();
    files.forEach(file -> all.append(file.sha256()).append("  ").append(file.name()).append('\n'));
    String digest = Sha256.of(all.toString().getBytes(StandardCharsets.UTF_8));
    return cache.resolve(name + "-" + digest.substring(0, 16));
  }

  boolean isComplete(Path folder) {
    return files.stream().allMatch(file -> isRight(folder, file));
  }

  /** Other processes wait. */
  static void fill(Path folder, Filling filling) throws IOException, LibraryUnavailableException {
    Files.createDirectories(folder);
    synchronized (CheckedFiles.class) {
      try (FileChannel channel =
          FileChannel.open(
              folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        channel.lock(); // closing the channel releases it
        filling.run();
      }
    }
  }

  /** Whether a file is there with the right bytes. */
  static boolean isRight(Path folder, LibraryFile file) {
    Path path = folder.resolve(file.name());
    if (!Files.isRegularFile(path)) {
      return false;
    }
    String state = state(path);
    if (!state.isEmpty() && state.equals(content(checked(folder, file)))) {
      return true;
    }
    boolean right = Sha256.of(path).equals(file.sha256());
    if (right) {
      remember(folder, file);
    }
    return right;
  }

  /** That a file was just checked. */
  static void remember(Path folder, LibraryFile file) {
    String state = state(folder.resolve(file.name()));
    if (state.isEmpty()) {
      return;
    }
    try {
      AtomicFile.writeString(checked(folder, file), state);
    } catch (AblateException e) {
      // A folder that cannot be written: the next start reads the file again.
    }
  }

  private static Path checked(Path folder, LibraryFile file) {
    return folder.resolve(file.name() + ".checked");
  }

  /** Size and time of change; empty if they cannot be told. */
  private static String state(Path path) {
    try {
      return Files.size(path) + " bytes, changed " + Files.getLastModifiedTime(path);
    } catch (IOException e) {
      return "";
    }
  }

  private static String content(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      return "";
    }
  }
}
