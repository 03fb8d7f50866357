package io.ablate.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pieces run at the same time, and a failure of one leaves none running. */
class SideBySideTest {
  @Test
  @Timeout(60)
  void shouldRunAllPiecesAtOnce() {
    CyclicBarrier met = new CyclicBarrier(3);
    AtomicInteger runs = new AtomicInteger();
    Runnable piece =
        () -> {
          try {
            met.await();
            runs.incrementAndGet();
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        };
    try (SideBySide side = new SideBySide(List.of(piece, piece, piece))) {
      side.run();
      side.run();
    }
    assertThat(runs).hasValue(6);
  }

  @Test
  void shouldThrowWhatTheFirstFailedPieceThrewOnceAllHaveEnded() {
    AtomicInteger ended = new AtomicInteger();
    Runnable works = ended::incrementAndGet;
    Runnable fails =
        () -> {
          throw new IllegalArgumentException("second");
        };
    Runnable failsToo =
        () -> {
          throw new IllegalStateException("third");
        };
    try (SideBySide side = new SideBySide(List.of(works, fails, failsToo, works))) {
      assertThatThrownBy(side::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("second");
      assertThat(ended).hasValue(2);
    }
  }
}
