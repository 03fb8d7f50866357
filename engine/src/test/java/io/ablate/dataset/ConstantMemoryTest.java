package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.forward.BatchOrder;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("looks at the heap")
class ConstantMemoryTest {
  private static final int ROWS = 100_000;
  private static final int GRADIENTS = 50_000;

  @TempDir Path folder;

  @Test
  void shouldNotGrowTheHeapWithTheNumberOfMasks() {
    List<Long> used =
        heap(
            "passes",
            StoreTesting.request(folder.resolve("store"), 0, ROWS, BatchOrder.MASKS, 256));
    // The store's masks alone are 6.7 MB, its outputs 2 MB.
    assertThat(used.getLast() - used.getFirst()).isLessThan(1_000_000);
  }

  @Test
  void shouldNotGrowTheHeapWithTheNumberOfGradientPasses() {
    List<Long> used =
        heap(
            "gradient passes",
            GradientTesting.request(folder.resolve("store"), 0, GRADIENTS, .2, 32));
    // Their derivatives are 67 MB, the outputs 1 MB.
    assertThat(used.getLast() - used.getFirst()).isLessThan(500_000);
  }

  /** Use of the heap after each tenth of a stage. */
  private static List<Long> heap(String measured, CollectRequest request) {
    List<Long> used = new ArrayList<>();
    Collector.run(
        request,
        (stage, done, total) -> {
          if (stage.equals(measured) && done >= total * (used.size() + 1) / 10) {
            System.gc();
            used.add(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
          }
        });
    assertThat(used).hasSize(10);
    return used;
  }
}
