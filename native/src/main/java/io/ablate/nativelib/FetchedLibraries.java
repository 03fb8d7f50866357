package io.ablate.nativelib;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Folders;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.Sha256;
import io.ablate.base.UserCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Shared libraries too large, or under terms too narrow, to be brought along: fetched through Maven
 * when the user asks for them, kept in the cache in a folder named by their digests. Of an artifact
 * only the named files are kept. Thread-safe, and safe under concurrent processes.
 */
public final class FetchedLibraries {
  /** Progress as Maven writes it: {@code Progress (1): 181/362 MB}. */
  private static final Pattern PROGRESS =
      Pattern.compile("Progress \\(\\d+\\): ([0-9.]+)/([0-9.]+) ([MG]B)");

  /**
   * One archive in Maven's repository.
   *
   * @param coordinates {@code group:artifact:version:packaging:classifier}
   * @param folder where its libraries lie, without a leading or final slash
   * @param files in load order: dependencies first
   */
  public record Artifact(String coordinates, String folder, List<LibraryFile> files) {
    public Artifact {
      files = List.copyOf(files);
    }
  }

  private final List<Artifact> artifacts;
  private final CheckedFiles checked;
  private final long bytes;
  private final Path folder;
  private final Maven maven;

  /**
   * @param name first part of the cache folder's name
   * @param bytes of all files together
   * @param artifacts in load order
   */
  public FetchedLibraries(String name, long bytes, List<Artifact> artifacts) {
    this(name, bytes, artifacts, UserCache.folder().resolve("native"), new Maven("mvn"));
  }

  FetchedLibraries(String name, long bytes, List<Artifact> artifacts, Path cache, Maven maven) {
    this.artifacts = List.copyOf(artifacts);
    this.bytes = bytes;
    this.maven = maven;
    checked =
        new CheckedFiles(
            name, artifacts.stream().flatMap(artifact -> artifact.files().stream()).toList());
    folder = checked.folder(cache);
  }

  /** Where the files are, or will be. */
  public Path folder() {
    return folder;
  }

  /** Whether all files are there with the right bytes. */
  public boolean isComplete() {
    return checked.isComplete(folder);
  }

  /**
   * Loads all files for the life of the process, by their paths and in order, so that whatever asks
   * for one of them by name afterwards finds it loaded.
   */
  public void load() throws LibraryUnavailableException {
    load(file -> true);
  }

  /** As {@link #load()}, of some files. */
  public void load(Predicate<LibraryFile> which) throws LibraryUnavailableException {
    for (LibraryFile file : checked.files()) {
      if (which.test(file)) {
        BundledLibrary.open(folder.resolve(file.name()).toAbsolutePath());
      }
    }
  }

  /**
   * Fetches what is missing; nothing if nothing is.
   *
   * @param progress told of {@code downloading, MB} and of files {@code checked}
   * @throws BadInputException if Maven is missing or fails, there is too little space, or what came
   *     is not what was expected
   * @throws InterruptedRunException if the thread is interrupted; a second call goes on
   */
  public void fetch(Progress progress) {
    if (isComplete()) {
      return;
    }
    try {
      CheckedFiles.fill(
          folder,
          () -> {
            requireSpace();
            for (Artifact artifact : artifacts) {
              fetch(artifact, progress);
            }
          });
    } catch (LibraryUnavailableException e) {
      throw new BadInputException(e.problem(), e);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(folder, e), e);
    }
  }

  private void requireSpace() throws IOException {
    long free = Files.getFileStore(folder).getUsableSpace();
    if (free < bytes) {
      throw new BadInputException(
          Problem.of("too little space for the libraries")
              .at(folder)
              .expected(megabytes(bytes))
              .found(megabytes(free))
              .remedy("make room, or set XDG_CACHE_HOME to a folder elsewhere"));
    }
  }

  private static String megabytes(long bytes) {
    return bytes / 1_000_000 + " MB";
  }

  private void fetch(Artifact artifact, Progress progress)
      throws IOException, LibraryUnavailableException {
    List<LibraryFile> missing =
        artifact.files().stream().filter(file -> !CheckedFiles.isRight(folder, file)).toList();
    if (missing.isEmpty()) {
      return;
    }
    Path unpacked = folder.resolve(".unpacked");
    Folders.delete(unpacked); // what a killed process left
    Files.createDirectories(unpacked);
    try {
      List<String> names = missing.stream().map(LibraryFile::name).toList();
      maven.unpack(artifact.coordinates(), names, unpacked, line -> report(line, progress));
      int done = 0;
      for (LibraryFile file : missing) {
        keep(unpacked.resolve(artifact.folder()).resolve(file.name()), file, artifact);
        progress.update("libraries checked", ++done, missing.size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedRunException(
          Problem.of("interrupted while fetching " + artifact.coordinates())
              .remedy("run the same command again: it goes on"));
    } finally {
      Folders.delete(unpacked);
    }
  }

  /** Only right bytes reach the final name. */
  private void keep(Path from, LibraryFile file, Artifact artifact) throws IOException {
    String found = Files.isRegularFile(from) ? Sha256.of(from) : "no such file in it";
    if (!found.equals(file.sha256())) {
      throw new BadInputException(
          Problem.of("unexpected contents of " + artifact.coordinates())
              .at(file.name())
              .expected("SHA-256 " + file.sha256())
              .found(found)
              .remedy("delete that artifact from Maven's local repository and run this again"));
    }
    Files.move(
        from,
        folder.resolve(file.name()),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    CheckedFiles.remember(folder, file);
  }

  private static void report(String line, Progress progress) {
    Matcher matcher = PROGRESS.matcher(line);
    if (matcher.find()) {
      int unit = "GB".equals(matcher.group(3)) ? 1000 : 1;
      progress.update(
          "downloading, MB",
          Math.round(Double.parseDouble(matcher.group(1)) * unit),
          Math.round(Double.parseDouble(matcher.group(2)) * unit));
    }
  }
}
