package io.ablate.tools.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class CommonOptionsTest {
  private static CommonOptions parsed(String... arguments) {
    CommonOptions common = new CommonOptions();
    new CommandLine(common).parseArgs(arguments);
    return common;
  }

  @Test
  void shouldRefusePassesOnADeviceThatIsNotThere() {
    assertThatThrownBy(parsed("--device", "cuda:4711")::requirePasses)
        .isInstanceOf(BadInputException.class)
        .hasMessageStartingWith("device cuda:4711 cannot be used: ");
    parsed("--device", "cpu").requirePasses();
    CommonOptions usual = parsed();
    usual.requirePasses();
    assertThat(usual.device()).isEqualTo("auto");
  }
}
