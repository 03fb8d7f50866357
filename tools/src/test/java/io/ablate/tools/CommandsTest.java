package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.base.NpyWriter;
import io.ablate.dataset.ComponentDataset;
import io.ablate.estimate.ComponentModels;
import io.ablate.estimate.FitFiles;
import io.ablate.evaluate.Lds;
import io.ablate.instrument.OutputFunction;
import io.ablate.models.BundledModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command on a small model, from the ONNX file to the report. */
class CommandsTest {
  @TempDir Path temp;
  private Path model;
  private String data;
  private Path store;

  @BeforeEach
  void layOut() throws IOException {
    model = Cli.model(temp, 1);
    data = Cli.data(temp, 4);
    store = temp.resolve("store");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "compare",
        "inspect",
        "plan",
        "collect",
        "fit",
        "evaluate",
        "query",
        "merge",
        "fetch",
        "doctor"
      })
  void shouldExplainItselfWithAnExample(String command) {
    Cli.Outcome outcome = Cli.run(command, "--help");
    assertThat(outcome.code()).isZero();
    assertThat(outcome.out())
        .contains("Usage: ablate " + command)
        .contains("ablate " + command + " ")
        .contains("Example")
        .contains("--json", "--seed", "--threads", "--device", "--verbose");
  }

  @Test
  void shouldListComponentsByLayer() {
    JsonNode found = json("inspect", model, "--json");
    assertThat(found.path("components").asInt()).isEqualTo(Cli.COLUMNS);
    assertThat(found.path("opset").asInt()).isEqualTo(17);
    assertThat(found.at("/layers/0/tensors/0").asText()).isEqualTo("conv1.weight");
    assertThat(found.at("/layers/1/components").asInt()).isEqualTo(8);
    assertThat(found.path("layers")).hasSize(2);
    assertThat(json("inspect", model, "--json", "--include-output").path("components").asInt())
        .isEqualTo(Cli.COLUMNS + Cli.CLASSES);
    assertThat(Cli.run("inspect", model).out()).contains("conv1.weight", "n", "13");
  }

  @Test
  void shouldKnowBundledModelsByName() {
    assertThat(Cli.run("inspect", "--help").out()).contains(BundledModels.names());
    assertThat(json("inspect", "bundled:resnet8-cifar10", "--json").path("components").asInt())
        .isEqualTo(672);
  }

  @Test
  void shouldPlanThePassesThatAreThenCounted() throws IOException {
    Object[] job = {model, "--data", data, "--examples", "0,2-3", "--masks", 50, "--json"};
    JsonNode plan = json(with("plan", job));
    JsonNode done = json(with("collect", job, "--out", store));
    // Of 50 masks of 13 components 26 are different.
    assertThat(plan.path("passes").asLong()).isEqualTo(3 * 26);
    assertThat(done.path("passes").asLong()).isEqualTo(3 * 26);
    assertThat(plan.path("scale_passes")).isEqualTo(done.path("scale_passes"));
    long bytes = 0;
    for (String array : List.of("masks.npy", "outputs.npy", "_completed.npy")) {
      bytes += Files.size(store.resolve(array));
    }
    assertThat(plan.path("disk_bytes").asLong()).isCloseTo(bytes, within(1000L));
    assertThat(json(with("plan", job, "--out", store)).path("passes").asLong()).isZero();
  }

  @Test
  void shouldCollectInPartsWhatOneRunCollects() throws IOException {
    Object[] job = {model, "--data", data, "--examples", "0-1", "--batch", 8, "--order", "masks"};
    ok(with("collect", job, "--masks", 60, "--out", store));
    ok(with("collect", job, "--masks", 24, "--out", temp.resolve("a")));
    ok(with("collect", job, "--masks", 36, "--first-row", 24, "--out", temp.resolve("b")));
    ok("merge", temp.resolve("b"), temp.resolve("a"), "--out", temp.resolve("merged"));
    for (String file : List.of("masks.npy", "outputs.npy", "_completed.npy", "manifest.json")) {
      assertThat(temp.resolve("merged").resolve(file)).hasSameBinaryContentAs(store.resolve(file));
    }
  }

  @Test
  void shouldScoreWhatItFitted() throws IOException {
    ok("collect", model, "--data", data, "--examples", "0-3", "--masks", 120, "--out", store);
    Path fits = temp.resolve("fits");
    ok("fit", store, "--method", "ridge,least-squares", "--samples", 80, "--out", fits);
    JsonNode all = json("evaluate", store, fits, "--json");
    assertThat(all).hasSize(2);
    JsonNode ridge = all.get(1);
    assertThat(ridge.path("method").asText()).isEqualTo("ridge");
    assertThat(ridge.path("test_rows").toString()).isEqualTo("[80,120]");
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      int[] rows = dataset.completedBetween(80, 120);
      double[] expected =
          Lds.spearman(
              FitFiles.read(fits.resolve("ridge")).models().predict(dataset.masks(rows)),
              dataset.outputs(rows));
      for (int e = 0; e < 4; e++) {
        assertThat(ridge.path("lds").get(e).asDouble()).isEqualTo(expected[e]);
      }
    }
    assertThat(ridge.path("lds_mean").asDouble()).isGreaterThan(.5);
    assertThat(Cli.run("evaluate", store, fits).out()).contains("95 % interval");
  }

  @Test
  void shouldTakeLabelsThatAreGivenPredictedOrNamed() {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 4};
    assertThat(labels(with("collect", job), "given")).isEqualTo("[0,1,2,0]");
    assertThat(labels(with("collect", job), "2")).isEqualTo("[2,2,2,2]");
    assertThat(labels(with("collect", job), "predicted")).matches("\\[[012](,[012]){3}]");
  }

  @ParameterizedTest
  @ValueSource(strings = {"zero-output", "mean", "constant"})
  void shouldAblateOtherwiseWhereAsked(String ablation) throws IOException {
    Path constant = temp.resolve("constant.npy");
    NpyWriter.writeFloats(constant, new float[Cli.COLUMNS]);
    Object[] job = {model, "--data", data, "--examples", "0-1", "--masks", 9};
    ok(with("collect", job, "--out", store));
    Path other = temp.resolve("other");
    Object[] option =
        ablation.equals("constant")
            ? new Object[] {"--constant", constant}
            : ablation.equals("mean") ? new Object[] {"--reference", data} : new Object[0];
    ok(with(with("collect", job, "--out", other, "--ablation", ablation), option));
    assertThat(Json.read(other.resolve("manifest.json")).at("/instrument/ablation").asText())
        .isEqualTo(ablation);
    try (ComponentDataset a = ComponentDataset.open(store);
        ComponentDataset b = ComponentDataset.open(other)) {
      assertThat(b.masks(b.completedRows())).isEqualTo(a.masks(a.completedRows()));
      assertThat(b.outputs(b.completedRows())).isNotEqualTo(a.outputs(a.completedRows()));
    }
  }

  @Test
  void shouldCompareFromTheModelToTheReport() throws IOException {
    Path out = temp.resolve("report");
    Object[] job = {
      model,
      "--data",
      data,
      "--examples",
      "0-2",
      "--methods",
      "ridge,least-squares",
      "--samples",
      "16,64",
      "--held-out",
      50,
      "--out",
      out
    };
    Cli.Outcome first = Cli.run(with("compare", job));
    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).contains("Ablated forward passes per example needed", "LDS", "COAR");
    JsonNode comparison = Json.read(out.resolve("compare.json"));
    assertThat(comparison.path("samples").toString()).isEqualTo("[16,23,32,45,64]");
    assertThat(comparison.path("curves")).hasSize(10);
    assertThat(comparison.at("/manifest/collected/rows/count").asInt()).isEqualTo(114);
    assertThat(comparison.at("/manifest/backends/roles").findValuesAsText("name"))
        .contains("forward", "linear-algebra", "networks");
    String html = Files.readString(out.resolve("report.html"));
    // One series per method in each of two charts: passes and seconds.
    assertThat(Pattern.compile("data-method=").matcher(html).results()).hasSize(4);
    assertThat(out.resolve("lds-vs-seconds.svg")).exists();
    assertThat(Pattern.compile("<article").matcher(html).results()).hasSize(3);
    assertThat(Files.readAllLines(out.resolve("curves.csv"))).hasSize(11);
    assertThat(out.resolve("lds-vs-samples.svg")).exists();
    // Once more: everything is there already, and the same figures come out.
    JsonNode again = json(with("compare", job, "--json"));
    assertThat(again.at("/manifest/passes_of_this_run").asInt(-1)).isZero();
    assertThat(again.path("samples_to_target")).isEqualTo(comparison.path("samples_to_target"));
  }

  @Test
  void shouldCompareAStoreAndLetItsScoresBeRecomputed() throws IOException {
    ok("collect", model, "--data", data, "--examples", "0-3", "--masks", 200, "--out", store);
    JsonNode comparison =
        json(
            "compare",
            store,
            "--methods",
            "least-squares,ridge",
            "--samples",
            "32,64",
            "--held-out",
            100,
            "--out",
            temp.resolve("report"),
            "--json");
    for (JsonNode point : comparison.path("curves")) {
      Path fit = temp.resolve(point.path("method").asText() + point.path("samples"));
      ok(
          "fit",
          store,
          "--method",
          point.path("method").asText(),
          "--samples",
          point.path("samples"),
          "--out",
          fit);
      JsonNode scores = json("evaluate", store, fit, "--test-rows", "100:200", "--json").get(0);
      assertThat(scores.path("lds_mean").asDouble())
          .isCloseTo(point.path("lds_mean").asDouble(), within(1e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"margin", "margin-logsumexp", "logit", "log-prob", "loss"})
  void shouldDeriveEveryOutputFromStoredLogits(String output) {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 60};
    ok(with("collect", job, "--out", store, "--save", "activation-scale,logits"));
    Path direct = temp.resolve("direct");
    ok(with("collect", job, "--out", direct, "--output", output));
    int[] rows = IntStream.range(0, 60).toArray();
    try (ComponentDataset derived = ComponentDataset.open(store, OutputFunction.byLabel(output));
        ComponentDataset stored = ComponentDataset.open(direct)) {
      double[][] expected = stored.outputs(rows);
      double[][] found = derived.outputs(rows);
      for (int e = 0; e < 4; e++) {
        assertThat(found[e]).containsExactly(expected[e], within(1e-5));
      }
      assertThat(derived.output()).isEqualTo(stored.output());
      assertThat(derived.logitBytes(60)).isEqualTo(4L * 60 * 4 * Cli.CLASSES);
    }
    Path fit = temp.resolve("fit");
    Object[] request = {"fit", store, "--method", "ridge", "--samples", 40, "--device", "cpu"};
    ok(with(request, "--output", output, "--out", fit));
    JsonNode manifest = Json.read(fit.resolve("manifest.json"));
    assertThat(manifest.path("output").asText()).isEqualTo(output);
    assertThat(manifest.path("device").asText()).isEqualTo("cpu");
    assertThat(manifest.path("networks").asText()).isEqualTo("java");
    Object[] evaluate = {"evaluate", store, fit, "--json"};
    JsonNode scores = json(with(evaluate, "--output", output)).get(0);
    assertThat(scores.path("lds_mean").asDouble())
        .isCloseTo(
            json("evaluate", direct, fit, "--json").get(0).path("lds_mean").asDouble(),
            within(1e-9));
    Cli.Outcome plain = Cli.run(evaluate);
    if (output.equals("margin")) {
      assertThat(plain.code()).isZero();
    } else {
      assertThat(plain.code()).isEqualTo(3);
      assertThat(plain.err()).contains("another output", "--output " + output);
    }
    Path report = temp.resolve("report");
    ok(
        "compare",
        store,
        "--methods",
        "ridge",
        "--samples",
        "20,40",
        "--output",
        output,
        "--no-pictures",
        "--out",
        report);
    JsonNode compared = Json.read(report.resolve("compare.json"));
    assertThat(compared.at("/manifest/output").asText()).isEqualTo(output);
  }

  @Test
  void shouldScoreModelsBeyondOneLinearFitAndTheirLinearParts() {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 160};
    ok(with("collect", job, "--out", store, "--save", "activation-scale,logits"));
    Path fits = temp.resolve("fits");
    ok("fit", store, "--method", "hierarchical-logits,quadratic", "--samples", 80, "--out", fits);
    JsonNode scores = json("evaluate", store, fits, "--json");
    List<String> methods = new ArrayList<>();
    scores.forEach(one -> methods.add(one.path("method").asText()));
    assertThat(methods).contains("hierarchical-logits", "hierarchical-logits-linear", "quadratic");
    scores.forEach(one -> assertThat(one.path("lds_mean").asDouble()).isGreaterThan(.4));
    assertThat(scores.get(0).path("lds")).isNotEqualTo(scores.get(1).path("lds"));
    ComponentModels models = FitFiles.read(fits.resolve("hierarchical-logits")).models();
    Object[] query = {"query", fits.resolve("hierarchical-logits"), "--json", "--ablate"};
    JsonNode answer = json(with(query, "conv1:3,6,conv1:1", "--example", 2)).get(0);
    assertThat(answer.path("columns").toString()).isEqualTo("[1,3,6]");
    assertThat(answer.path("effect").asDouble())
        .isCloseTo(models.effectOfAblating(1, 3, 6)[2], within(1e-12));
    assertThat(answer.path("interaction").asDouble())
        .isCloseTo(
            models.effectOfAblating(1, 3, 6)[2]
                - models.effectOfAblating(1)[2]
                - models.effectOfAblating(3)[2]
                - models.effectOfAblating(6)[2],
            within(1e-12));
    assertThat(json(with(query, "conv1"))).hasSize(4);
    assertThat(json(with(query, "conv1")).get(0).path("columns")).hasSize(5);
    Cli.Outcome several = Cli.run("query", fits, "--ablate", "conv1");
    assertThat(several.code()).isEqualTo(2);
    assertThat(several.err()).contains("no model in this folder itself", "quadratic");
    assertThat(Cli.run(with(query, "conv1:5")).err()).contains("no such component", "conv1, conv2");
    assertThat(Cli.run(with(query, "13")).code()).isEqualTo(2);
    assertThat(Cli.run(with(query, "1", "--example", 4)).err()).contains("0 to 3");
  }

  @Test
  void shouldCollectLogitsForAMethodThatWantsThem() {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--held-out", 60, "--no-pictures"};
    Path report = temp.resolve("report");
    ok(
        with(
            with("compare", job, "--methods", "hierarchical,hierarchical-logits"),
            "--samples",
            "20,40",
            "--out",
            report));
    assertThat(report.resolve("store").resolve("logits.npy")).exists();
    JsonNode curves = Json.read(report.resolve("compare.json")).path("curves");
    assertThat(curves).hasSize(6);
    assertThat(curves.get(3).path("method").asText()).isEqualTo("hierarchical-logits");
    assertThat(curves.get(3).path("lds_mean")).isNotEqualTo(curves.get(0).path("lds_mean"));
  }

  @Test
  void shouldSayWhatIsMissingToDeriveAnOutput() throws IOException {
    Object[] job = {model, "--data", data, "--examples", "0-3", "--masks", 60};
    ok(with("collect", job, "--out", store));
    Object[] fit = {"fit", store, "--method", "ridge", "--out", temp.resolve("fit"), "--output"};
    Cli.Outcome outcome = Cli.run(with(fit, "loss"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.err())
        .contains("output loss cannot be derived", "no logits", "--save activation-scale,logits");
    assertThat(Cli.run(with(fit, "losses")).code()).isEqualTo(2);
    Object[] compare = {"compare", store, "--methods", "hierarchical-logits", "--samples", "20,40"};
    assertThat(Cli.run(with(compare, "--no-pictures", "--out", temp.resolve("report"))).out())
        .contains("hierarchical-logits is hierarchical here: no logits");
    Object[] standard = {"compare", store, "--samples", "20,40", "--no-pictures", "--out"};
    assertThat(Cli.run(with(standard, temp.resolve("standard"))).out())
        .contains("Without models of logits: no logits", "Left out: hierarchical-logits.")
        .doesNotContain("is hierarchical here");
    ok(with(fit, "margin"));
    Path logits = temp.resolve("logits");
    ok(with("collect", job, "--out", logits, "--save", "logits"));
    Files.delete(logits.resolve("labels.npy"));
    fit[1] = logits;
    outcome = Cli.run(with(fit, "loss"));
    assertThat(outcome.code()).isEqualTo(3);
    assertThat(outcome.err()).contains("no labels", "labels.npy");
  }

  @Test
  void shouldJudgeEveryDesignByTheSameIndependentMasks() throws IOException {
    Object[] job = {
      model,
      "--data",
      data,
      "--examples",
      "0-1",
      "--keep",
      .8,
      "--methods",
      "ridge",
      "--held-out",
      40,
      "--batch",
      8,
      "--order",
      "masks"
    };
    double[][] expected = null;
    for (String design : List.of("bernoulli", "fixed-size", "block-balanced", "leave-one-out")) {
      Path out = temp.resolve(design);
      Object[] words = with("compare", job, "--samples", 14, "--design", design, "--out", out);
      JsonNode result = json(with(words, "--json"));
      assertThat(result.path("held_out_rows").toString()).isEqualTo("[14,54]");
      assertThat(result.at("/manifest/collected/masks/design").asText()).isEqualTo(design);
      assertThat(result.at("/manifest/collected/masks/held_out/from").asInt(-1))
          .isEqualTo(design.equals("bernoulli") ? -1 : 14);
      assertThat(json(with(words, "--json")).at("/manifest/passes_of_this_run").asInt(-1)).isZero();
      Path collected = out.resolve("store");
      try (ComponentDataset dataset = ComponentDataset.open(collected)) {
        double[][] outputs = dataset.outputs(dataset.completedBetween(14, 54));
        expected = expected == null ? outputs : expected;
        assertThat(outputs).isDeepEqualTo(expected);
      }
      // The store says which of its rows are held out.
      JsonNode again =
          json(
              "compare",
              collected,
              "--methods",
              "ridge",
              "--samples",
              14,
              "--held-out",
              40,
              "--out",
              temp.resolve("again"),
              "--json");
      assertThat(again.at("/curves/0/lds_mean")).isEqualTo(result.at("/curves/0/lds_mean"));
      assertThat(again.path("linearity_ceiling")).isEqualTo(result.path("linearity_ceiling"));
    }
    assertThat(Files.readString(temp.resolve("block-balanced").resolve("report.html")))
        .contains("block-balanced masks, keep 0.8")
        .contains("are independent draws")
        .contains("held-out (design bernoulli, from 14,");
  }

  @Test
  void shouldSayThatAStoreHasNoIndependentMasks() {
    ok(
        with(
            "collect",
            new Object[] {model, "--data", data, "--examples", "0", "--masks", 60},
            "--keep",
            .8,
            "--design",
            "fixed-size",
            "--out",
            store));
    Object[] compare = {store, "--methods", "ridge", "--samples", 20, "--out", temp.resolve("r")};
    Cli.Outcome outcome = Cli.run(with("compare", compare));
    assertThat(outcome.code()).as(outcome.err()).isZero();
    assertThat(outcome.out()).contains("All masks of this store are fixed-size");
    assertThat(json(with("compare", compare, "--json")).path("linearity_ceiling").isNull())
        .isTrue();
  }

  @Test
  void shouldReportWhatIsThere() {
    JsonNode report = json("doctor", "--json");
    List<String> names = new ArrayList<>();
    report.path("findings").forEach(finding -> names.add(finding.path("name").asText()));
    assertThat(names)
        .contains(
            "onnxruntime-cpu",
            "onednn-cpu",
            "onnxruntime-ffm-cpu",
            "onnxruntime-cuda",
            "cuda",
            "ejml");
    assertThat(Cli.run("doctor").out())
        .contains("ONNX Runtime", "cuda", "java", "fp16", "bf16", "--precision auto");
  }

  private String labels(Object[] job, String which) {
    Path folder = temp.resolve("labels-" + which);
    ok(with(job, "--out", folder, "--labels", which));
    return Json.read(folder.resolve("manifest.json")).at("/data/labels").toString();
  }

  private static Object[] with(String command, Object[] job, Object... more) {
    List<Object> all = new ArrayList<>(List.of(command));
    all.addAll(List.of(job));
    all.addAll(List.of(more));
    return all.toArray();
  }

  private static Object[] with(Object[] job, Object... more) {
    List<Object> all = new ArrayList<>(List.of(job));
    all.addAll(List.of(more));
    return all.toArray();
  }

  private static void ok(Object... arguments) {
    Cli.Outcome outcome = Cli.run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }

  private static JsonNode json(Object... arguments) {
    Cli.Outcome outcome = Cli.run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
    try {
      return Json.mapper().readTree(outcome.out());
    } catch (IOException e) {
      throw new AssertionError("not JSON: " + outcome.out(), e);
    }
  }
}
