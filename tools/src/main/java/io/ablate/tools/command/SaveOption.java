package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.List;
import picocli.CommandLine.Option;

/** What a store keeps beside outputs: shared by plan and collect. */
final class SaveOption {
  @Option(
      names = "--save",
      order = 26,
      split = ",",
      paramLabel = "WHAT",
      defaultValue = "activation-scale",
      description =
          "activation-scale, logits or none, separated by commas (default: activation-scale).")
  private List<String> save = List.of();

  List<String> names() {
    for (String name : save) {
      if (!List.of("activation-scale", "logits", "none").contains(name)) {
        throw new UsageException(
            Problem.of("unknown name")
                .at("--save")
                .expected("activation-scale, logits or none")
                .found(name));
      }
    }
    return save;
  }
}
