package io.ablate.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Isolated("times passes")
class CalibrationTest {
  private static final long PLENTY = 1L << 50;

  @Test
  void shouldTryEachOrderInAscendingSizesWithoutMuchPadding() {
    assertThat(Calibration.candidates(20, new Calibration.Choice(null, 0, 100, PLENTY), 0))
        .extracting(c -> c.order().label() + c.size())
        .containsExactly(
            "masks8",
            "masks16",
            "masks32",
            "masks64",
            "masks128",
            "examples8",
            "examples16",
            "examples32");
    assertThat(
            Calibration.candidates(
                1, new Calibration.Choice(BatchOrder.EXAMPLES, 0, 100, PLENTY), 0))
        .extracting(Calibration.Candidate::size)
        .containsExactly(8);
    assertThat(
            Calibration.candidates(
                1, new Calibration.Choice(BatchOrder.MASKS, 21, 100, PLENTY), 1024))
        .extracting(Calibration.Candidate::size)
        .containsExactly(21);
  }

  /** Nothing is timed, so that the choice is a function of the run alone. */
  @ParameterizedTest
  @CsvSource({
    "40000,10,,masks,1000",
    "1040,10,,masks,520",
    "100,10,,masks,104",
    "20,3000,,examples,1000",
    "20,3000,masks,masks,24",
    "1,1,,masks,8"
  })
  void shouldFillABackendThatKnowsItsBatch(
      long rows, int examples, @Nullable String asked, String order, int size) {
    BatchOrder wanted = asked == null ? null : BatchOrder.of(asked);
    assertThat(
            Calibration.candidates(examples, new Calibration.Choice(wanted, 0, rows, PLENTY), 1024))
        .containsExactly(new Calibration.Candidate(BatchOrder.of(order), size));
  }

  @ParameterizedTest
  @EnumSource(BatchOrder.class)
  void shouldChooseTheFastestOfEqualBits(BatchOrder order) {
    Calibration.Result result = calibrate(new Calibration.Choice(order, 0, 40, PLENTY));
    assertThat(result.trials()).hasSizeGreaterThan(1).allMatch(t -> t.order() == order);
    assertThat(result.chosen().sameBits()).isTrue();
    double fastest =
        result.trials().stream()
            .filter(Calibration.Trial::sameBits)
            .mapToDouble(Calibration.Trial::secondsPerPass)
            .min()
            .orElseThrow();
    assertThat(result.chosen().secondsPerPass()).isLessThan(fastest * 1.2);
  }

  @Test
  void shouldTakeLessTimeForAShortRun() {
    Calibration.Choice few = new Calibration.Choice(BatchOrder.MASKS, 0, 40, PLENTY);
    Calibration.Choice many = new Calibration.Choice(BatchOrder.MASKS, 0, 10_000_000, PLENTY);
    calibrate(few);
    // Other work on the machine only adds time: the least of several is that of the calibration.
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      long start = System.nanoTime();
      calibrate(few);
      least = Math.min(least, System.nanoTime() - start);
    }
    long start = System.nanoTime();
    calibrate(many);
    assertThat(3 * least).isLessThan(System.nanoTime() - start);
  }

  @Test
  void shouldStopAtTheMemoryBound() {
    Calibration.Result result = calibrate(new Calibration.Choice(BatchOrder.MASKS, 0, 999, 1));
    assertThat(result.trials()).hasSize(1);
    assertThat(result.chosen().size()).isEqualTo(8);
  }

  @Test
  void shouldAnnounceTheMemoryOfCandidatesThatThereWasNoTimeFor() {
    Calibration.Choice choice = new Calibration.Choice(BatchOrder.MASKS, 0, 999, PLENTY);
    Calibration.Result hurried = calibrate(choice, 0);
    assertThat(hurried.trials()).extracting(Calibration.Trial::size).containsExactly(8);
    long resident = hurried.trials().getFirst().residentBytes();
    assumeThat(resident).isPositive();
    assertThat(hurried.untriedBytes()).isGreaterThanOrEqualTo(resident);
    assertThat(calibrate(choice, Long.MAX_VALUE).untriedBytes()).isZero();
    assertThat(calibrate(new Calibration.Choice(BatchOrder.MASKS, 0, 999, 1), 0).untriedBytes())
        .as("what does not fit the memory is never run")
        .isZero();
  }

  @Test
  void shouldTakeAFixedBatchOfOne() {
    for (BatchOrder order : BatchOrder.values()) {
      Calibration.Trial chosen = calibrate(new Calibration.Choice(order, 1, 999, PLENTY)).chosen();
      assertThat(List.of(chosen.order(), chosen.size())).isEqualTo(List.of(order, 1));
    }
  }

  private static Calibration.Result calibrate(Calibration.Choice choice) {
    return calibrate(choice, 5_000_000_000L);
  }

  private static Calibration.Result calibrate(Calibration.Choice choice, long nanos) {
    return Calibration.run(
        new OrtCpuBackend(),
        TinyModel.plain(),
        new ForwardOptions(1, new long[] {TinyModel.INPUTS}),
        TinyModel.firstExamples(4),
        20,
        choice,
        nanos);
  }
}
