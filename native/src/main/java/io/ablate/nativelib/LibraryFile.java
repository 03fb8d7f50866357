package io.ablate.nativelib;

/**
 * One file of a bundled library.
 *
 * @param name the file's name, in the class-path folder and in the cache
 * @param sha256 its digest in lower-case hexadecimal: other bytes are not loaded
 * @param preferSystem whether the system's own copy of that name is taken where it has one. So for
 *     the compiler's run-time library: an older copy loaded first would be found by name, and
 *     refused, by libraries that need a newer one
 */
public record LibraryFile(String name, String sha256, boolean preferSystem) {
  public static LibraryFile bundled(String name, String sha256) {
    return new LibraryFile(name, sha256, false);
  }

  public static LibraryFile systemFirst(String name, String sha256) {
    return new LibraryFile(name, sha256, true);
  }
}
