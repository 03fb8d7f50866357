package io.ablate.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * From the start of Java to the end of the first batch of the bundled model ({@link FirstPass}),
 * the native libraries in the cache.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 1) // extracts the libraries where they are not there yet
@Measurement(iterations = 9)
public class StartUpBenchmark {
  @Param({"onednn-cpu", "onnxruntime-cpu"})
  public String backend = "onnxruntime-cpu";

  @Benchmark
  public int firstPass() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    "-cp",
                    System.getProperty("java.class.path"),
                    FirstPass.class.getName(),
                    backend))
            .inheritIO()
            .start();
    int code = process.waitFor();
    Check.that(code == 0, "exit code " + code);
    return code;
  }
}
