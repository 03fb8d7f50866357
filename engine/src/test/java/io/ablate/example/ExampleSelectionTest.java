package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.UsageException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleSelectionTest {
  @Test
  void shouldKeepTheOrderWritten() {
    assertThat(ExampleSelection.parse("0-3,42")).containsExactly(0, 1, 2, 3, 42);
    assertThat(ExampleSelection.parse("7")).containsExactly(7);
    assertThat(ExampleSelection.parse("5-5, 1")).containsExactly(5, 1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''|expected positions and ranges such as 0-9,42, found ''",
        "1,,2|found ''",
        "-3|found '-3'",
        "a|found 'a'",
        "1-2-3|found '1-2-3'",
        "9-0|expected a range that runs upwards, found 9-0",
        "0-4,3|expected each position once, found 3 twice",
        "0-999999999|expected at most 10000000 positions",
        "9999999999|below 2^31",
        "99999999999|found '99999999999'"
      })
  void shouldSayWhatIsWrong(String text, String message) {
    assertThatThrownBy(() -> ExampleSelection.parse(text))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith("malformed selection of examples: '" + text + "'")
        .hasMessageContaining(message);
  }
}
