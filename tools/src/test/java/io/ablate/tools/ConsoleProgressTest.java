package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {
  private final StringWriter text = new StringWriter();

  @Test
  void shouldTellWorkRateAndTimeLeft() {
    assertThat(ConsoleProgress.line("passes", 3200, 8000, 3200, 2))
        .isEqualTo("passes 3,200 of 8,000 (40 %) · 1,600/s · 3.0 s left");
    assertThat(ConsoleProgress.line("passes", 8000, 8000, 4000, 100))
        .isEqualTo("passes 8,000 of 8,000 (100 %) · 40/s · took 1 min 40 s");
    assertThat(ConsoleProgress.line("passes", 0, 8000, 0, 0)).isEqualTo("passes 0 of 8,000 (0 %)");
  }

  @Test
  void shouldWriteDurationsForPeople() {
    assertThat(ConsoleProgress.duration(.04)).isEqualTo("0.0 s");
    assertThat(ConsoleProgress.duration(45.4)).isEqualTo("45 s");
    assertThat(ConsoleProgress.duration(200)).isEqualTo("3 min 20 s");
    assertThat(ConsoleProgress.duration(7500)).isEqualTo("2 h 5 min");
  }

  @Test
  void shouldRewriteOneLineOnATerminal() {
    try (ConsoleProgress progress = new ConsoleProgress(new PrintWriter(text), true)) {
      progress.update("passes", 1, 3);
      progress.update("passes", 3, 3);
    }
    assertThat(text.toString()).startsWith("\rpasses 1 of 3").contains("\rpasses 3 of 3");
    assertThat(text.toString().lines().filter(line -> !line.isBlank())).hasSize(2);
    assertThat(text.toString()).endsWith(System.lineSeparator());
  }

  @Test
  void shouldStaySilentAboutShortWorkInALog() {
    try (ConsoleProgress progress = new ConsoleProgress(new PrintWriter(text), false)) {
      for (int done = 0; done <= 100; done++) {
        progress.update("passes", done, 100);
      }
    }
    assertThat(text.toString()).isEmpty();
  }
}
