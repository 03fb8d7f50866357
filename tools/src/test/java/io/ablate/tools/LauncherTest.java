package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the launcher with stand-ins for JDK and Maven, in folders with spaces in their names. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final Path LAUNCHER =
      Path.of(System.getProperty("basedir", "tools")).toAbsolutePath().resolve("../ablate");

  @TempDir Path temp;
  private Path project;
  private Path bin;
  private Path jdks;

  record Outcome(int code, String out, String err) {}

  @BeforeEach
  void layOut() throws IOException, InterruptedException {
    project = Files.createDirectories(temp.resolve("my project"));
    bin = Files.createDirectories(temp.resolve("bin"));
    jdks = Files.createDirectories(temp.resolve("all jdks"));
    String text = Files.readString(LAUNCHER);
    // Only the JDKs of this test, wherever this machine keeps its own.
    int first = text.indexOf("    /usr/lib/jvm/*");
    int last = text.indexOf("; do", first);
    assertThat(first).isPositive();
    script(
        project.resolve("ablate"),
        text.substring(0, first) + "    '" + jdks + "'/*" + text.substring(last));
    for (String tool : List.of("dirname", "readlink", "sed", "find", "head", "mkdir", "mv")) {
      Process which =
          new ProcessBuilder("/bin/sh", "-c", "command -v " + tool)
              .redirectErrorStream(true)
              .start();
      String path = new String(which.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(which.waitFor()).as(tool).isZero();
      script(bin.resolve(tool), "#!/bin/sh\nexec " + path.strip() + " \"$@\"\n");
    }
    for (String module : List.of("engine", "native", "tools", "models-onnx")) {
      Path sources = Files.createDirectories(project.resolve(module + "/src/main"));
      aged(Files.writeString(sources.resolve("Source.java"), ""), 100);
    }
  }

  @Test
  void shouldRunFromAnyFolderThroughALink() throws Exception {
    jdk("jdk 25", "25.0.3");
    jar(50);
    Path link = temp.resolve("a link");
    Files.createSymbolicLink(link, Path.of("my project/ablate"));
    Outcome outcome = run(link, Map.of("ABLATE_JAVA_OPTS", "-Xmx3g -Dx=y"), "collect", "two words");
    assertThat(outcome.err()).isEmpty();
    assertThat(outcome.code()).isEqualTo(7);
    assertThat(outcome.out().lines())
        .contains("--enable-native-access=ALL-UNNAMED", "-Xmx3g", "-Dx=y")
        .endsWith(
            "-jar",
            project.toRealPath() + "/tools/target/ablate-tools.jar",
            "collect",
            "two words");
  }

  @ParameterizedTest
  @ValueSource(strings = {"17.0.15", "25", "25.0.2", "24.9.9", "26-ea"})
  void shouldRefuseAnOlderJdk(String version) throws Exception {
    jdk("old", version);
    jar(50);
    Outcome outcome = run(project.resolve("ablate"), Map.of());
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.err().strip())
        .isEqualTo(
            "ablate: no JDK 25.0.3 or newer (found only "
                + version
                + " in "
                + jdks.resolve("old")
                + "); install one (for example Eclipse Temurin 25) or set JAVA_HOME to it.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"25.0.3", "25.0.10", "25.1", "26", "25.0.3.1"})
  void shouldTakeANewEnoughJdk(String version) throws Exception {
    jdk("an older one", "21.0.4");
    jdk("new", version);
    jar(50);
    assertThat(run(project.resolve("ablate"), Map.of()).code()).isEqualTo(7);
  }

  @Test
  void shouldPreferJavaHome() throws Exception {
    jdk("a", "25.0.3");
    Path mine = jdk("z", "25.0.4");
    jar(50);
    Outcome outcome = run(project.resolve("ablate"), Map.of("JAVA_HOME", mine.toString()));
    assertThat(outcome.out()).startsWith(mine.toString());
  }

  @Test
  void shouldSayThatMavenIsMissing() throws Exception {
    jdk("jdk", "25.0.3");
    Outcome outcome = run(project.resolve("ablate"), Map.of());
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.err()).startsWith("ablate: Maven is needed").contains("install");
    assertThat(outcome.err().strip().lines()).hasSize(1);
  }

  @Test
  void shouldBuildOnceAndAgainAfterAChange() throws Exception {
    jdk("jdk", "25.0.3");
    script(
        bin.resolve("mvn"),
        "#!/bin/sh\necho \"$@\" >>'" + temp + "/built'\n: >tools/target/ablate-tools.jar\n");
    Path launcher = project.resolve("ablate");
    Outcome first = run(launcher, Map.of());
    assertThat(first.code()).isEqualTo(7);
    assertThat(first.err()).contains("building once");
    assertThat(run(launcher, Map.of()).err()).isEmpty();
    Files.setLastModifiedTime(
        project.resolve("engine/src/main/Source.java"),
        FileTime.from(Instant.now().plusSeconds(60)));
    assertThat(run(launcher, Map.of()).err()).contains("building once");
    assertThat(Files.readAllLines(temp.resolve("built")))
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).contains("package -DskipTests"));
  }

  @Test
  void shouldFailWhereTheBuildFails() throws Exception {
    jdk("jdk", "25.0.3");
    script(bin.resolve("mvn"), "#!/bin/sh\necho broken\nexit 1\n");
    Outcome outcome = run(project.resolve("ablate"), Map.of());
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err()).contains("broken").contains("the build failed");
  }

  private Outcome run(Path launcher, Map<String, String> variables, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", launcher.toString()));
    command.addAll(List.of(arguments));
    Path out = temp.resolve("out");
    Path err = temp.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(jdks.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", bin.toString());
    builder.environment().put("HOME", temp.toString());
    builder.environment().putAll(variables);
    int code = builder.start().waitFor();
    return new Outcome(code, Files.readString(out), Files.readString(err));
  }

  private Path jdk(String name, String version) throws IOException {
    Path home = jdks.resolve(name);
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    script(home.resolve("bin/java"), "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\"\nexit 7\n");
    script(home.resolve("bin/javac"), "#!/bin/sh\n");
    return home;
  }

  private void jar(int secondsOld) throws IOException {
    Path target = Files.createDirectories(project.resolve("tools/target"));
    aged(Files.writeString(target.resolve("ablate-tools.jar"), ""), secondsOld);
  }

  private static void aged(Path file, int seconds) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(seconds)));
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
