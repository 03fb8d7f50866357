package io.ablate.tools.command;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What is done with benchmark results. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Judge results of the benchmarks, or hand them on.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {BenchCompareCommand.class, BenchExportCommand.class})
final class BenchCommand implements Runnable {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        Objects.requireNonNull(spec).commandLine(),
        "a command is needed: ablate bench compare or export");
  }
}
