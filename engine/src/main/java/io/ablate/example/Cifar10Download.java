package io.ablate.example;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Folders;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Fetches CIFAR-10's official binary archive into a cache folder: resumes what was interrupted,
 * verifies size and MD5 (the checksum that the authors publish), unpacks. One process at a time for
 * one folder.
 */
public final class Cifar10Download {
  /** Where the authors publish the archive. */
  public static final URI OFFICIAL = URI.create("https://www.cs.toronto.edu/~kriz/");

  private static final Archive CIFAR10 =
      new Archive("cifar-10-binary.tar.gz", 170_052_171L, "c32a1d4ab5d03f1284b67883e8d87530");
  private static final List<String> FILES =
      List.of(
          "data_batch_1.bin",
          "data_batch_2.bin",
          "data_batch_3.bin",
          "data_batch_4.bin",
          "data_batch_5.bin",
          Cifar10Source.TEST_FILE);

  /**
   * What is to be fetched: its file name, its length in bytes, its MD5 in lower-case hexadecimal.
   */
  record Archive(String name, long bytes, String md5) {}

  private final URI base;
  private final Archive archive;
  private final int timeoutMillis;

  /**
   * @param base address of the folder that holds the archive, ending in {@code /}
   */
  public Cifar10Download(URI base) {
    this(base, CIFAR10, 60_000);
  }

  Cifar10Download(URI base, Archive archive, int timeoutMillis) {
    this.base = base;
    this.archive = archive;
    this.timeoutMillis = timeoutMillis;
  }

  /** Where in a cache folder the data lies: what {@code cifar10:DIR} takes. */
  public static Path folder(Path cache) {
    return cache.resolve("cifar10");
  }

  /**
   * Fetches and unpacks, unless that was done before.
   *
   * @param cache usually {@link io.ablate.base.UserCache#folder()}
   * @param progress told of {@code download} in bytes
   * @return {@link #folder}
   * @throws BadInputException if the server, the network or the folder refuses, or what came is not
   *     the archive
   * @throws io.ablate.base.InterruptedRunException if the thread is interrupted; a second call
   *     resumes
   */
  public Path fetch(Path cache, Progress progress) {
    Path folder = folder(cache);
    if (isComplete(folder)) {
      return folder;
    }
    Path file = folder.resolve(archive.name());
    try {
      Files.createDirectories(folder);
      if (!Files.isWritable(folder)) {
        throw new java.nio.file.AccessDeniedException(folder.toString());
      }
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(folder, e), e);
    }
    new ResumableDownload(base.resolve(archive.name()), archive, file, timeoutMillis).run(progress);
    unpack(file, folder);
    return folder;
  }

  private static boolean isComplete(Path folder) {
    try {
      for (String name : FILES) {
        Path file = folder.resolve(Cifar10Source.FOLDER).resolve(name);
        if (!Files.isRegularFile(file) || Files.size(file) != Cifar10Source.FILE_BYTES) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(folder, e), e);
    }
  }

  /** Unpacks beside the final folder and renames, so that the folder is complete or absent. */
  private void unpack(Path file, Path folder) {
    Path partial = folder.resolve("unpacking");
    Path target = folder.resolve(Cifar10Source.FOLDER);
    try {
      Folders.delete(partial);
      try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
          InputStream tar = new GZIPInputStream(in, 1 << 16)) {
        TarArchive.unpack(tar, file.toString(), partial);
      }
      Path unpacked = partial.resolve(Cifar10Source.FOLDER);
      if (!Files.isDirectory(unpacked)) {
        throw new BadInputException(
            Problem.of("unexpected contents of the archive")
                .at(file)
                .expected(Cifar10Source.FOLDER)
                .found("no such folder in it"));
      }
      Folders.delete(target);
      Files.move(unpacked, target, StandardCopyOption.ATOMIC_MOVE);
      Folders.delete(partial);
      Files.delete(file);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(target, e), e);
    }
  }
}
