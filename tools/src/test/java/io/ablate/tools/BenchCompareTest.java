package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.tools.bench.JmhResults;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Planted slowdowns and losses are found; noise is not taken for one. */
class BenchCompareTest {
  private static final int FORKS = 5;

  @TempDir Path folder;
  private Path base;

  @BeforeEach
  void writeBase() throws IOException {
    base = write("base.json", 1, 1, .612, 144, 1);
  }

  /**
   * Results of a throughput and a time with counters, with noise of 2 %, on a machine that drifts
   * by 30 %.
   */
  private Path write(
      String name, double speed, double slowness, double lds, double passes, long seed)
      throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    return Files.writeString(
        folder.resolve(name),
        """
        [{"benchmark": "io.ablate.benchmarks.ForwardBenchmark.masked", "mode": "thrpt",
          "params": {"batch": "64"},
          "primaryMetric": {"score": 0, "scoreUnit": "ops/s", "rawData": FAST},
          "secondaryMetrics": {"passes": {"score": 1, "scoreUnit": "ops/s", "rawData": [[1]]}}},
         {"benchmark": "io.ablate.benchmarks.SampleEfficiencyBenchmark.fit", "mode": "ss",
          "params": {"method": "auto"},
          "primaryMetric": {"score": 0, "scoreUnit": "ms/op", "rawData": SLOW},
          "secondaryMetrics": {
            "lds200": {"score": 0, "scoreUnit": "#", "rawData": [[LDS, LDS]]},
            "countForwardRuns": {"score": 0, "scoreUnit": "#", "rawData": [[PASSES]]},
            "passesToLds05": {"score": 0, "scoreUnit": "#", "rawData": [[PASSES]]}}}]
        """
            .replace("FAST", raw(100 * speed, 1, random))
            .replace("SLOW", raw(40 * slowness, -1, random))
            .replace("LDS", Double.toString(lds))
            .replace("PASSES", Double.isNaN(passes) ? "\"NaN\"" : Double.toString(passes)));
  }

  private static String raw(double value, int drift, SplittableRandom random) {
    return IntStream.range(0, FORKS)
        .mapToObj(
            fork -> {
              double machine = Math.pow(1 + .3 * fork / FORKS, drift);
              return String.format(
                  Locale.ROOT,
                  "[%.4f, %.4f]",
                  value * machine * (1 + random.nextDouble(-.02, .02)),
                  value * machine * (1 + random.nextDouble(-.02, .02)));
            })
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private String verdict(Path head, String name) {
    JsonNode lines = Json.read(json(head)).path("lines");
    for (JsonNode line : lines) {
      if (line.path("name").asText().contains(name)) {
        return line.path("verdict").asText();
      }
    }
    return "absent";
  }

  private Path json(Path head) {
    Cli.Outcome outcome = Cli.run("bench", "compare", base, head, "--json");
    try {
      return Files.writeString(folder.resolve("out.json"), outcome.out());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shouldExplainItself() {
    // A percent sign that picocli cannot format is shown raw, with a warning on standard error.
    assertThat(Cli.run("bench", "compare", "--help").out()).contains("more than 2 % more passes");
  }

  @Test
  void shouldPassWhatDiffersByNoise() throws IOException {
    Path head = write("head.json", 1, 1, .612, 144, 2);
    Cli.Outcome outcome = Cli.run("bench", "compare", base, head);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out())
        .contains("ForwardBenchmark.masked {batch=64}", "verdict", "same")
        .doesNotContain("worse");
    assertThat(verdict(head, ": passes")).isEqualTo("SHOWN");
  }

  @Test
  void shouldFindASlowdown() throws IOException {
    Path head = write("head.json", .85, 1, .612, 144, 2);
    Cli.Outcome outcome = Cli.run("bench", "compare", base, head);
    assertThat(outcome.code()).isEqualTo(5);
    assertThat(outcome.err())
        .contains("a benchmark is worse; found ForwardBenchmark.masked {batch=64}");
    assertThat(Cli.run("bench", "compare", base, head, "--tolerance", .3).code()).isZero();
    assertThat(verdict(write("slow.json", 1, 1.2, .612, 144, 2), "auto}")).isEqualTo("WORSE");
    assertThat(verdict(write("fast.json", 1, .8, .612, 144, 2), "auto}")).isEqualTo("BETTER");
  }

  @Test
  void shouldFindALossOfSampleEfficiency() throws IOException {
    assertThat(verdict(write("lds.json", 1, 1, .600, 144, 2), "lds200")).isEqualTo("WORSE");
    assertThat(verdict(write("few.json", 1, 1, .612, 150, 2), "passesTo")).isEqualTo("WORSE");
    assertThat(verdict(write("more.json", 1, 1, .612, 150, 2), "countForward")).isEqualTo("WORSE");
    assertThat(verdict(write("never.json", 1, 1, .612, Double.NaN, 2), "passesTo"))
        .isEqualTo("WORSE");
    assertThat(verdict(write("better.json", 1, 1, .7, 100, 2), "passesTo")).isEqualTo("BETTER");
    assertThat(Cli.run("bench", "compare", base, folder.resolve("lds.json")).code()).isEqualTo(5);
  }

  @Test
  void shouldExportWhatIsBetterOneWay() throws IOException {
    Cli.Outcome bigger = Cli.run("bench", "export", base, "--better", "bigger");
    assertThat(bigger.code()).isZero();
    assertThat(Json.mapper().readTree(bigger.out()).findValuesAsText("name"))
        .containsExactly(
            "ForwardBenchmark.masked {batch=64}",
            "SampleEfficiencyBenchmark.fit {method=auto} : lds200");
    assertThat(Json.mapper().readTree(bigger.out()).get(1).get("value").asDouble())
        .isCloseTo(.612, within(1e-9));
    Path never = write("unreached.json", 1, 1, .612, Double.NaN, 2);
    Cli.Outcome smaller = Cli.run("bench", "export", never, "--better", "smaller");
    assertThat(Json.mapper().readTree(smaller.out()).findValuesAsText("name"))
        .as("a target that is never reached has no number")
        .containsExactly("SampleEfficiencyBenchmark.fit {method=auto}");
    assertThat(Cli.run("bench", "export", base).code()).isEqualTo(2);
  }

  @Test
  void shouldTakeRoundsFromFoldersAndMissABenchmark() throws IOException {
    Path rounds = Files.createDirectories(folder.resolve("rounds"));
    for (int i = 0; i < 2; i++) {
      Files.copy(base, rounds.resolve("round" + i + ".json"));
    }
    JmhResults both = JmhResults.read(rounds);
    assertThat(both.metrics().get("ForwardBenchmark.masked {batch=64}"))
        .satisfies(metric -> assertThat(metric.forks()).hasSize(2 * FORKS));
    Path head =
        Files.writeString(
            folder.resolve("head.json"),
            Files.readString(base).replace("ForwardBenchmark", "OtherBenchmark"));
    assertThat(verdict(head, "ForwardBenchmark.masked {batch=64}")).isEqualTo("MISSING");
    assertThat(verdict(head, "OtherBenchmark")).isEqualTo("NEW");
    assertThat(Cli.run("bench", "compare", base, head).code()).isEqualTo(5);
  }

  @Test
  void shouldNotJudgeByTwoForks() throws IOException {
    Path head = folder.resolve("two.json");
    Files.writeString(
        head,
        """
        [{"benchmark": "io.ablate.benchmarks.ForwardBenchmark.masked", "mode": "thrpt",
          "params": {"batch": "64"},
          "primaryMetric": {"score": 0, "scoreUnit": "ops/s", "rawData": [[10], [10]]}}]
        """);
    assertThat(verdict(head, "ForwardBenchmark.masked {batch=64}")).isEqualTo("UNCLEAR");
  }

  @Test
  void shouldNameWhatIsNotOfJmh() throws IOException {
    Path other = Files.writeString(folder.resolve("other.json"), "{}");
    Cli.Outcome outcome = Cli.run("bench", "compare", base, other);
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.err()).contains("not results of JMH", "other.json", "-rf json -rff FILE");
    assertThat(Cli.run("bench", "compare", base, folder.resolve("none.json")).code()).isEqualTo(3);
    assertThat(Cli.run("bench").code()).isEqualTo(2);
    assertThat(Cli.run("bench", "compare", base, base, "--tolerance", 2).code()).isEqualTo(2);
  }
}
