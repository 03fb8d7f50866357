package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GradientStoreTest {
  private static final int EXAMPLES = 3;
  private static final int COLUMNS = 7;
  private static final int PASSES = 13;
  private static final long SEED = 20261124;

  @TempDir Path folder;

  /** What a process leaves that dies after any pass, having committed after any others. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldEndWithTheSameBytesWhateverWasCommitted(boolean soft) throws IOException {
    GradientLayout layout = layout(soft);
    Path whole = Files.createDirectory(folder.resolve("whole"));
    try (GradientStore store = GradientStore.open(whole, layout)) {
      add(store, layout, layout.pairs());
      store.commit();
    }
    SplittableRandom random = new SplittableRandom(SEED);
    for (int trial = 0; trial < 30; trial++) {
      Path store = Files.createDirectory(folder.resolve("store" + trial));
      int deaths = 0;
      while (GradientStore.done(store, layout) < layout.pairs()) {
        deaths++;
        Path left = Files.createDirectory(folder.resolve("left" + trial + "-" + deaths));
        try (GradientStore writer = GradientStore.open(store, layout)) {
          assertThat(writer.pairs()).isEqualTo(GradientStore.done(store, layout));
          for (long run = 1 + random.nextLong(8); run > 0; run--) {
            add(writer, layout, Math.min(1, layout.pairs() - writer.pairs()));
            if (random.nextInt(4) == 0) {
              writer.commit();
            }
          }
          if (writer.pairs() == layout.pairs()) {
            writer.commit();
          }
          copy(store, left);
        }
        store = left;
      }
      assertThat(deaths).as("trial " + trial).isPositive();
      // What deaths leave beside the store is cleared away on opening it once more.
      GradientStore.open(store, layout).close();
      StoreTesting.assertSameBytes(store, whole);
    }
  }

  @Test
  void shouldIgnoreSumsOfASegmentThatIsFlagged() throws IOException {
    GradientLayout layout = layout(true);
    Path path = Files.createDirectory(folder.resolve("store"));
    byte[] stale;
    try (GradientStore store = GradientStore.open(path, layout)) {
      add(store, layout, 5L * EXAMPLES);
      store.commit();
      stale = Files.readAllBytes(path.resolve("_grad_partial.npy"));
      add(store, layout, EXAMPLES);
      store.commit();
    }
    assertThat(path.resolve("_grad_partial.npy")).doesNotExist();
    Files.write(path.resolve("_grad_partial.npy"), stale);
    assertThat(GradientStore.done(path, layout)).isEqualTo(6L * EXAMPLES);
    try (GradientStore store = GradientStore.open(path, layout)) {
      assertThat(store.pairs()).isEqualTo(6L * EXAMPLES);
    }
  }

  @Test
  void shouldKeepTheSumsThoughInterrupted() throws IOException {
    GradientLayout layout = layout(true);
    Path path = Files.createDirectory(folder.resolve("store"));
    try (GradientStore store = GradientStore.open(path, layout)) {
      add(store, layout, 10);
      Thread.currentThread().interrupt();
      store.commit();
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(GradientStore.done(path, layout)).isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, 4.5, PASSES * EXAMPLES + 1, Double.NaN})
  void shouldRefuseDamagedSums(double count) throws IOException {
    GradientLayout layout = layout(false);
    Path path = Files.createDirectory(folder.resolve("store"));
    GradientStore.open(path, layout).close();
    Path partial = path.resolve("_grad_partial.npy");
    int elements = (int) (1 + layout.segmentElements());
    byte[] header = NpyWriter.header(NpyType.FLOAT64, elements);
    byte[] file = Arrays.copyOf(header, header.length + 8 * elements);
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putDouble(header.length, count);
    Files.write(partial, file);
    assertThatThrownBy(() -> GradientStore.open(path, layout))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("damaged sums")
        .hasMessageContaining("_grad_partial.npy")
        .hasMessageContaining("delete this file");
    Files.write(partial, Arrays.copyOf(file, file.length - 1));
    assertThatThrownBy(() -> GradientStore.open(path, layout))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("truncated");
  }

  private static GradientLayout layout(boolean soft) {
    return new GradientLayout(0, GradientSegments.ends(0, PASSES), soft, EXAMPLES, COLUMNS);
  }

  /** Adds passes whose values depend on nothing but their number. */
  private static void add(GradientStore store, GradientLayout layout, long count)
      throws IOException {
    for (long i = 0; i < count; i++) {
      SplittableRandom random = new SplittableRandom(SEED + store.pairs());
      float[] mask = new float[COLUMNS];
      float[] gradient = new float[COLUMNS];
      for (int j = 0; j < COLUMNS; j++) {
        mask[j] = layout.soft() ? random.nextInt(5) / 4f : random.nextInt(2);
        gradient[j] = (float) random.nextDouble(-1, 1);
      }
      store.add(random.nextInt(100), gradient, mask);
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }
}
