package io.ablate.nativelib;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Progress;
import io.ablate.base.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A script stands for Maven: nothing is downloaded. */
class FetchedLibrariesTest {
  private static final String FOLDER = "org/sample/linux";

  @TempDir private Path root;
  private Path mvn;

  @BeforeEach
  void writeMaven() throws IOException {
    assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "there is no shell");
    mvn = root.resolve("mvn");
  }

  /** Maven unpacks what {@code repository} holds and says how far it is. */
  private void mavenThat(String... lines) throws IOException {
    Files.writeString(
        mvn,
        "#!/bin/sh\n"
            + "echo \"$@\" >>'%s/calls'\n".formatted(root)
            + "for a in \"$@\"; do case $a in -DoutputDirectory=*) out=${a#*=} ;; esac; done\n"
            + String.join("\n", lines)
            + "\n");
    assertThat(mvn.toFile().setExecutable(true)).isTrue();
  }

  private String unpack() {
    return "cp -R '" + root.resolve("repository") + "/.' \"$out\"";
  }

  private FetchedLibraries libraries(long bytes, String... names) throws IOException {
    List<FetchedLibraries.Artifact> artifacts = new ArrayList<>();
    for (String name : names) {
      artifacts.add(
          new FetchedLibraries.Artifact(
              "org.sample:" + name + ":1:jar:linux", FOLDER, List.of(file(name))));
    }
    return new FetchedLibraries(
        "sample", bytes, artifacts, root.resolve("cache"), new Maven(mvn.toString()));
  }

  private LibraryFile file(String name) throws IOException {
    Path file = root.resolve("repository").resolve(FOLDER).resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "bytes of " + name);
    return LibraryFile.bundled(
        name, Sha256.of(("bytes of " + name).getBytes(StandardCharsets.UTF_8)));
  }

  private List<String> calls() throws IOException {
    Path calls = root.resolve("calls");
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  private static List<String> names(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void shouldKeepOnlyWhatIsNeededAndFetchOnce() throws IOException {
    FetchedLibraries libraries = libraries(1, "liba.so.1", "libb.so.2");
    file("libunneeded.so.3");
    mavenThat("printf 'Progress (1): 0.5/2.0 GB\\rProgress (1): 2.0/2.0 GB\\n'", unpack());
    List<String> progress = new ArrayList<>();
    assertThat(libraries.isComplete()).isFalse();
    libraries.fetch((stage, done, total) -> progress.add(stage + " " + done + "/" + total));
    assertThat(libraries.isComplete()).isTrue();
    assertThat(libraries.folder().getFileName().toString()).matches("sample-[0-9a-f]{16}");
    assertThat(names(libraries.folder()))
        .containsExactly(
            ".lock", "liba.so.1", "liba.so.1.checked", "libb.so.2", "libb.so.2.checked");
    assertThat(libraries.folder().resolve("libb.so.2")).hasContent("bytes of libb.so.2");
    assertThat(progress)
        .startsWith(
            "downloading, MB 500/2000", "downloading, MB 2000/2000", "libraries checked 1/1");
    assertThat(calls())
        .hasSize(2)
        .first()
        .asString()
        .contains(
            "maven-dependency-plugin:3.8.1:unpack",
            "-Dartifact=org.sample:liba.so.1:1:jar:linux",
            "-Dmdep.unpack.includes=**/liba.so.1 ");
    libraries.fetch(Progress.NONE);
    assertThat(calls()).hasSize(2);
  }

  @Test
  void shouldGoOnWhereItStopped() throws IOException {
    FetchedLibraries libraries = libraries(1, "liba.so.1", "libb.so.2");
    mavenThat("case \"$*\" in *libb*) exit 7 ;; esac", unpack());
    assertThatThrownBy(() -> libraries.fetch(Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "Maven cannot fetch org.sample:libb.so.2:1:jar:linux; found exit code 7; check the"
                + " network and Maven's settings, and run the command again");
    assertThat(names(libraries.folder()))
        .containsExactly(".lock", "liba.so.1", "liba.so.1.checked");
    // A process that was killed while it unpacked.
    Files.createDirectories(libraries.folder().resolve(".unpacked/rest"));
    mavenThat(unpack());
    libraries.fetch(Progress.NONE);
    assertThat(calls()).hasSize(3);
    assertThat(libraries.isComplete()).isTrue();
    // A damaged file is fetched again, alone.
    Files.writeString(libraries.folder().resolve("liba.so.1"), "cut");
    assertThat(libraries.isComplete()).isFalse();
    libraries.fetch(Progress.NONE);
    assertThat(calls()).hasSize(4).last().asString().contains("liba.so.1").doesNotContain("libb");
    assertThat(libraries.isComplete()).isTrue();
  }

  @Test
  void shouldSayWhatMavenSays() throws IOException {
    FetchedLibraries libraries = libraries(1, "liba.so.1");
    mavenThat(
        "echo '[ERROR] Failed to execute goal x (default-cli) on project standalone-pom: Could not"
            + " find artifact org.sample:liba.so.1'",
        "echo '[ERROR] further'",
        "exit 1");
    assertThatThrownBy(() -> libraries.fetch(Progress.NONE))
        .hasMessageContaining("; found Could not find artifact org.sample:liba.so.1; check");
  }

  @Test
  void shouldRefuseOtherBytes() throws IOException {
    FetchedLibraries libraries = libraries(1, "liba.so.1");
    mavenThat(unpack(), "echo other >\"$out/" + FOLDER + "/liba.so.1\"");
    assertThatThrownBy(() -> libraries.fetch(Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith(
            "unexpected contents of org.sample:liba.so.1:1:jar:linux: liba.so.1; expected SHA-256 ");
    mavenThat(":");
    assertThatThrownBy(() -> libraries.fetch(Progress.NONE))
        .hasMessageContaining("found no such file in it");
    assertThat(names(libraries.folder())).containsExactly(".lock");
  }

  @Test
  void shouldSayThatMavenIsMissingOrSpaceIsShort() throws IOException {
    FetchedLibraries libraries = libraries(1, "liba.so.1");
    assertThatThrownBy(() -> libraries.fetch(Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("Maven is needed to fetch org.sample:liba.so.1:1:jar:linux: " + mvn)
        .hasMessageContaining("install Maven 3.8 or newer");
    FetchedLibraries huge = libraries(Long.MAX_VALUE, "liba.so.1");
    mavenThat(unpack());
    assertThatThrownBy(() -> huge.fetch(Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("too little space for the libraries: ")
        .hasMessageContaining("XDG_CACHE_HOME");
    assertThat(calls()).isEmpty();
  }

  @Test
  void shouldEndWithMavenWhenInterrupted() throws IOException, InterruptedException {
    FetchedLibraries libraries = libraries(1, "liba.so.1");
    mavenThat("echo started >'" + root + "/started'", "exec sleep 60");
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    libraries.fetch(Progress.NONE);
                  } catch (RuntimeException e) {
                    failure.set(e);
                  }
                });
    while (!Files.exists(root.resolve("started"))) {
      Thread.sleep(10);
    }
    thread.interrupt();
    thread.join(10_000);
    assertThat(failure.get())
        .isInstanceOf(InterruptedRunException.class)
        .hasMessageContaining("run the same command again");
    assertThat(names(libraries.folder())).containsExactly(".lock");
  }

  /** Any library of this process will do. */
  @Test
  void shouldLoadByPath() throws IOException, LibraryUnavailableException {
    Path maps = Path.of("/proc/self/maps");
    assumeTrue(Files.isReadable(maps), "not Linux");
    Path library =
        Files.readAllLines(maps).stream()
            .filter(line -> line.matches(".*/libnet\\.so"))
            .map(line -> Path.of(line.substring(line.indexOf('/'))))
            .findFirst()
            .orElse(Path.of(System.getProperty("java.home"), "lib", "libverify.so"));
    String name = "libfetched.so.1";
    Path file = root.resolve("repository").resolve(FOLDER).resolve(name);
    Files.createDirectories(file.getParent());
    Files.copy(library, file);
    FetchedLibraries libraries =
        new FetchedLibraries(
            "sample",
            1,
            List.of(
                new FetchedLibraries.Artifact(
                    "org.sample:a:1", FOLDER, List.of(LibraryFile.bundled(name, Sha256.of(file))))),
            root.resolve("cache"),
            new Maven(mvn.toString()));
    assertThatThrownBy(libraries::load)
        .isInstanceOf(LibraryUnavailableException.class)
        .hasMessageContaining("libfetched.so.1");
    mavenThat(unpack());
    libraries.fetch(Progress.NONE);
    libraries.load();
    assertThat(Files.readString(maps)).contains(libraries.folder().resolve(name).toString());
  }
}
