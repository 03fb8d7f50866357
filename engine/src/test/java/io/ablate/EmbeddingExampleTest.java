package io.ablate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.UsageException;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.example.ExampleSources;
import io.ablate.example.ModelSidecar;
import io.ablate.models.BundledModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
      Attribution attribution = ablate.attribute(input, label, 800);
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
  void shouldGiveStandardErrorsWhereAskedForWithoutFurtherPasses() {
    try (Ablate ablate = Ablate.open(model)) {
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
  void shouldRefuseWhatDoesNotSuitTheModel() {
    assertThatThrownBy(() -> Ablate.open(folder.resolve("none.onnx")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("none.onnx");
    Ablate ablate = Ablate.open(model);
    try (ablate) {
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
    assertThatThrownBy(() -> ablate.attribute(input, label, 10))
        .isInstanceOf(IllegalStateException.class);
  }

  private static org.assertj.core.data.Offset<Double> within(double value) {
    return org.assertj.core.data.Offset.offset(value);
  }
}
