package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.forward.BatchOrder;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConstantMemoryTest {
  private static final int ROWS = 100_000;

  @TempDir Path folder;

  @Test
  void shouldNotGrowTheHeapWithTheNumberOfMasks() {
    List<Long> used = new ArrayList<>();
    Collector.run(
        StoreTesting.request(folder.resolve("store"), 0, ROWS, BatchOrder.MASKS, 256),
        (stage, done, total) -> {
          if (done >= total * (used.size() + 1) / 10) {
            System.gc();
            used.add(ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
          }
        });
    assertThat(used).hasSize(10);
    // The store's masks alone are 6.7 MB, its outputs 2 MB.
    assertThat(used.getLast() - used.getFirst()).isLessThan(1_000_000);
  }
}
