package io.ablate.tools;

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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users get wrong: each fault with its message and its exit code, and nothing on stdout. */
class BadInputTest {
  private static final int USAGE = 2;
  private static final int BAD_INPUT = 3;

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
    fails(
            BAD_INPUT,
            "collect",
            model,
            "--data",
            other,
            "--examples",
            "0",
            "--masks",
            4,
            "--out",
            store)
        .contains("6")
        .contains("5");
  }

  @Test
  void shouldNameALabelOutOfRange() throws IOException {
    String wrong = Cli.data(temp, 6, new int[] {0, 7});
    fails(
            BAD_INPUT,
            "collect",
            model,
            "--data",
            wrong,
            "--examples",
            "0-1",
            "--masks",
            4,
            "--out",
            store)
        .contains("label")
        .contains("found 7");
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
    succeeds(collect(model));
    try (FileChannel channel = FileChannel.open(store.resolve(file), StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 3);
    }
    fails(BAD_INPUT, "fit", store, "--method", "ridge", "--out", temp.resolve("fit"))
        .contains(file);
  }

  @Test
  void shouldRefuseToResumeWithAnotherModel() {
    succeeds(collect(model));
    Path other = Cli.model(temp, 9);
    fails(
            BAD_INPUT,
            "collect",
            other,
            "--data",
            data,
            "--examples",
            "0-1",
            "--masks",
            40,
            "--out",
            store,
            "--resume")
        .contains("cannot resume")
        .contains("model.");
  }

  @Test
  void shouldRefuseAFitOfAnotherModel() throws IOException {
    succeeds(collect(model));
    Path fit = temp.resolve("fit");
    succeeds("fit", store, "--method", "ridge", "--samples", 20, "--out", fit);
    Path other = temp.resolve("other");
    succeeds(
        "collect",
        Cli.model(temp, 9),
        "--data",
        data,
        "--examples",
        "0-1",
        "--masks",
        40,
        "--out",
        other);
    fails(BAD_INPUT, "evaluate", other, fit)
        .contains("another model")
        .contains("SHA-256")
        .contains("fit this store again");
  }

  @Test
  void shouldNameAFolderThatCannotBeWritten() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "in the way");
    fails(
            BAD_INPUT,
            "collect",
            model,
            "--data",
            data,
            "--examples",
            "0",
            "--masks",
            4,
            "--out",
            file.resolve("store"))
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

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "-0.5", "1.5", "NaN"})
  void shouldRefuseKeepOutsideTheUnitInterval(String keep) {
    fails(
            USAGE,
            "collect",
            model,
            "--data",
            data,
            "--examples",
            "0",
            "--masks",
            4,
            "--out",
            store,
            "--keep=" + keep)
        .contains("--keep")
        .contains("strictly between 0 and 1");
  }

  @Test
  void shouldRefuseDesignsThatCannotBe() {
    fails(USAGE, with(collect(model), "--design", "balanced"))
        .contains("--design")
        .contains("bernoulli, fixed-size, block-balanced or leave-one-out")
        .contains("found balanced");
    for (String design : List.of("fixed-size", "block-balanced")) {
      fails(USAGE, with(collect(model), "--design", design, "--keep", .95))
          .contains("--keep")
          .contains("13 components from 1 to 12")
          .contains("found 0.650")
          .contains("--design bernoulli");
    }
    Object[] compare = {"compare", model, "--data", data, "--out", store, "--samples", 20};
    fails(USAGE, with(compare, "--design", "leave-one-out"))
        .contains("--samples")
        .contains("at most 14")
        .contains("found 20");
  }

  @Test
  void shouldNotScoreOnMasksThatWereLearntFrom() {
    succeeds(
        with(
            new Object[] {"compare", model, "--data", data, "--examples", "0", "--out", store},
            "--methods",
            "ridge",
            "--keep",
            .8,
            "--samples",
            20,
            "--held-out",
            10,
            "--design",
            "fixed-size"));
    Object[] again = {"compare", store.resolve("store"), "--methods", "ridge"};
    fails(USAGE, with(again, "--held-out", 11, "--out", temp.resolve("report")))
        .contains("--held-out")
        .contains("at most 10")
        .contains("found 11");
  }

  @Test
  void shouldRefuseMoreSamplesThanTheStoreHolds() {
    succeeds(collect(model));
    fails(USAGE, "fit", store, "--method", "ridge", "--samples", 41, "--out", temp.resolve("fit"))
        .contains("expected 1 to 40")
        .contains("found 41");
    fails(BAD_INPUT, "compare", store, "--methods", "ridge", "--samples", "10,41", "--held-out", 10)
        .contains("41");
  }

  @Test
  void shouldRefuseAStoreWithoutCompletedRows() throws IOException {
    succeeds(collect(model));
    ByteArrayOutputStream none = new ByteArrayOutputStream();
    none.write(NpyWriter.header(NpyType.BOOL, 40));
    none.write(new byte[40]);
    Files.write(store.resolve("_completed.npy"), none.toByteArray());
    fails(USAGE, "fit", store, "--method", "ridge", "--out", temp.resolve("fit"))
        .contains("not as many samples");
    fails(USAGE, "compare", store, "--methods", "ridge", "--out", temp.resolve("report"))
        .contains("too few completed rows");
  }

  @Test
  void shouldRefuseAnExampleOutOfRange() {
    fails(
            USAGE,
            "collect",
            model,
            "--data",
            data,
            "--examples",
            "0-4",
            "--masks",
            4,
            "--out",
            store)
        .contains("example index out of range")
        .contains("expected 0 to 3, found 4");
  }

  @Test
  void shouldRefuseTestRowsThatWereFitted() {
    succeeds(collect(model));
    Path fit = temp.resolve("fit");
    succeeds("fit", store, "--method", "ridge", "--samples", 30, "--out", fit);
    fails(USAGE, "evaluate", store, fit, "--test-rows", "29:40")
        .contains("test rows overlap the rows fitted")
        .contains("rows from 30 on")
        .contains("29:40");
    fails(USAGE, "evaluate", store, fit, "--test-rows", "30:41").contains("rows outside the store");
    fails(USAGE, "evaluate", store, fit, "--test-rows", "40:30").contains("A:B with A < B");
    succeeds("evaluate", store, fit, "--test-rows", "30:40");
  }

  @Test
  void shouldRefuseAnExistingStoreWithoutResume() {
    succeeds(collect(model));
    fails(BAD_INPUT, collect(model)).contains("the store exists already").contains("--resume");
  }

  @Test
  void shouldRefuseABackendThatIsMissing() {
    fails(BAD_INPUT, "doctor", "--device", "cuda:9999")
        .contains("device cuda:9999 cannot be used:");
    fails(
            USAGE,
            "fit",
            temp.resolve("none"),
            "--method",
            "ridge",
            "--out",
            temp.resolve("fit"),
            "--device",
            "cpu",
            "--linalg",
            "cuda")
        .contains("linear algebra of a device, but not the device");
    fails(USAGE, "doctor", "--device", "abacus").contains("auto, cpu, cuda or cuda:INDEX");
    fails(USAGE, "doctor", "--fix", "everything").contains("--fix", "expected cuda");
    for (String precision : new String[] {"bf16", "fp16"}) {
      fails(
              BAD_INPUT,
              "plan",
              model,
              "--data",
              data,
              "--examples",
              "0",
              "--masks",
              4,
              "--backend",
              "onnxruntime-cpu",
              "--precision",
              precision)
          .contains(
              "onnxruntime-cpu cannot be used: no passes in " + precision, "use --precision fp32");
    }
    fails(BAD_INPUT, "inspect", model, "--device", "cpu", "--precision", "tf32")
        .contains(
            "no backend runs the model's passes in tf32 on device cpu",
            "use --precision auto to take what is there");
    fails(USAGE, "inspect", model, "--precision", "fp8")
        .contains("--precision; expected fp32, tf32, bf16, fp16, auto, found fp8");
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
  void shouldExplainWrongUsage() {
    fails(USAGE).contains("Usage: ablate");
    fails(USAGE, "colect").contains("'colect'").contains("collect");
    fails(USAGE, "collect", model, "--data", data, "--out", store).contains("--masks");
    fails(USAGE, "fit", store, "--method", "ridge").contains("--out");
    fails(USAGE, "inspect", model, "--components", "nothing*").contains("nothing*");
    fails(USAGE, "inspect", model, "--backend", "torch")
        .contains("unknown backend for forward passes", "onnxruntime-cpu", "found torch");
    fails(USAGE, "collect", model, "--masks", "many", "--out", store).contains("--masks");
    fails(USAGE, "inspect", model, "--ablation", "constant").contains("--constant FILE.npy");
    fails(USAGE, "inspect", model, "--reference", "bundled").contains("--ablation mean");
    fails(USAGE, "fetch", "imagenet").contains("expected cifar10");
    fails(USAGE, "fetch", "cifar10", "--from", "ftp:there").contains("--from");
    fails(USAGE, "fit", store, "--method", "magic", "--out", store).contains("least-squares");
  }

  @Test
  void shouldShowATraceOnlyOnRequest() {
    Path missing = temp.resolve("none.onnx");
    assertThat(Cli.run("inspect", missing).err().strip().lines()).hasSize(1);
    assertThat(Cli.run("inspect", missing, "--verbose").err()).contains("BadInputException");
  }

  private Object[] collect(Path of) {
    return new Object[] {
      "collect", of, "--data", data, "--examples", "0-1", "--masks", 40, "--out", store
    };
  }

  private static Object[] with(Object[] words, Object... more) {
    return Stream.concat(Arrays.stream(words), Arrays.stream(more)).toArray();
  }

  private static void succeeds(Object... arguments) {
    Cli.Outcome outcome = Cli.run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isZero();
  }

  private static org.assertj.core.api.AbstractStringAssert<?> fails(int code, Object... arguments) {
    Cli.Outcome outcome = Cli.run(arguments);
    assertThat(outcome.code()).as(outcome.err()).isEqualTo(code);
    assertThat(outcome.out()).isEmpty();
    return assertThat(outcome.err()).doesNotContain("\tat ");
  }
}
