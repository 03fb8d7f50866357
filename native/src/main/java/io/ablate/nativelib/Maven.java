package io.ablate.nativelib;

import io.ablate.base.Problem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Maven as a process of its own: it knows the user's repositories, mirrors and proxies, keeps what
 * it downloaded, checks it, and goes on with an interrupted download.
 *
 * @param program name or path of {@code mvn}
 */
record Maven(String program) {
  private static final String UNPACK =
      "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack";

  /** How much of Maven's own words an error repeats. */
  private static final int LONGEST_REASON = 300;

  private static final int LOOK_MILLIS = 50;

  /**
   * Downloads an artifact, unless Maven has it, and unpacks some of its files, in the folders that
   * they have there.
   *
   * @param coordinates {@code group:artifact:version:packaging:classifier}
   * @param files their names
   * @param folder where to; also Maven's working folder
   * @param output receives lines, and pieces of lines that Maven writes over
   */
  void unpack(String coordinates, List<String> files, Path folder, Consumer<String> output)
      throws LibraryUnavailableException, InterruptedException {
    List<String> command =
        List.of(
            program,
            "-Dstyle.color=never",
            UNPACK,
            "-Dartifact=" + coordinates,
            "-Dmdep.unpack.includes=**/" + String.join(",**/", files),
            "-Dmdep.overWriteReleases=true",
            "-DoutputDirectory=" + folder);
    // Not in batch mode: that would hide how far the download is.
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new LibraryUnavailableException(
          Problem.of("Maven is needed to fetch " + coordinates)
              .at(program)
              .found("it cannot be started")
              .remedy("install Maven 3.8 or newer, and run the command again"),
          e);
    }
    try {
      String error = read(process, output);
      int code = process.waitFor();
      if (code != 0) {
        throw new LibraryUnavailableException(
            Problem.of("Maven cannot fetch " + coordinates)
                .found(error == null ? "exit code " + code : error)
                .remedy("check the network and Maven's settings, and run the command again"));
      }
    } finally {
      process.destroy();
    }
  }

  /** Maven's first error, or null. Looks instead of waiting, so that it can be interrupted. */
  private static @Nullable String read(Process process, Consumer<String> output)
      throws InterruptedException {
    String error = null;
    StringBuilder line = new StringBuilder();
    try (Reader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      while (process.isAlive() || in.ready()) {
        if (!in.ready()) {
          Thread.sleep(LOOK_MILLIS);
          continue;
        }
        int c = in.read();
        if (c != '\n' && c != '\r') {
          line.append((char) c);
          continue;
        }
        String text = line.toString();
        line.setLength(0);
        output.accept(text);
        int at = text.indexOf("[ERROR] ");
        if (error == null && at >= 0) {
          error = reason(text.substring(at + "[ERROR] ".length()).strip());
        }
      }
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
    return error;
  }

  /** Without the goal that failed, and what Maven calls a project where there is none. */
  private static String reason(String error) {
    String stub = " on project standalone-pom: ";
    int at = error.indexOf(stub);
    String reason = at < 0 ? error : error.substring(at + stub.length());
    return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON) + "…";
  }
}
