package io.ablate.benchmarks.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.base.UsageException;
import io.ablate.onnx.GraphBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Experiments on a model small enough to be run in no time. */
class ExperimentTest {
  private static final int EXAMPLES = 3;

  @TempDir Path folder;

  private final StringWriter err = new StringWriter();

  @BeforeEach
  void writeModelAndData() throws IOException {
    GraphBuilder graph = new GraphBuilder(3);
    String x = graph.input("image", -1, 2, 6, 6);
    x = graph.relu(graph.conv("conv1", x, 2, 5, 3));
    x = graph.relu(graph.conv("conv2", x, 5, 8, 3));
    graph.gemm("fc", "logits", graph.meanOverPositions(x), 8, 3);
    graph.output("logits", -1, 3).model().write(folder.resolve("model.onnx"));

    ByteBuffer values = ByteBuffer.allocate(EXAMPLES * 72 * 4).order(ByteOrder.LITTLE_ENDIAN);
    SplittableRandom random = new SplittableRandom(4);
    while (values.hasRemaining()) {
      values.putFloat((float) random.nextGaussian());
    }
    npy("x.npy", values.array(), NpyType.FLOAT32, EXAMPLES, 2, 6, 6);
    npy("y.npy", new byte[] {0, 1, 2}, NpyType.UINT8, EXAMPLES);
  }

  private void npy(String name, byte[] data, NpyType type, long... shape) throws IOException {
    try (var out = Files.newOutputStream(folder.resolve(name))) {
      out.write(NpyWriter.header(type, shape));
      out.write(data);
    }
  }

  private Path grid(long seed) throws IOException {
    Path file = folder.resolve("grid" + seed + ".json");
    String data = "npy:" + folder.resolve("x.npy") + "," + folder.resolve("y.npy");
    return Files.writeString(
        file,
        """
        {"schema_version": 1, "experiments": [{
          "name": "tiny", "model": "model.onnx", "data": "DATA",
          "examples": {"drawn": "all", "positions": [0, 1, 2]},
          "designs": [{"name": "bernoulli", "keep": 0.9, "seed": 1}],
          "outputs": ["margin", "margin-logsumexp"],
          "samples": [20, 40],
          "methods": [{"name": "least-squares"}, {"name": "ridge", "max_samples": 30},
                      {"name": "mask-gradient"}],
          "gradients": {"passes": 4, "soft": 0.2, "seed": 2, "cost": 2.5},
          "held_out": {"keep": 0.9, "seed": 3, "masks": 30},
          "shift": {"ablated": [0.05, 0.15], "seed": 4, "masks": 25},
          "targets": [0.3, 0.5], "seed": SEED}]}
        """
            .replace("DATA", data)
            .replace("SEED", Long.toString(seed)));
  }

  private int run(Path grid, String work) {
    return ExperimentMain.run(
        new PrintWriter(err, true),
        grid.toString(),
        "--work",
        folder.resolve(work).toString(),
        "--out",
        folder.resolve(work + "-results").toString(),
        "--batch",
        "8",
        "--linalg",
        "ejml",
        "--threads",
        "1");
  }

  private Path result(String work, String output) {
    return folder.resolve(work + "-results").resolve("tiny.bernoulli-0.9." + output + ".json");
  }

  private List<Path> cells(String work) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve(work).resolve("tiny/cells"))) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  /** The figures without wall-clock seconds. */
  private static JsonNode figures(Path result) {
    JsonNode tree = Json.read(result);
    tree.path("comparison")
        .path("curves")
        .forEach(point -> ((ObjectNode) point).remove(List.of("seconds", "fit_seconds")));
    ObjectNode figures = Json.mapper().createObjectNode();
    figures.set("comparison", tree.path("comparison"));
    figures.set("shift", tree.path("shift"));
    return figures;
  }

  @Test
  void shouldEndADesignAtItsLargestSampleSize() throws IOException {
    Path grid = grid(0);
    String design = "{\"name\": \"bernoulli\", \"keep\": 0.9, \"seed\": 1}";
    String shorter =
        design.replace("bernoulli", "block-balanced").replace("}", ", \"max_samples\": 30}");
    Files.writeString(grid, Files.readString(grid).replace(design, design + ", " + shorter));
    assertThat(run(grid, "work")).isZero();

    Path blocks = folder.resolve("work-results/tiny.block-balanced-0.9.margin.json");
    assertThat(Result.read(result("work", "margin")).comparison().curve("least-squares"))
        .extracting(point -> point.samples())
        .containsExactly(20, 28, 40);
    assertThat(Result.read(blocks).comparison().curve("least-squares"))
        .extracting(point -> point.samples())
        .containsExactly(20, 28);
    assertThat(Result.read(blocks).collected().rows()).isEqualTo(28);
  }

  @Test
  void shouldGoOnWhereItWasInterrupted() throws IOException {
    assertThat(run(grid(0), "whole")).isZero();

    Thread.currentThread().interrupt();
    assertThat(run(grid(0), "parts")).isEqualTo(4);
    assertThat(err.toString()).contains("experiment: interrupted;", "the same command goes on");
    assertThat(result("parts", "margin")).doesNotExist();
    assertThat(run(grid(0), "parts")).isZero();
    List<Path> cells = cells("parts");
    byte[] kept = Files.readAllBytes(cells.getFirst());
    Files.delete(cells.getLast());
    Files.delete(result("parts", "margin"));
    assertThat(run(grid(0), "parts")).isZero();

    assertThat(cells("parts")).isEqualTo(cells);
    assertThat(cells.getFirst()).hasBinaryContent(kept);
    for (String output : List.of("margin", "margin-logsumexp")) {
      assertThat(figures(result("parts", output))).isEqualTo(figures(result("whole", output)));
    }
  }

  @Test
  void shouldKeepCellsOfForwardPassesWhereGradientsChange() throws IOException {
    assertThat(run(grid(0), "work")).isZero();
    Path grid = grid(0);
    String changed =
        Files.readString(grid).replace("\"soft\": 0.2, \"seed\": 2", "\"soft\": 0.2, \"seed\": 9");
    Files.writeString(grid, changed);
    List<Path> cells = cells("work");
    Map<Path, byte[]> before = new HashMap<>();
    for (Path cell : cells) {
      before.put(cell, Files.readAllBytes(cell));
    }
    assertThat(run(grid, "work")).isZero();
    assertThat(cells("work")).isEqualTo(cells);
    for (Path cell : cells) {
      boolean same = Arrays.equals(Files.readAllBytes(cell), before.get(cell));
      assertThat(same)
          .as(cell.toString())
          .isEqualTo(!cell.getFileName().toString().startsWith("mask-gradient"));
    }
  }

  @Test
  void shouldWriteAResultThatSaysHowItWasMade() throws IOException {
    assertThat(run(grid(0), "work")).isZero();
    Result result = Result.read(result("work", "margin"));
    assertThat(result.provenance().command())
        .isEqualTo("benchmarks/run experiment grid0.json --linalg ejml");
    assertThat(result.collected().components()).isEqualTo(13);
    assertThat(result.collected().gradientCost()).isEqualTo(2.5);
    assertThat(result.comparison().methods())
        .containsExactly("least-squares", "ridge", "mask-gradient");
    assertThat(result.comparison().curve("least-squares"))
        .extracting(point -> point.samples())
        .containsExactly(20, 28, 40);
    assertThat(result.comparison().curve("ridge"))
        .extracting(point -> point.samples())
        .containsExactly(20, 28);
    assertThat(result.comparison().curve("mask-gradient"))
        .extracting(point -> point.gradientPasses())
        .containsExactly(1, 2, 3, 4);
    assertThat(result.shift()).hasSize(2 * (3 + 2 + 4));
    assertThat(folder.resolve("work-results/tiny.bernoulli-0.9.margin.svg"))
        .content()
        .contains("data-method=\"ridge\"")
        .doesNotContain("<image");
  }

  @Test
  void shouldRecordTheCommandWithoutTheFoldersOfTheMachine() {
    Map<String, String> options =
        Map.of("--only", "tiny", "--data", "cifar10:/home/me/cifar", "--out", "/tmp/x");
    assertThat(ExperimentMain.command(Path.of("grids/a.json"), options))
        .isEqualTo("benchmarks/run experiment grids/a.json --only tiny --data cifar10:DIR");
  }

  @Test
  void shouldComputeCellsOfAChangedEntryAnew() throws IOException {
    assertThat(run(grid(0), "work")).isZero();
    Cell before = Json.read(cells("work").getFirst(), Cell.class);
    assertThat(run(grid(7), "work")).isZero();
    Cell after = Json.read(cells("work").getFirst(), Cell.class);
    assertThat(after.key()).isNotEqualTo(before.key());
    // The seed moves the bootstrap, not the fit.
    assertThat(after.draws()).isNotEqualTo(before.draws());
    assertThat(after.point().ldsMean()).isEqualTo(before.point().ldsMean());
  }

  @Test
  void shouldRefuseWhatAGridDoesNotKnow() throws IOException {
    Path grid = grid(0);
    String text = Files.readString(grid);
    Files.writeString(grid, text.replace("\"targets\"", "\"target\""));
    assertThatThrownBy(() -> Grid.read(grid))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("not a grid of experiments")
        .hasMessageContaining("target");
    Files.writeString(grid, text.replace("\"bernoulli\"", "\"balanced\""));
    assertThatThrownBy(() -> Grid.read(grid))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("unknown design of masks")
        .hasMessageContaining("found balanced");
    assertThat(ExperimentMain.run(new PrintWriter(err, true), grid(0).toString(), "--only", "huge"))
        .isEqualTo(2);
    assertThat(ExperimentMain.run(new PrintWriter(err, true), "--chart", grid.toString()))
        .isEqualTo(3);
  }

  @Test
  void shouldReadTheGridOfTheProject() {
    Grid grid = Grid.read(Path.of("grids/sample-efficiency.json"));
    assertThat(grid.experiments())
        .extracting(Experiment::name)
        .containsExactly("shapes", "resnet8-cifar10", "resnet18-cifar10", "resnet50-imagenet");
    for (Experiment experiment : grid.experiments()) {
      assertThat(experiment.examples().positions()).hasSize(20).doesNotHaveDuplicates();
    }
  }
}
