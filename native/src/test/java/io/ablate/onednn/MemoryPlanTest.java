package io.ablate.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.onednn.MemoryPlan.Need;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
  @Test
  void shouldNeverPutTwoValuesThatMeetIntoOnePlace() {
    SplittableRandom random = new SplittableRandom(3);
    for (int round = 0; round < 200; round++) {
      List<Need> needs = new ArrayList<>();
      for (int i = 0; i < random.nextInt(1, 20); i++) {
        int first = random.nextInt(30);
        needs.add(new Need(i, random.nextInt(1, 1000), first, first + random.nextInt(8)));
      }
      MemoryPlan plan = MemoryPlan.of(needs);
      for (Need a : needs) {
        long start = plan.offset(a.storage());
        assertThat(start % 64).isZero();
        assertThat(start + a.bytes()).isLessThanOrEqualTo(plan.bytes());
        for (Need b : needs) {
          long other = plan.offset(b.storage());
          boolean apart = start + a.bytes() <= other || other + b.bytes() <= start;
          assertThat(a.equals(b) || !a.meets(b) || apart).as("%s and %s", a, b).isTrue();
        }
      }
    }
  }

  @Test
  void shouldUseAPlaceAgain() {
    List<Need> chain = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      chain.add(new Need(i, 6400, i, i + 1));
    }
    assertThat(MemoryPlan.of(chain).bytes()).isEqualTo(2 * 6400);
  }
}
