package io.ablate.nativelib;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledLibraryTest {
  /** Any class-path resource will do for all but loading. */
  private static final String FOLDER = "io/ablate/nativelib";

  private static final String FILE = "BundledLibraryTest.class";

  @TempDir Path cache;

  @Test
  void shouldExtractOnceIntoAFolderNamedByContent() throws Exception {
    Path folder = library(digest()).extract(cache);
    assertThat(folder.getParent()).isEqualTo(cache);
    assertThat(folder.getFileName().toString()).matches("sample-[0-9a-f]{16}");
    assertThat(folder.resolve(FILE)).hasBinaryContent(resource());
    var written = Files.getLastModifiedTime(folder.resolve(FILE));
    assertThat(library(digest()).extract(cache)).isEqualTo(folder);
    assertThat(Files.getLastModifiedTime(folder.resolve(FILE))).isEqualTo(written);
  }

  @Test
  void shouldReplaceADamagedCopy() throws Exception {
    Path file = library(digest()).extract(cache).resolve(FILE);
    Files.writeString(file, "cut sho");
    library(digest()).extract(cache);
    assertThat(file).hasBinaryContent(resource());
  }

  /** Size and time of change tell whether a file has to be read again. */
  @Test
  void shouldReadAgainWhatWasTouched() throws Exception {
    Path file = library(digest()).extract(cache).resolve(FILE);
    library(digest()).extract(cache);
    FileTime checked = Files.getLastModifiedTime(file);
    byte[] other = resource();
    other[0]++;
    Files.write(file, other);
    Files.setLastModifiedTime(file, checked);
    library(digest()).extract(cache);
    assertThat(file).hasBinaryContent(other);

    Files.setLastModifiedTime(file, FileTime.fromMillis(checked.toMillis() + 2000));
    library(digest()).extract(cache);
    assertThat(file).hasBinaryContent(resource());
  }

  @Test
  void shouldExtractInManyThreadsAtOnce() throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
      List<Callable<Path>> starts = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        starts.add(() -> library(digest()).extract(cache));
      }
      for (Future<Path> start : pool.invokeAll(starts)) {
        assertThat(start.get().resolve(FILE)).hasBinaryContent(resource());
      }
    }
    try (var left = Files.list(library(digest()).extract(cache))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder(FILE, FILE + ".checked", ".lock");
    }
  }

  @Test
  void shouldRefuseOtherBytesThanKnown() {
    assertThatThrownBy(() -> library("0".repeat(64)).extract(cache))
        .isInstanceOf(LibraryUnavailableException.class)
        .hasMessage(
            "native library with unknown bytes: %s/%s; expected SHA-256 %s, found %s; use g:a:1",
            FOLDER, FILE, "0".repeat(64), digest());
  }

  @Test
  void shouldNameWhatIsNotOnTheClassPath() {
    BundledLibrary library =
        new BundledLibrary(
            "sample", FOLDER, "g:a:1", List.of(LibraryFile.bundled("absent.so", digest())));
    assertThatThrownBy(() -> library.extract(cache))
        .isInstanceOf(LibraryUnavailableException.class)
        .hasMessage(
            "native library not on the class path: io/ablate/nativelib/absent.so; add g:a:1");
  }

  @Test
  void shouldSayWhenTheCacheCannotBeWritten() throws IOException {
    Path file = Files.createFile(cache.resolve("file"));
    assertThatThrownBy(() -> library(digest()).extract(file))
        .isInstanceOf(LibraryUnavailableException.class)
        .hasMessageStartingWith("cannot extract the native library: " + file)
        .hasMessageEndingWith("make the folder writable, or set XDG_CACHE_HOME to one that is");
  }

  @Test
  void shouldSayWhatCannotBeLoaded() {
    assertThatThrownBy(() -> library(digest()).load(cache))
        .isInstanceOf(LibraryUnavailableException.class)
        .hasMessageStartingWith("cannot load the native library: " + cache)
        .hasMessageEndingWith("check that the folder allows execution (no noexec mount)");
  }

  @Test
  void shouldNameThePlatformAsMavenClassifiersDo() {
    assertThat(Platform.of("Linux", "amd64")).isEqualTo("linux-x86_64");
    assertThat(Platform.of("Linux", "aarch64")).isEqualTo("linux-arm64");
    assertThat(Platform.of("Mac OS X", "aarch64")).isEqualTo("macosx-arm64");
    assertThat(Platform.of("Windows 11", "amd64")).isEqualTo("windows-x86_64");
    assertThat(Platform.of("FreeBSD", "riscv64")).isEqualTo("freebsd-riscv64");
  }

  private static BundledLibrary library(String digest) {
    return new BundledLibrary(
        "sample", FOLDER, "g:a:1", List.of(LibraryFile.bundled(FILE, digest)));
  }

  private static String digest() {
    return Sha256.of(resource());
  }

  private static byte[] resource() {
    try (InputStream in = BundledLibraryTest.class.getResourceAsStream(FILE)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
