package io.ablate.dataset;

import static io.ablate.dataset.GradientTesting.masks;
import static io.ablate.dataset.GradientTesting.request;
import static io.ablate.dataset.GradientTesting.resumed;
import static io.ablate.dataset.StoreTesting.EXAMPLES;
import static io.ablate.dataset.StoreTesting.assertSameBytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyWriter;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.example.Example;
import io.ablate.forward.TinyModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GradientCollectTest {
  private static final int N = TinyModel.COMPONENTS;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"10, 0, 4", "10, .3, 8", "1, .3, 64", "12, 1, 7", "7, .5, 1"})
  void shouldStoreTheSumsThatPlainJavaComputes(int passes, double soft, int batch) {
    Path store = folder.resolve("store");
    AtomicLong counted = new AtomicLong();
    Collector.Result result =
        Collector.run(
            request(store, 0, passes, soft, batch),
            (stage, done, total) -> {
              if (stage.equals("gradient passes")) {
                assertThat(total).isEqualTo((passes + 1) * EXAMPLES);
                counted.set(done);
              }
            });
    assertThat(result.passes()).isZero();
    assertThat(result.gradientPasses()).isEqualTo((passes + 1) * EXAMPLES).isEqualTo(counted.get());
    List<Example> examples = TinyModel.firstExamples(EXAMPLES);
    float[] ones = new float[N];
    Arrays.fill(ones, 1);
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      int[] ends = dataset.gradientSegmentEnds();
      assertThat(ends).isEqualTo(GradientSegments.ends(0, passes));
      for (int q : ends) {
        StoredGradients stored = Objects.requireNonNull(dataset.gradients(q));
        assertThat(stored.passes()).isEqualTo(q);
        for (int e = 0; e < EXAMPLES; e++) {
          float[] input = examples.get(e).input();
          int label = examples.get(e).label();
          double[][] sums = new double[5][N];
          for (int r = 0; r < q; r++) {
            float[] mask = new float[N];
            masks(soft).row(r, mask);
            assertThat(stored.masks()[r]).isEqualTo(mask);
            assertThat(stored.outputs()[e][r])
                .isEqualTo(AnalyticGradients.output(mask, input, label));
            for (int i = 0; i < N; i++) {
              double d = AnalyticGradients.derivative(mask, input, label, i);
              boolean hard = mask[i] == 0 || mask[i] == 1;
              sums[hard ? 1 - (int) mask[i] : 2][i] += d;
              sums[hard ? 3 : 4][i] += d * d;
            }
          }
          assertThat(stored.keptSum()[e]).containsExactly(sums[0], within(1e-4));
          assertThat(stored.ablatedSum()[e]).containsExactly(sums[1], within(1e-4));
          assertThat(stored.softSum()[e]).containsExactly(sums[2], within(1e-4));
          assertThat(stored.hardSquares()[e]).containsExactly(sums[3], within(1e-4));
          assertThat(stored.softSquares()[e]).containsExactly(sums[4], within(1e-4));
          for (int i = 0; i < N; i++) {
            assertThat(stored.unablated()[e][i])
                .isEqualTo(AnalyticGradients.derivative(ones, input, label, i));
          }
        }
      }
    }
    assertThat(store.resolve("_grad_partial.npy")).doesNotExist();
  }

  @Test
  void shouldGiveTheSameFirstPassesWhateverTheirNumber() {
    Path few = folder.resolve("few");
    Path many = folder.resolve("many");
    Collector.run(request(few, 0, 12, .2, 8), Progress.NONE);
    Collector.run(request(many, 0, 50, .2, 8), Progress.NONE);
    double[] sums = NpyFile.readDoubles(few.resolve("grad_sums.npy"));
    assertThat(NpyFile.readDoubles(many.resolve("grad_sums.npy"))).startsWith(sums);
    assertThat(NpyFile.readDoubles(many.resolve("grad_outputs.npy")))
        .startsWith(NpyFile.readDoubles(few.resolve("grad_outputs.npy")));
    try (NpyFile npy = NpyFile.open(many.resolve("grad_sums.npy"))) {
      // Ends 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 50: what is stored does not grow with Q.
      assertThat(npy.shape()).containsExactly(12, 5, EXAMPLES, N);
    }
  }

  @ParameterizedTest
  @CsvSource({"interrupt, .3, 8", "throw, .3, 8", "interrupt, 0, 3", "throw, 0, 32"})
  void shouldEndWithTheSameBytesWhereverItStops(String how, double soft, int batch)
      throws IOException {
    Path whole = folder.resolve("whole");
    AnalyticGradients undisturbed = new AnalyticGradients();
    Collector.run(request(whole, 9, 0, 13, soft, batch, undisturbed), Progress.NONE);
    for (int stop = 0; stop < undisturbed.runs(); stop++) {
      Path store = folder.resolve("store" + stop);
      int at = stop;
      AnalyticGradients failing =
          new AnalyticGradients(
              run -> {
                if (run == at && how.equals("throw")) {
                  throw new IllegalStateException("no more");
                } else if (run == at) {
                  Thread.currentThread().interrupt();
                }
              },
              Float.NaN);
      CollectRequest request = request(store, 9, 0, 13, soft, batch, failing);
      // An interrupt in the last run has nothing left to stop but is not lost.
      Throwable fault = catching(request);
      if (stop + 1 < undisturbed.runs() || how.equals("throw")) {
        assertThat(fault)
            .isInstanceOf(
                how.equals("throw") ? IllegalStateException.class : InterruptedRunException.class);
      }
      assertThat(Thread.interrupted()).isEqualTo(fault == null);
      long open = Objects.requireNonNull(Planner.plan(resumed(request)).gradients()).passes();
      CollectRequest again =
          resumed(request(store, 9, 0, 13, soft, batch, new AnalyticGradients()));
      assertThat(Collector.run(again, Progress.NONE).gradientPasses()).isEqualTo(open);
      assertSameBytes(store, whole);
    }
  }

  private static @Nullable Throwable catching(CollectRequest request) {
    try {
      Collector.run(request, Progress.NONE);
      return null;
    } catch (InterruptedRunException | IllegalStateException e) {
      return e;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "32, 20, 1000, 20",
    "32, 20, 20, 20",
    "32, 5, 1000, 30",
    "32, 5, 10, 10",
    "32, 1, 48, 32",
    "32, 100, 1000, 26",
    "32, 33, 33, 17",
    "8, 1009, 2018, 8",
    "1, 4, 4, 1"
  })
  void shouldWasteFewRowsOfABatch(int most, int examples, int pairs, int expected) {
    assertThat(GradientLoop.batch(most, examples, pairs)).isEqualTo(expected);
  }

  @Test
  void shouldNamePassAndExampleOfADerivativeThatIsNotFinite() {
    Path store = folder.resolve("store");
    float[] mask = new float[N];
    int bad = 0;
    do {
      masks(0).row(bad++, mask);
    } while (mask[0] != 0);
    String expected = "gradient pass " + (bad - 1) + ", example 0";
    AnalyticGradients poisoned = new AnalyticGradients(run -> {}, 0);
    assertThatThrownBy(() -> Collector.run(request(store, 0, 0, 40, 0, 8, poisoned), Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("derivative by component 0 is not a finite number")
        .hasMessageContaining(expected)
        .hasMessageContaining("Infinity");
    Manifest manifest = Manifest.read(store.resolve("manifest.json"));
    GradientLayout layout =
        GradientLayout.of(manifest, Objects.requireNonNull(manifest.gradients()), store);
    assertThat(GradientStore.done(store, layout)).isEqualTo((bad - 1L) * EXAMPLES);
  }

  @Test
  void shouldSayHowMuchIsKeptWhenInterrupted() {
    Path store = folder.resolve("store");
    AnalyticGradients interrupting =
        new AnalyticGradients(
            run -> {
              if (run == 5) {
                Thread.currentThread().interrupt();
              }
            },
            Float.NaN);
    assertThatThrownBy(
            () -> Collector.run(request(store, 6, 0, 20, 0, 5, interrupting), Progress.NONE))
        .isInstanceOf(InterruptedRunException.class)
        .hasMessageContaining("6 of 6 rows are complete and kept")
        .hasMessageContaining("25 of 100 gradient passes")
        .hasMessageContaining("--resume");
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      assertThat(dataset.gradientSegmentEnds()).containsExactly(1, 2, 3, 4);
      assertThatThrownBy(() -> dataset.gradients(6))
          .isInstanceOf(UsageException.class)
          .hasMessageContaining("one of [1, 2, 3, 4]")
          .hasMessageContaining("found 6");
      assertThat(Objects.requireNonNull(dataset.gradients(4)).passes()).isEqualTo(4);
    }
  }

  @Test
  void shouldRefuseToResumeOtherGradientPassesButNotOtherCosts() throws IOException {
    Path store = folder.resolve("store");
    Collector.run(request(store, 6, 4, .2, 8), Progress.NONE);
    byte[] manifest = Files.readAllBytes(store.resolve("manifest.json"));
    assertThatThrownBy(() -> Collector.run(resumed(request(store, 6, 5, .2, 8)), Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("\"gradients.passes\"")
        .hasMessageContaining("expected 4, found 5");
    assertThatThrownBy(() -> Collector.run(resumed(request(store, 6, 4, .3, 8)), Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("\"gradients.masks.soft\"");
    assertThatThrownBy(
            () ->
                Collector.run(
                    resumed(request(store, 6, 4, .2, 8)).withGradients(null), Progress.NONE))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("\"gradients\"")
        .hasMessageContaining("found nothing");
    CollectRequest measured =
        resumed(request(store, 6, 4, .2, 16))
            .withGradients(new CollectRequest.Gradients(AnalyticGradients.MODEL, masks(.2), 4));
    assertThat(Collector.run(measured, Progress.NONE).gradientPasses()).isZero();
    assertThat(store.resolve("manifest.json")).hasBinaryContent(manifest);
  }

  @Test
  void shouldMeasureTheCostAndPlanWhatIsThenDone() {
    Path store = folder.resolve("store");
    AnalyticGradients slow =
        new AnalyticGradients(run -> LockSupport.parkNanos(20_000_000), Float.NaN);
    CollectRequest request =
        request(store, 5, 0, 6, .2, 64, slow)
            .withGradients(new CollectRequest.Gradients(AnalyticGradients.MODEL, masks(.2), 6));
    CollectPlan plan = Planner.plan(request);
    CollectPlan.Gradients gradients = Objects.requireNonNull(plan.gradients());
    assertThat(gradients.passes()).isEqualTo(7 * EXAMPLES);
    assertThat(gradients.cost()).isGreaterThan(1);
    assertThat(gradients.seconds())
        .isEqualTo(gradients.passes() * gradients.cost() * plan.secondsPerPass());
    assertThat(plan.seconds()).isGreaterThan(gradients.seconds());
    assertThat(gradients.memoryBytes()).isGreaterThan(5L * EXAMPLES * N * 8);
    Manifest manifest = Collector.run(request, Progress.NONE).manifest();
    Manifest.Gradients stored = Objects.requireNonNull(manifest.gradients());
    assertThat(stored.cost()).isGreaterThan(1);
    // 64 rows are more than there are pairs.
    assertThat(stored.batch()).isEqualTo(30).isEqualTo(gradients.batch());
    long bytes = 4 * (6 + N) * EXAMPLES + 5L * 4 * 5 * EXAMPLES * N + 5;
    assertThat(gradients.diskBytes()).isEqualTo(bytes);
    assertThat(Objects.requireNonNull(Planner.plan(resumed(request)).gradients()).passes())
        .isZero();
  }

  @Test
  void shouldReadManifestsWithoutGradientsAndWriteNoneThere() throws IOException {
    Path store = folder.resolve("store");
    Collector.run(request(store, 6, 4, 0, 8).withGradients(null), Progress.NONE);
    Path file = store.resolve("manifest.json");
    assertThat(Files.readString(file)).doesNotContain("gradients");
    assertThat(Manifest.read(file).gradients()).isNull();
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      assertThat(dataset.gradientSegmentEnds()).isEmpty();
      assertThat(dataset.gradients(1)).isNull();
    }
    String missing = Files.readString(file);
    Files.writeString(file, missing.replaceFirst("}\\s*$", ", \"gradients\": null}"));
    assertThat(Manifest.difference(Manifest.read(file), Manifest.read(file))).isNull();
    CollectRequest again = resumed(request(store, 6, 4, 0, 8)).withGradients(null);
    assertThat(Collector.run(again, Progress.NONE).passes()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "grad_sums.npy, truncated",
    "grad_outputs.npy, truncated",
    "grad_unablated.npy, truncated",
    "_grad_completed.npy, truncated",
    "grad_sums.npy, cannot read",
    "grad_outputs.npy, wrong shape",
    "grad_sums.npy, not an array of this store",
    "grad_unablated.npy, not a finite number"
  })
  void shouldGiveOneClearErrorForDamagedFiles(String name, String expected) throws IOException {
    Path store = folder.resolve("store");
    Collector.run(request(store, 0, 4, .2, 8), Progress.NONE);
    Path file = store.resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    switch (expected) {
      case "truncated" -> Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
      case "cannot read" -> Files.delete(file);
      case "wrong shape" -> NpyWriter.writeFloats(file, new float[2][3]);
      case "not a finite number" -> {
        Arrays.fill(bytes, bytes.length - 4, bytes.length, (byte) -1);
        Files.write(file, bytes);
      }
      default -> {
        String header = new String(bytes, StandardCharsets.ISO_8859_1).replace("<f4", "<i4");
        Files.write(file, header.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    try (ComponentDataset dataset = ComponentDataset.open(store)) {
      assertThatThrownBy(() -> dataset.gradients(4))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining(expected)
          .hasMessageContaining(name);
    }
  }
}
