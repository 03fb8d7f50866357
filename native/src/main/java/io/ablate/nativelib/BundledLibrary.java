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
import java.nio.file.Path;
import java.util.List;

/**
 * A shared library with its companions, kept as class-path resources. They are extracted once into
 * a folder named by their digests, checked at every start, and loaded by absolute path in the given
 * order.
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
    CheckedFiles checked = new CheckedFiles(name, files);
    Path folder = checked.folder(cache);
    try {
      if (!checked.isComplete(folder)) {
        CheckedFiles.fill(
            folder,
            () -> {
              for (LibraryFile file : files) {
                if (!CheckedFiles.isRight(folder, file)) {
                  write(folder, file);
                }
              }
            });
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
    return open(folder.resolve(file.name()).toAbsolutePath());
  }

  /** Loads a file for the life of the process. */
  @SuppressWarnings("restricted") // loading native code is the purpose
  static SymbolLookup open(Path path) throws LibraryUnavailableException {
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
