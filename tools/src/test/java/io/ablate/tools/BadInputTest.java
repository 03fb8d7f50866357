package io.ablate.tools;

import static io.ablate.tools.Cli.BAD_INPUT;
import static io.ablate.tools.Cli.USAGE;
import static io.ablate.tools.Cli.fails;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;
import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Tensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models, data and stores with a fault: each with its message and its exit code. */
class BadInputTest extends SmallModelFixture {
  @Test
  void shouldNameAMissingModel() {
    Path missing = temp.resolve("none.onnx");
    fails(BAD_INPUT, "inspect", missing).contains("none.onnx").contains("no such file");
  }

  @Test
  void shouldNameTheBundledModelsInsteadOfAnUnknownOne() {
    for (String command : List.of("inspect", "compare")) {
      fails(BAD_INPUT, command, "bundled:none")
          .contains("bundled:none")
          .contains("resnet8-cifar10");
    }
  }

  @Test
  void shouldNameACorruptModel() throws IOException {
    byte[] bytes = Files.readAllBytes(model);
    Path corrupt = temp.resolve("corrupt.onnx");
    Files.write(corrupt, Arrays.copyOf(bytes, bytes.length / 2));
    fails(BAD_INPUT, "inspect", corrupt).contains("corrupt.onnx");
    Files.writeString(corrupt, "this is no model");
    fails(BAD_INPUT, "inspect", corrupt).contains("corrupt.onnx");
  }

  @Test
  void shouldNameAnUnsupportedOperator() {
    GraphBuilder graph = new GraphBuilder(2);
    String x = graph.relu(graph.conv("conv1", graph.input("image", -1, 2, 6, 6), 2, 5, 3));
    x = graph.node("Frobnicate", "odd", List.of(x));
    graph.gemm("fc", "logits", graph.meanOverPositions(x), 5, Cli.CLASSES);
    Path odd = temp.resolve("odd.onnx");
    graph.output("logits", -1, Cli.CLASSES).model().write(odd);
    fails(BAD_INPUT, collect(odd)).contains("odd.onnx").contains("Frobnicate");
  }

  @Test
  void shouldNameAWrongInputShape() throws IOException {
    String other = Cli.data(temp, 5, new int[] {0, 1});
    fails(BAD_INPUT, collect(model, other, "0", 4, store)).contains("6").contains("5");
  }

  @Test
  void shouldNameALabelOutOfRange() throws IOException {
    String wrong = Cli.data(temp, 6, new int[] {0, 7});
    fails(BAD_INPUT, collect(model, wrong, "0-1", 4, store)).contains("label").contains("found 7");
  }

  @Test
  void shouldNameRowAndExampleOfANaN() throws IOException {
    GraphBuilder graph = new GraphBuilder(3);
    String x = graph.input("image", -1, 2, 6, 6);
    float[] weights = graph.values(1, 5, 2, 3, 3);
    weights[7] = Float.NaN;
    x =
        graph.convOf(
            "conv1",
            List.of(x, graph.initializer(Tensors.of("conv1.weight", weights, 5, 2, 3, 3))),
            3,
            1,
            1);
    graph.gemm("fc", "logits", graph.meanOverPositions(x), 5, Cli.CLASSES);
    Path nan = temp.resolve("nan.onnx");
    graph.output("logits", -1, Cli.CLASSES).model().write(nan);
    fails(BAD_INPUT, collect(nan)).contains("not a finite number").contains("row 0, example 0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"masks.npy", "outputs.npy", "_completed.npy"})
  void shouldNameATruncatedStore(String file) throws IOException {
    ok(collect(model));
    try (FileChannel channel = FileChannel.open(store.resolve(file), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 3);
    }
    fails(BAD_INPUT, "fit", store, "--method", "ridge", "--out", temp.resolve("fit"))
        .contains(file);
  }

  @Test
  void shouldRefuseToResumeWithAnotherModel() {
    ok(collect(model));
    Path other = Cli.model(temp, 9);
    fails(BAD_INPUT, with(collect(other, data, "0-1", 40, store), "--resume"))
        .contains("cannot resume")
        .contains("model.");
  }

  @Test
  void shouldRefuseAFitOfAnotherModel() throws IOException {
    ok(collect(model));
    Path fit = temp.resolve("fit");
    ok("fit", store, "--method", "ridge", "--samples", 20, "--out", fit);
    Path other = temp.resolve("other");
    ok(collect(Cli.model(temp, 9), data, "0-1", 40, other));
    fails(BAD_INPUT, "evaluate", other, fit)
        .contains("another model")
        .contains("SHA-256")
        .contains("fit this store again");
  }

  @Test
  void shouldNameAFolderThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "in the way");
    fails(BAD_INPUT, collect(model, data, "0", 4, file.resolve("store")))
        .contains("cannot write")
        .contains("file");
  }

  @Test
  void shouldNameMasksOfTheWrongWidth() throws IOException {
    Path masks = temp.resolve("narrow.npy");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(NpyWriter.header(NpyType.BOOL, 2, Cli.COLUMNS - 1));
    bytes.write(new byte[2 * (Cli.COLUMNS - 1)]);
    Files.write(masks, bytes.toByteArray());
    fails(
            BAD_INPUT,
            "collect",
            model,
            "--data",
            data,
            "--examples",
            "0",
            "--masks-file",
            masks,
            "--out",
            store)
        .contains("narrow.npy")
        .contains("masks of the wrong width")
        .contains("[rows, 13]")
        .contains("[2, 12]");
  }

  @Test
  void shouldNameADuplicateComponent() throws IOException {
    Path spec = temp.resolve("spec.json");
    Files.writeString(
        spec,
        """
        {"components": [{"slices": [{"tensor": "conv1.weight", "channels": "0-2"}]},
                        {"slices": [{"tensor": "conv1.weight", "channels": [4, 2]}]}]}
        """);
    fails(BAD_INPUT, "inspect", model, "--components", spec)
        .contains("spec.json, component 1")
        .contains("channel 2 of conv1.weight");
  }

  @Test
  void shouldRefuseAnExistingStoreWithoutResume() {
    ok(collect(model));
    fails(BAD_INPUT, collect(model)).contains("the store exists already").contains("--resume");
  }

  @ParameterizedTest
  @ValueSource(strings = {"--std NaN", "--mean 1e999", "--mean ,", "--resize 0", "--crop -3"})
  void shouldRefusePreprocessingThatCannotBe(String option) {
    String[] words = option.split(" ");
    fails(USAGE, with(collect(model), words[0], words[1])).contains(words[0], "found " + words[1]);
  }

  @Test
  void shouldNameAConstantThatIsNoNumber() {
    Path constants = temp.resolve("constants.npy");
    float[] values = new float[Cli.COLUMNS];
    values[3] = Float.NaN;
    NpyWriter.writeFloats(constants, values);
    fails(BAD_INPUT, with(collect(model), "--ablation", "constant", "--constant", constants))
        .contains("constants.npy, element 3", "found NaN");
  }

  @Test
  void shouldRefuseMasksWithoutARow() throws IOException {
    Path masks = temp.resolve("masks.npy");
    Files.write(masks, NpyWriter.header(NpyType.FLOAT32, 0, Cli.COLUMNS));
    fails(BAD_INPUT, "plan", model, "--data", data, "--examples", "0", "--masks-file", masks)
        .contains("masks without a row", "masks.npy");
  }

  @Test
  void shouldShowATraceOnlyOnRequest() {
    Path missing = temp.resolve("none.onnx");
    assertThat(Cli.run("inspect", missing).err().strip().lines()).hasSize(1);
    assertThat(Cli.run("inspect", missing, "--verbose").err()).contains("BadInputException");
  }
}
