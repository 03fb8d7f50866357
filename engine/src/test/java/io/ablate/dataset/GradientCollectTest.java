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
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.example.Example;
import io.ablate.forward.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
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
    assertThat(result.gradientPasses())
        .isEqualTo((passes + 1) * EXAMPLES)
        .isEqualTo(counted.get());
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
                how.equals("throw")
                    ? IllegalStateException.class
                    : InterruptedRunException.class);
      }
      assertThat(Thread.interrupted()).isEqualTo(fault == null);
      long open = Objects.requireNonNull(Planner.plan(resumed(request)).gradients()).passes();
      CollectRequest again = resumed(request(store, 9, 0, 13, soft, batch, new AnalyticGradients()));
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
}
