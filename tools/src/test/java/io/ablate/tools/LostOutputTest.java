package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Results that cannot be written are not taken for written. */
class LostOutputTest {
  @Test
  void shouldFailWhereResultsAreLost() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    assertThat(Main.run(new String[] {"doctor"}, failing("No space left on device"), err))
        .isEqualTo(3);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .contains("cannot write file: standard output; found No space left on device");
  }

  @Test
  void shouldBeQuietWhereTheReaderHasReadEnough() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    assertThat(Main.run(new String[] {"doctor"}, failing("Broken pipe"), err)).isZero();
    assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
  }

  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        throw new IOException(message);
      }
    };
  }
}
