package io.ablate.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Passes that begin where they differ from others, against passes that begin at the beginning. */
@ResourceLock("objects of oneDNN")
class SharedPrefixTest {
  private static final int ROWS = 5;

  @BeforeEach
  void needsTheLibrary() {
    assumeTrue(new OneDnnProvider().whyUnusable().isEmpty(), "oneDNN on a processor with AVX2");
  }

  static Stream<String> networks() {
    return Networks.all().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldNotChangeABitOfAnyRow(String name) {
    InstrumentedModel model = Objects.requireNonNull(Networks.all().get(name));
    int columns = model.components().size();
    SplittableRandom random = new SplittableRandom(5);
    // Left out one by one, first in the order of the layers, then in any; and none, twice.
    List<Integer> leftOut = new ArrayList<>();
    for (int i = 0; i < 3 * columns; i++) {
      leftOut.add(i < columns ? i : random.nextInt(columns));
    }
    leftOut.addAll(List.of(-1, -1, columns - 1, 0));
    compare(model, 2, ROWS, leftOut, random);
  }

  /** Micro-batches of two sizes that one thread runs after one another. */
  @Test
  void shouldServeAllMicroBatchesOfAThread() {
    InstrumentedModel model = Objects.requireNonNull(Networks.all().get("residual"));
    SplittableRandom random = new SplittableRandom(6);
    List<Integer> leftOut = new ArrayList<>();
    for (int i = 0; i < 4 * 70; i++) {
      leftOut.add(random.nextInt(model.components().size()));
    }
    leftOut.sort(null);
    compare(model, 1, 70, leftOut, random);
  }

  private static void compare(
      InstrumentedModel model,
      int threads,
      int rows,
      List<Integer> leftOut,
      SplittableRandom random) {
    try (ForwardSession session =
            new OneDnnBackend().open(model, new ForwardOptions(threads, Networks.SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(rows, 1))) {
      for (int example = 0; example < 2; example++) {
        float[] values = random(random);
        batch.setExample(0, values, 1);
        for (int first = 0; first + rows <= leftOut.size(); first += rows) {
          List<Integer> some = leftOut.subList(first, first + rows);
          float[][] found = run(batch, model, some);
          for (int row = 0; row < rows; row++) {
            // A batch of its own has nothing before it to begin from.
            try (ForwardBatch alone = session.batch(new BatchShape(1, 1))) {
              alone.setExample(0, values, 1);
              float[] expected = run(alone, model, some.subList(row, row + 1))[0];
              KnownCode.assertSame(
                  "left out " + some.get(row), Precision.FP32, found[row], expected);
            }
          }
        }
      }
    }
  }

  @Test
  void shouldKeepWhatLaterStepsNeed() {
    InstrumentedModel model = Objects.requireNonNull(Networks.all().get("residual"));
    Program program = program(model);
    List<Cut> cuts = Cut.of(program);
    assertThat(cuts).hasSizeGreaterThan(2);
    for (Cut cut : cuts) {
      assertThat(cut.step()).isPositive();
      assertThat(cut.live()).isNotEmpty();
    }
    // Where a shortcut is open, it is needed beside the branch.
    assertThat(cuts).anyMatch(cut -> cut.live().size() > 1);
  }

  private static Program program(InstrumentedModel model) {
    try {
      return Lowering.of(model, new BatchShape(ROWS, 1), new ForwardOptions(1, Networks.SHAPE));
    } catch (UnsupportedGraphException e) {
      throw new AssertionError(e);
    }
  }

  private static float[] random(SplittableRandom random) {
    int elements = 1;
    for (long extent : Networks.SHAPE) {
      elements *= (int) extent;
    }
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[][] run(ForwardBatch batch, InstrumentedModel model, List<Integer> leftOut) {
    int columns = model.components().size();
    for (int slot = 0; slot < leftOut.size(); slot++) {
      long[] mask = new long[(columns + 63) / 64];
      for (int j = 0; j < columns; j++) {
        mask[j / 64] |= j == leftOut.get(slot) ? 0 : 1L << j;
      }
      batch.setMask(slot, mask, 0);
    }
    batch.run();
    float[][] logits = new float[leftOut.size()][batch.classes()];
    for (int row = 0; row < logits.length; row++) {
      batch.logits(row, logits[row]);
    }
    return logits;
  }
}
