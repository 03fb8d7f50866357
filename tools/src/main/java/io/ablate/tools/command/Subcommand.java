package io.ablate.tools.command;

import io.ablate.base.Json;
import io.ablate.tools.ConsoleProgress;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What every command has: the common options, stdout for data, stderr for the rest. */
abstract class Subcommand implements Callable<Integer> {
  @Mixin final CommonOptions common = new CommonOptions();
  @Spec private @Nullable CommandSpec spec;

  @Override
  public final Integer call() {
    common.requireDevice();
    try (ConsoleProgress progress = ConsoleProgress.onStderr(err())) {
      run(progress);
    }
    return 0;
  }

  /** Does the work; faults are thrown. */
  abstract void run(ConsoleProgress progress);

  final PrintWriter out() {
    return Objects.requireNonNull(spec).commandLine().getOut();
  }

  final PrintWriter err() {
    return Objects.requireNonNull(spec).commandLine().getErr();
  }

  /** Prints {@code value} as JSON if that was asked for, else the text. */
  final void print(Object value, java.util.function.Supplier<String> text) {
    out().print(common.json ? Json.write(value) : text.get());
    out().flush();
  }
}
