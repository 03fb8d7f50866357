package io.ablate.dataset;

import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GradientKillTest {
  private static final int PASSES = 130;
  private static final int KILLS = 3;
  private static final long SEED = 20261124;

  @TempDir Path folder;

  @Test
  void shouldEndWithTheSameBytesAfterKills() throws Exception {
    Path undisturbed = folder.resolve("undisturbed");
    Collector.run(request(undisturbed, new AnalyticGradients()), Progress.NONE);
    Path store = folder.resolve("store");
    SplittableRandom random = new SplittableRandom(SEED);
    long kept = 0;
    // On a busy machine the first passes may take longer than one life: then the next is longer.
    for (int kill = 0; kill < KILLS || kept == 0 && kill < 3 * KILLS; kill++) {
      Process process = start(store);
      process.getInputStream().read();
      Thread.sleep((kept == 0 ? Math.min(1 + kill, 3) : 1) * (700 + random.nextLong(400)));
      assertThat(process.isAlive()).isTrue();
      process.destroyForcibly().waitFor();
      long now = GradientStore.done(store, layout(store));
      assertThat(now).isGreaterThanOrEqualTo(kept).isLessThan(PASSES * StoreTesting.EXAMPLES);
      kept = now;
    }
    assertThat(kept).as("passes that kills left").isPositive();
    Process last = start(store);
    assertThat(last.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(last.exitValue()).isZero();
    assertSameBytes(store, undisturbed);
  }

  private static GradientLayout layout(Path store) {
    return new GradientLayout(
        0,
        GradientSegments.ends(0, PASSES),
        true,
        StoreTesting.EXAMPLES,
        Manifest.read(store.resolve("manifest.json")).components());
  }

  private static CollectRequest request(Path store, AnalyticGradients backend) {
    return GradientTesting.resumed(GradientTesting.request(store, 3, 0, PASSES, .3, 4, backend));
  }

  private Process start(Path store) throws IOException {
    return new ProcessBuilder(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                GradientKillTest.class.getName(),
                store.toString()))
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  public static void main(String[] arguments) {
    boolean[] told = {false};
    // Slow enough to be killed in the midst of things: 164 runs of 30 ms.
    AnalyticGradients slow =
        new AnalyticGradients(run -> LockSupport.parkNanos(30_000_000), Float.NaN);
    Collector.run(
        request(Path.of(arguments[0]), slow),
        (stage, done, total) -> {
          if (stage.equals("gradient passes") && !told[0]) {
            told[0] = true;
            System.out.println(stage);
          }
        });
  }
}
