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

  /** Also where the device is there: fits run on it, passes do not. */
  @Test
  void shouldRefusePassesOnADevice() {
    assertThatThrownBy(parsed("--device", "cuda:1")::requirePasses)
        .isInstanceOf(BadInputException.class)
        .hasMessage(
            "this version runs no passes on the device: --device cuda:1; collect with --device"
                + " cpu, then fit or compare the store with --device cuda:1");
    parsed("--device", "cpu").requirePasses();
    CommonOptions usual = parsed();
    usual.requirePasses();
    assertThat(usual.device()).isEqualTo("auto");
  }
}
