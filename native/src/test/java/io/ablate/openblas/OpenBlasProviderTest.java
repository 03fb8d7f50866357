package io.ablate.openblas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.backend.Backends;
import io.ablate.backend.Devices;
import io.ablate.base.BackendProvider;
import io.ablate.cuda.CudaDeviceProvider;
import io.ablate.forward.ForwardBackends;
import io.ablate.linalg.LinearAlgebras;
import io.ablate.nativelib.BundledLibrary;
import io.ablate.nativelib.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenBlasProviderTest {
  @Test
  void shouldBeWhatAutoChooses() {
    assumeTrue(OpenBlasFiles.of(Platform.current()) != null, "no OpenBLAS for this platform");
    assumeTrue(new CudaDeviceProvider().whyUnusable().isPresent(), "a device is preferred");
    var selection = Backends.linearAlgebra("auto", 2);
    assertThat(selection.role().chosen()).isEqualTo("openblas");
    assertThat(selection.role().version()).startsWith("OpenBLAS 0.3.");
    assertThat(selection.backend()).isInstanceOf(OpenBlasLinearAlgebra.class);
  }

  @Test
  void shouldBeFoundFromThreadsOfAnotherClassLoader() {
    ClassLoader own = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    try {
      assertThat(LinearAlgebras.providers()).extracting(BackendProvider::name).contains("openblas");
      assertThat(ForwardBackends.providers())
          .extracting(BackendProvider::name)
          .contains("onednn-cpu");
      assertThat(Devices.providers()).isNotEmpty();
    } finally {
      Thread.currentThread().setContextClassLoader(own);
    }
  }

  @Test
  void shouldGiveWayWhereNativeCodeIsSwitchedOff() throws Exception {
    assertThat(runChoose("-D" + BundledLibrary.SWITCH + "=off", "auto"))
        .contains("ejml instead of openblas: native code is switched off: -Dablate.native=off")
        .endsWith("chosen ejml\n");
    assertThat(runChoose("-D" + BundledLibrary.SWITCH + "=off", "openblas"))
        .endsWith(
            "refused: backend openblas cannot be used: native code is switched off:"
                + " -Dablate.native=off; leave the property out\n");
  }

  /** Whether native code is used is settled once for a process: so, another process. */
  private static String runChoose(String option, String request)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    option,
                    "-cp",
                    System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")),
                    Choose.class.getName(),
                    request))
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return output;
  }

  static final class Choose {
    public static void main(String[] arguments) {
      try {
        System.out.println("chosen " + Backends.linearAlgebra(arguments[0], 1).role().chosen());
      } catch (RuntimeException e) {
        System.out.println("refused: " + e.getMessage());
      }
    }
  }
}
