package io.ablate.nativelib;

import io.ablate.base.AblateException;
import io.ablate.base.AtomicFile;
import io.ablate.base.Problem;
import io.ablate.base.Sha256;
import io.ablate.base.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A shared library with its companions, kept as class-path resources. They are extracted once into
 * a folder named by their digests, checked at every start, and loaded by absolute path in the given
 * order. A file whose size and time of change are those of the last check is not read again: the
 * digest of a large library takes a third of a second.
 *
 * @param name first part of the cache folder's name
 * @param resourceFolder where the files lie on the class path, without a leading or final slash
 * @param artifact the Maven coordinates that bring them, for the remedy
 * @param files in load order: dependencies first, the library itself last
 */
public record BundledLibrary(
    String name, String resourceFolder, String artifact, List<LibraryFile> files) {
  /** {@code -Dablate.native=off} switches all native code off. */
  public static final String SWITCH = "ablate.native";

  public BundledLibrary {
    files = List.copyOf(files);
  }

  /** Extracts the files where needed and loads them for the life of the process. */
  public SymbolLookup load() throws LibraryUnavailableException {
    return load(UserCache.folder().resolve("native"));
  }

  SymbolLookup load(Path cache) throws LibraryUnavailableException {
    if ("off".equals(System.getProperty(SWITCH))) {
      throw new LibraryUnavailableException(
          Problem.of("native code is switched off")
              .at("-D" + SWITCH + "=off")
              .remedy("leave the property out"));
    }
    Path folder = extract(cache);
    SymbolLookup last = null;
    for (LibraryFile file : files) {
      last = open(folder, file);
    }
    if (last == null) {
      throw new IllegalArgumentException("a library without files: " + name);
    }
    return last;
  }

  /** The folder that holds all files with the right bytes; safe under concurrent starts. */
  Path extract(Path cache) throws LibraryUnavailableException {
    Path folder = cache.resolve(name + "-" + digest().substring(0, 16));
    try {
      if (!isComplete(folder)) {
        Files.createDirectories(folder);
        synchronized (BundledLibrary.class) {
          try (FileChannel channel =
              FileChannel.open(
                  folder.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            channel.lock(); // other processes wait; closing the channel releases it
            for (LibraryFile file : files) {
              if (!hasRightBytes(folder, file)) {
                write(folder, file);
              }
            }
          }
        }
      }
      return folder;
    } catch (IOException | AblateException e) {
      throw new LibraryUnavailableException(
          Problem.of("cannot extract the native library")
              .at(folder)
              .found(e.getMessage() == null ? e.toString() : e.getMessage())
              .remedy("make the folder writable, or set XDG_CACHE_HOME to one that is"),
          e);
    }
  }

  private void write(Path folder, LibraryFile file)
      throws IOException, LibraryUnavailableException {
    String resource = resourceFolder + "/" + file.name();
    try (InputStream in = BundledLibrary.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new LibraryUnavailableException(
            Problem.of("native library not on the class path")
                .at(resource)
                .remedy("add " + artifact));
      }
      byte[] bytes = in.readAllBytes();
      String found = Sha256.of(bytes);
      if (!found.equals(file.sha256())) {
        throw new LibraryUnavailableException(
            Problem.of("native library with unknown bytes")
                .at(resource)
                .expected("SHA-256 " + file.sha256())
                .found(found)
                .remedy("use " + artifact));
      }
      AtomicFile.write(folder.resolve(file.name()), out -> out.write(bytes));
    }
  }

  private boolean isComplete(Path folder) {
    return files.stream().allMatch(file -> hasRightBytes(folder, file));
  }

  private static boolean hasRightBytes(Path folder, LibraryFile file) {
    Path path = folder.resolve(file.name());
    if (!Files.isRegularFile(path)) {
      return false;
    }
    Path checked = folder.resolve(file.name() + ".checked");
    String state = state(path);
    if (!state.isEmpty() && state.equals(content(checked))) {
      return true;
    }
    boolean right = Sha256.of(path).equals(file.sha256());
    if (right && !state.isEmpty()) {
      try {
        AtomicFile.write(checked, out -> out.write(state.getBytes(StandardCharsets.UTF_8)));
      } catch (AblateException e) {
        // A folder that cannot be written: the next start reads the file again.
      }
    }
    return right;
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

  private String digest() {
    StringBuilder all = new StringBuilder();
    files.forEach(file -> all.append(file.sha256()).append("  ").append(file.name()).append('\n'));
    return Sha256.of(all.toString().getBytes(StandardCharsets.UTF_8));
  }

  @SuppressWarnings("restricted") // loading native code is the purpose
  private static SymbolLookup open(Path folder, LibraryFile file)
      throws LibraryUnavailableException {
    if (file.preferSystem()) {
      try {
        return SymbolLookup.libraryLookup(file.name(), Arena.global());
      } catch (IllegalArgumentException e) {
        // The system has none: the bundled copy follows.
      }
    }
    Path path = folder.resolve(file.name()).toAbsolutePath();
    try {
      return SymbolLookup.libraryLookup(path, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new LibraryUnavailableException(
          Problem.of("cannot load the native library")
              .at(path)
              .found(e)
              .remedy("check that the folder allows execution (no noexec mount)"),
          e);
    } catch (IllegalCallerException e) {
      throw new LibraryUnavailableException(
          Problem.of("native access is not allowed")
              .at(path)
              .remedy("start Java with --enable-native-access=ALL-UNNAMED"),
          e);
    }
  }
}
