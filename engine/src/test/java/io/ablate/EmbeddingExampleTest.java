package io.ablate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.UsageException;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.example.ExampleSources;
import io.ablate.example.ModelSidecar;
import io.ablate.models.BundledModels;
import io.ablate.onnx.GraphBuilder;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingExampleTest {
  @TempDir Path folder;
  private Path model = Path.of("");
  private float[] input = {};
  private int label;

  @BeforeEach
  void extractBundledModel() throws IOException {
    model = BundledModels.extract("shapes-resnet", folder);
    try (ExampleSource source = ExampleSources.open("bundled", ModelSidecar.of(model), 3, 32, 32)) {
      Example example = source.load(3);
      input = example.input();
      label = example.label();
    }
  }

  @Test
  void shouldRunTheReadmesExample() throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/ablate/EmbeddingExampleTest.java"))
            .replaceAll("(?m)^ *", "");
    String readme = Files.readString(Path.of("../README.md"));
    String code = readme.substring(readme.indexOf("```java\n") + 8);
    code = code.substring(0, code.indexOf("```"));
    assertThat(source)
        .contains(code.replace("\"model.onnx\"", "modelFile").replaceAll("(?m)^ *", ""));
    runExample(model.toString());
  }

  @SuppressWarnings("SystemOut")
  private void runExample(String modelFile) {
    try (Ablate ablate = Ablate.open(Path.of(modelFile))) {
      Attribution attribution = ablate.attribute(input, label, 100);
      for (Attribution.Effect effect : attribution.top(10)) {
        System.out.println(effect.component().label() + " " + effect.effect());
      }
    }
  }

  @Test
  void shouldPredictMasksThatItHasNotSeen() {
    try (Ablate ablate = Ablate.open(model)) {
      Attribution attribution = ablate.attribute(input, label, 1000);
      assertThat(attribution.passes()).isEqualTo(1000);
      assertThat(attribution.effects()).hasSize(ablate.components().size());
      assertThat(ablate.score(attribution, input, label, 200)).isGreaterThan(0.4);
      Attribution.Effect strongest = attribution.top(1).getFirst();
      int column = attribution.components().columns().indexOf(strongest.component());
      assertThat(attribution.predictWithout(column))
          .isCloseTo(attribution.predictWithout() - strongest.effect(), within(1e-9));
    }
  }

  @Test
  void shouldNeedFewPassesWhereTheModelHasAGradient() {
    try (Ablate ablate = Ablate.open(model);
        Ablate ridge = Ablate.open(model, ModelSettings.defaults().method("ridge"))) {
      Attribution few = ablate.attribute(input, label, 60);
      assertThat(few.method()).isEqualTo("integrated-gradient");
      assertThat(few.passes()).isEqualTo(60);
      Attribution without = ridge.attribute(input, label, 60);
      assertThat(without.method()).isEqualTo("ridge");
      assertThat(ablate.score(few, input, label, 300))
          .isGreaterThan(ridge.score(without, input, label, 300) + .2);
      Attribution more = ablate.attribute(input, label, 500);
      assertThat(more.method()).isEqualTo("gradient-hierarchical");
      assertThat(more.standardErrors()).hasSize(more.effects().length);
    }
  }

  @Test
  void shouldDoWithoutGradientsWhereTheModelHasNone() throws IOException {
    GraphBuilder graph = new GraphBuilder(1);
    String x = graph.input("image", -1, 2, 6, 6);
    x = graph.node("Elu", "elu", List.of(graph.conv("conv1", x, 2, 5, 3)));
    graph.gemm("fc", "logits", graph.meanOverPositions(x), 5, 4);
    Path elu = folder.resolve("elu.onnx");
    graph.output("logits", -1, 4).model().write(elu);
    float[] ones = new float[72];
    Arrays.fill(ones, 1);
    try (Ablate ablate = Ablate.open(elu)) {
      assertThat(ablate.attribute(ones, 1, 30).method()).isEqualTo("hierarchical");
    }
    assertThatThrownBy(() -> Ablate.open(elu, ModelSettings.defaults().method("mask-gradient")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no gradient rule for operator Elu");
  }

  @Test
  void shouldGiveStandardErrorsWhereAskedForWithoutFurtherPasses() {
    try (Ablate ablate = Ablate.open(model, ModelSettings.defaults().method("ridge"))) {
      Attribution plain = ablate.attribute(input, label, 60);
      Attribution with = ablate.attribute(input, label, 60, 10);
      assertThat(plain.standardErrors()).isNull();
      assertThat(with.effects()).isEqualTo(plain.effects());
      assertThat(with.passes()).isEqualTo(60);
      double[] errors = Objects.requireNonNull(with.standardErrors());
      assertThat(errors).hasSize(with.effects().length);
      // 0 only where a component was never ablated.
      assertThat(Arrays.stream(errors).filter(error -> error > 0).count())
          .isGreaterThan(errors.length * 9 / 10);
    }
    try (Ablate ablate = Ablate.open(model)) {
      // Of gradient passes there are only sums, which cannot be resampled.
      assertThat(ablate.attribute(input, label, 40, 10).method()).isEqualTo("hierarchical");
    }
  }

  @Test
  void shouldGiveEveryThreadTheSameAnswer() {
    try (Ablate ablate = Ablate.open(model);
        ExecutorService pool = Executors.newFixedThreadPool(3)) {
      double[] alone = ablate.attribute(input, label, 100).effects();
      IntStream.range(0, 3)
          .mapToObj(
              i ->
                  CompletableFuture.supplyAsync(
                      () -> ablate.attribute(input, label, 100).effects(), pool))
          .toList()
          .forEach(effects -> assertThat(effects.join()).containsExactly(alone));
    }
  }

  @Test
  void shouldTakeAnyNumberOfVirtualThreads() {
    try (Ablate ablate = Ablate.open(model)) {
      double[] alone = ablate.attribute(input, label, 10).effects();
      try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
        IntStream.range(0, 50)
            .mapToObj(
                i ->
                    CompletableFuture.supplyAsync(
                        () -> ablate.attribute(input, label, 10).effects(), pool))
            .toList()
            .forEach(effects -> assertThat(effects.join()).containsExactly(alone));
      }
    }
  }

  @Test
  void shouldStayInterruptedAndServeTheNext() {
    try (Ablate ablate = Ablate.open(model)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> ablate.attribute(input, label, 10))
          .isInstanceOf(InterruptedRunException.class)
          .hasMessage("interrupted while attributing");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ablate.attribute(input, label, 10).effects()).isNotEmpty();
    }
  }

  @Test
  void shouldServeInSeveralClassLoaders() throws Exception {
    double[] here;
    try (Ablate ablate = Ablate.open(model)) {
      here = ablate.attribute(input, label, 10).effects();
    }
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    try (URLClassLoader loader =
        new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> type = loader.loadClass(Ablate.class.getName());
      assertThat(type).isNotSameAs(Ablate.class);
      try (AutoCloseable ablate =
          (AutoCloseable) type.getMethod("open", Path.class).invoke(null, model)) {
        Object attribution =
            type.getMethod("attribute", float[].class, int.class, int.class)
                .invoke(ablate, input, label, 10);
        assertThat(attribution.getClass().getMethod("effects").invoke(attribution)).isEqualTo(here);
      }
    }
  }

  @Test
  void shouldScoreOnlyWhatIsOfTheSameComponents() {
    try (Ablate ablate = Ablate.open(model);
        Ablate filters = Ablate.open(model, ModelSettings.defaults().components("conv1"))) {
      Attribution attribution = filters.attribute(input, label, 20);
      assertThatThrownBy(() -> ablate.score(attribution, input, label, 50))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("of other components");
      assertThatThrownBy(() -> filters.score(attribution, input, label, 1))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("expected 2 or more");
    }
  }

  @Test
  void shouldRefuseWhatDoesNotSuitTheModel() {
    assertThatThrownBy(() -> Ablate.open(folder.resolve("none.onnx")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("none.onnx");
    Ablate ablate = Ablate.open(model);
    try (ablate) {
      assertThatThrownBy(() -> ablate.attribute(input, label, 1))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("too few passes for method auto");
      assertThatThrownBy(() -> ablate.attribute(input, label, Integer.MAX_VALUE))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("budget; expected 1000000 at the most");
      assertThatThrownBy(() -> ablate.attribute(input, label, 1_000_000, 9))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("expected 10 or more");
      assertThatThrownBy(() -> ablate.attribute(new float[7], 0, 10))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("found 7");
      assertThatThrownBy(() -> ablate.attribute(input, 10, 10))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("expected 0 to 9");
      float[] poisoned = input.clone();
      poisoned[0] = Float.NaN;
      assertThatThrownBy(() -> ablate.attribute(poisoned, label, 10))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("not a finite number");
    }
    ablate.close();
    assertThatThrownBy(() -> ablate.attribute(input, label, 10))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Ablate.open(model, ModelSettings.defaults().batch(-1)))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("found -1");
  }

  private static org.assertj.core.data.Offset<Double> within(double value) {
    return org.assertj.core.data.Offset.offset(value);
  }
}
