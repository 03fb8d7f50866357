package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.instrument.OutputFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which scalar of a store. */
final class OutputOption {
  @Option(
      names = "--output",
      order = 30,
      paramLabel = "NAME",
      description =
          "The scalar, derived from the stored logits: margin, margin-logsumexp, logit, log-prob or"
              + " loss (default: the stored outputs).")
  private @Nullable String output;

  /** The function asked for; null for the stored outputs. */
  @Nullable OutputFunction function() {
    return output == null ? null : parse(output);
  }

  static OutputFunction parse(String name) {
    OutputFunction function = OutputFunction.byLabel(name);
    if (function == null) {
      throw new UsageException(
          Problem.of("unknown name").at("--output").expected(OutputFunction.labels()).found(name));
    }
    return function;
  }
}
