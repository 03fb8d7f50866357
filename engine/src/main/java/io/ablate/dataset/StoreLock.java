package io.ablate.dataset;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Keeps all other runs from writing to a store, from before its first file is there. A file of its
 * own, which nothing else opens: on Linux closing any other handle of a locked file drops the lock.
 * What a killed process leaves of it is no lock.
 */
final class StoreLock implements AutoCloseable {
  private static final String NAME = ".lock";

  private final Path path;
  private final RandomAccessFile file;

  private StoreLock(Path path, RandomAccessFile file) {
    this.path = path;
    this.file = file;
  }

  /**
   * Locks the store in a folder, which is made where it is missing.
   *
   * @throws BadInputException if another run holds the lock, or the folder cannot be written
   */
  static StoreLock of(Path folder) {
    Path path = folder.resolve(NAME);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(path, e), e);
    }
    try {
      return new StoreLock(path, locked(folder, path));
    } catch (OverlappingFileLockException e) {
      throw new BadInputException(inUse(folder), e);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(path, e), e);
    }
  }

  private static RandomAccessFile locked(Path folder, Path path) throws IOException {
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    boolean held = false;
    try {
      // The file is gone where a run ended between the two calls: its lock says nothing.
      held = file.getChannel().tryLock() != null && Files.exists(path);
    } finally {
      if (!held) {
        file.close();
      }
    }
    if (!held) {
      throw new BadInputException(inUse(folder));
    }
    return file;
  }

  private static Problem inUse(Path folder) {
    return Problem.of("the store is in use")
        .at(folder)
        .found("another run that writes to it")
        .remedy("wait for that run to end, or choose another folder");
  }

  @Override
  public void close() {
    try (file) {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(path, e), e);
    }
  }
}
