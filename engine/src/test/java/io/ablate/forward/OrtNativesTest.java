package io.ablate.forward;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import io.ablate.base.BadInputException;
import io.ablate.base.UserCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class OrtNativesTest {
  /** Loads ONNX Runtime. */
  static final class Child {
    private Child() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] arguments) {
      try {
        if (arguments[0].equals("elsewhere")) {
          OrtEnvironment.getEnvironment();
        }
        System.out.println("loaded " + OrtSessions.environment().getVersion());
        System.out.println("from " + OrtNatives.library());
      } catch (BadInputException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void shouldRefuseACommandLineThatCrashesTheLibrary() throws Exception {
    Assumptions.assumeTrue(Files.isReadable(Path.of("/proc/self/cmdline")));
    assertThat(child("", "x".repeat(5000)))
        .startsWith("ONNX Runtime would crash")
        .contains("expected at most 3800 bytes", "ORT_DISABLE_TELEMETRY=1");
  }

  @Test
  void shouldLoadWithAnyCommandLineWhereTelemetryIsOff() throws Exception {
    assertThat(child("1", "x".repeat(5000))).startsWith("loaded ");
  }

  @Test
  void shouldLoadWithAShortCommandLine() throws Exception {
    assertThat(child("", "x")).startsWith("loaded ");
  }

  @Test
  void shouldTellWhereTheLibraryWasLoadedFrom() throws Exception {
    Path cache = UserCache.folder().resolve("onnxruntime");
    Assumptions.assumeTrue(Files.isReadable(Path.of("/proc/self/maps")) && Files.exists(cache));
    assertThat(child("1", "ours")).contains("from " + cache);
    // Used by somebody else before, it lies in a temporary folder.
    assertThat(child("1", "elsewhere")).contains("from /").doesNotContain(cache.toString());
  }

  private static String child(String telemetry, String argument)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            Child.class.getName(),
            argument);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().remove("ORT_DISABLE_TELEMETRY");
    if (!telemetry.isEmpty()) {
      builder.environment().put("ORT_DISABLE_TELEMETRY", telemetry);
    }
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(out).isZero();
    return out;
  }
}
