package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SharedWorkTest {
  private final SharedWork shared = new SharedWork();
  private final AtomicInteger made = new AtomicInteger();

  private Integer make(@Nullable Object... of) {
    return shared.get(Integer.class, made::incrementAndGet, of);
  }

  private static MaskMatrix masks(int rows) {
    return MaskMatrix.of(new BernoulliMasks(1, .5, 9), 0, rows);
  }

  /** By content, not by which object it is. */
  @Test
  void shouldMakeTheSameOnce() {
    assertThat(make(masks(3), new double[][] {{1, 2}, {3}}, 4)).isEqualTo(1);
    assertThat(make(masks(3), new double[][] {{1, 2}, {3}}, 4)).isEqualTo(1);
    assertThat(make(masks(3), new double[][] {{1, 2}, {3}}, null)).isEqualTo(2);
    assertThat(make(masks(4), new double[][] {{1, 2}, {3}}, null)).isEqualTo(3);
    assertThat(make(masks(4), new double[][] {{1, 2}, {3.5}}, null)).isEqualTo(4);
    assertThat(make(masks(4), new double[][] {{1, 2}, {3.5}}, null)).isEqualTo(4);
  }

  /** What was given may be written to afterwards. */
  @Test
  void shouldSeeThatTheSameArraysHoldOtherValues() {
    MaskMatrix masks = masks(3);
    double[][] outputs = {{1, 2}, {3}};
    float[] soft = {1};
    int[] layers = {0, 1};
    assertThat(make(masks, outputs, soft, layers)).isEqualTo(1);
    assertThat(make(masks, outputs, soft, layers)).isEqualTo(1);
    masks.set(0, 0, !masks.get(0, 0));
    assertThat(make(masks, outputs, soft, layers)).isEqualTo(2);
    outputs[1][0] = 4;
    assertThat(make(masks, outputs, soft, layers)).isEqualTo(3);
    soft[0] = 2;
    assertThat(make(masks, outputs, soft, layers)).isEqualTo(4);
    layers[1] = 0;
    assertThat(make(masks, outputs, soft, layers)).isEqualTo(5);
    assertThat(make(masks, outputs, soft, layers)).isEqualTo(5);
  }

  @Test
  void shouldKeepOneOfEveryKind() {
    assertThat(shared.get(String.class, () -> "text", 1)).isEqualTo("text");
    assertThat(make(1)).isEqualTo(1);
    assertThat(shared.get(String.class, () -> "other", 1)).isEqualTo("text");
    assertThat(make(2)).isEqualTo(2);
    assertThat(make(1)).isEqualTo(3);
  }

  @Test
  void shouldNotKeepWhatIsLarge() {
    double[][] large = new double[5][1 << 22];
    assertThat(make((Object) large)).isEqualTo(1);
    assertThat(make((Object) large)).isEqualTo(2);
    double[][] small = new double[3][1 << 22];
    assertThat(make((Object) small)).isEqualTo(3);
    assertThat(make((Object) small)).isEqualTo(3);
  }

  @Test
  void shouldTellWhatWasSaved() {
    assertThatThrownBy(
            () ->
                shared.get(
                    Integer.class,
                    () -> {
                      throw new IllegalStateException("no luck");
                    },
                    1))
        .hasMessage("no luck");
    assertThat(make(1)).isEqualTo(1);
    assertThat(shared.secondsSaved()).isZero();
    make(1);
    double once = shared.secondsSaved();
    assertThat(once).isPositive();
    make(1);
    assertThat(shared.secondsSaved()).isEqualTo(2 * once);
  }
}
