package io.ablate.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.UsageException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ComparisonMasksTest {
  private static final BernoulliMasks HELD_OUT = new BernoulliMasks(42, .9, 65);

  @ParameterizedTest
  @ValueSource(strings = {"fixed-size", "block-balanced", "leave-one-out"})
  void shouldTakeTheFirstRowsFromOneDesignAndTheOthersFromAnother(String name) {
    MaskDesign training = MaskDesigns.named(name, 42, .9, 65);
    MaskMatrix masks = MaskMatrix.of(new ComparisonMasks(training, 37, HELD_OUT), 0, 100);
    assertThat(masks.rows(0, 37)).isEqualTo(MaskMatrix.of(training, 0, 37));
    // The same held-out masks as those of a comparison on Bernoulli masks alone.
    assertThat(masks.rows(37, 100)).isEqualTo(MaskMatrix.of(HELD_OUT, 37, 63));
  }

  @Test
  void shouldSayWhereTheHeldOutRowsBegin() {
    MaskDesign training = new BlockBalancedMasks(42, .9, 65);
    Map<String, Object> provenance = new ComparisonMasks(training, 37, HELD_OUT).provenance();
    assertThat(ComparisonMasks.heldOutFrom(provenance)).hasValue(37);
    assertThat(provenance).containsAllEntriesOf(training.provenance());
    assertThat(provenance).containsKey("held_out");
    assertThat((Map<?, ?>) provenance.get("held_out"))
        .isEqualTo(
            Map.of(
                "design",
                "bernoulli",
                "from",
                37L,
                "generator",
                BernoulliMasks.GENERATOR,
                "keep",
                .9,
                "seed",
                42L));
    assertThat(ComparisonMasks.heldOutFrom(training.provenance())).isEmpty();
    assertThat(ComparisonMasks.heldOutFrom(Map.of())).isEmpty();
  }

  @Test
  void shouldRefuseMoreTrainingRowsThanThereAre() {
    assertThat(new ComparisonMasks(new LeaveOneOutMasks(65), 66, HELD_OUT).rows())
        .isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> new ComparisonMasks(new LeaveOneOutMasks(65), 67, HELD_OUT))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--samples")
        .hasMessageContaining("at most 66")
        .hasMessageContaining("found 67");
  }

  @Test
  void shouldKnowWhichDesignsAreDependent() {
    assertThat(MaskDesigns.isDependent(HELD_OUT.provenance())).isFalse();
    assertThat(MaskDesigns.isDependent(Map.of("design", "file"))).isFalse();
    for (String name : MaskDesigns.NAMES) {
      assertThat(MaskDesigns.isDependent(MaskDesigns.named(name, 1, .5, 8).provenance()))
          .isEqualTo(!name.equals("bernoulli"));
    }
  }
}
