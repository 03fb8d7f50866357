package io.ablate.tools;

import static io.ablate.tools.Cli.BAD_INPUT;
import static io.ablate.tools.Cli.USAGE;
import static io.ablate.tools.Cli.fails;
import static io.ablate.tools.Cli.json;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.onnx.GraphBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code compare} with gradient passes, and where there are none. */
class GradientCompareTest extends SmallModelFixture {
  private Object[] job;

  @BeforeEach
  void nameTheJob() {
    job = new Object[] {model, "--data", data, "--examples", "0-2", "--batch", 8};
  }

  @Test
  void shouldCompareMethodsOnGradientsByDefaultAndLetTheirScoresBeRecomputed() throws IOException {
    Path out = temp.resolve("report");
    Object[] options = {
      "--samples", "12,24", "--held-out", 60, "--gradients", 8, "--soft", .3, "--out", out
    };
    Cli.Outcome first = ok(compare(with(options, "--verbose")));
    assertThat(first.out())
        .contains("Ablated pass equivalents per example needed", "gradient + hierarchical")
        .containsPattern("a gradient pass \\(forward and backward\\) [0-9.]+, as it took here");
    JsonNode comparison = Json.read(out.resolve("compare.json"));
    double cost = comparison.at("/manifest/collected/gradients/cost").asDouble();
    List<String> gradientMethods = new ArrayList<>();
    for (JsonNode point : comparison.path("curves")) {
      int passes = point.path("gradient_passes").asInt();
      String method = point.path("method").asText();
      if (passes == 0) {
        continue;
      }
      gradientMethods.add(method);
      // Beside passes, the joined model spends the activation scale and the unablated gradient.
      double fixed = method.startsWith("gradient-hierarchical") ? 1 + cost : 0;
      assertThat(point.path("pass_equivalents").asDouble())
          .isCloseTo(point.path("samples").asInt() + cost * passes + fixed, within(1e-9));
      Path fit = temp.resolve(method + point.path("samples") + "-" + passes);
      ok(
          "fit",
          out.resolve("store"),
          "--method",
          method,
          "--samples",
          point.path("samples").asInt(),
          "--gradients",
          passes,
          "--out",
          fit);
      JsonNode scored =
          json("evaluate", out.resolve("store"), fit, "--test-rows", "24:84", "--json");
      assertThat(scored.get(0).path("lds_mean").asDouble())
          .isCloseTo(point.path("lds_mean").asDouble(), within(1e-3));
    }
    assertThat(gradientMethods)
        .contains("mask-gradient", "integrated-gradient", "gradient-hierarchical")
        .contains("gradient-hierarchical-logits");
    assertThat(Cli.run(compare(with(options, "--json"))).out())
        .contains("\"gradient_passes_of_this_run\" : 0");
  }

  @Test
  void shouldCompareWithoutGradientsWhereThereAreNone() {
    Object[] options = {
      "--samples", "12,24", "--held-out", 60, "--gradients", 0, "--out", temp.resolve("report")
    };
    Cli.Outcome outcome = ok(compare(options));
    assertThat(outcome.out())
        .contains("Ablated forward passes per example", "Without gradient passes: --gradients is 0")
        .contains("Left out: mask-gradient, integrated-gradient, gradient-hierarchical,");
    fails(USAGE, compare(with(options, "--methods", "ridge,mask-gradient")))
        .contains("method mask-gradient needs gradient passes");
    fails(USAGE, compare(with(options, "--soft", 2))).contains("from 0 to 1");
  }

  @Test
  void shouldCompareWhatCanBeOnAModelThatCannotBeDifferentiated() throws IOException {
    GraphBuilder graph = new GraphBuilder(1);
    String x = graph.input("image", -1, 2, 6, 6);
    x = graph.node("Elu", "elu", List.of(graph.conv("conv1", x, 2, 5, 3)));
    graph.gemm("fc", "logits", graph.meanOverPositions(x), 5, Cli.CLASSES);
    Path elu = temp.resolve("elu.onnx");
    graph.output("logits", -1, Cli.CLASSES).model().write(elu);
    job[0] = elu;
    Object[] options = {
      "--samples", "12,24", "--held-out", 60, "--gradients", 8, "--out", temp.resolve("report")
    };
    Cli.Outcome outcome = ok(compare(options));
    assertThat(outcome.out())
        .contains("Ablated forward passes per example")
        .contains("Without gradient passes: no gradient rule for operator Elu")
        .contains("Left out: mask-gradient, integrated-gradient, gradient-hierarchical,");
    ok(compare(with(options, "--methods", "ridge,auto")));
    fails(BAD_INPUT, compare(with(options, "--methods", "ridge,mask-gradient")))
        .contains("no gradient rule for operator Elu");
  }

  private Object[] compare(Object... options) {
    return with("compare", job, options);
  }
}
