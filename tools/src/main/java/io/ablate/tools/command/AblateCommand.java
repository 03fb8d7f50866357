package io.ablate.tools.command;

import io.ablate.base.AblateException;
import io.ablate.tools.Interruption;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The root of the command line: names the commands and words the faults. */
@Command(
    name = "ablate",
    mixinStandardHelpOptions = true,
    versionProvider = AblateCommand.Version.class,
    description = {
      "Which components of a neural network carry a prediction, and how many ablated forward passes"
          + " it takes to know.",
      ""
    },
    footer = {
      "",
      "First run, no download needed:   ablate compare",
      "Help on a command:               ablate COMMAND --help",
      "Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 bad input or missing backend,",
      "            4 interrupted but resumable, 5 a gate failed"
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CompareCommand.class,
      InspectCommand.class,
      PlanCommand.class,
      CollectCommand.class,
      FitCommand.class,
      EvaluateCommand.class,
      QueryCommand.class,
      MergeCommand.class,
      FetchCommand.class,
      BenchCommand.class,
      DoctorCommand.class
    })
public final class AblateCommand implements Runnable {
  private static final int INTERNAL_ERROR = 1;
  private static final int INTERRUPTED = 4;

  @CommandLine.Spec private CommandLine.Model.@org.jspecify.annotations.Nullable CommandSpec spec;

  /** The complete command line, writing to the given streams. */
  public static CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return new CommandLine(new AblateCommand())
        .setOut(out)
        .setErr(err)
        .setUsageHelpWidth(100)
        .setUsageHelpAutoWidth(false)
        .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(AblateCommand::wrongUsage)
        .setExecutionExceptionHandler(AblateCommand::failed);
  }

  @Override
  public void run() {
    CommandLine line = java.util.Objects.requireNonNull(spec).commandLine();
    line.usage(line.getErr());
    throw new ParameterException(line, "a command is needed");
  }

  private static int wrongUsage(ParameterException e, String[] arguments) {
    CommandLine line = e.getCommandLine();
    line.getErr().println("ablate: " + e.getMessage());
    UnmatchedArgumentException.printSuggestions(e, line.getErr());
    line.getErr().println("see: " + line.getCommandSpec().qualifiedName() + " --help");
    return 2;
  }

  private static int failed(Exception e, CommandLine line, ParseResult parsed) {
    PrintWriter err = line.getErr();
    boolean verbose = CommonOptions.verbose(parsed);
    if (!(e instanceof AblateException fault)) {
      return unexpected(e, err, verbose);
    }
    err.println("ablate: " + fault.getMessage());
    if (verbose) {
      e.printStackTrace(err);
    }
    return fault.exitCode();
  }

  /**
   * Reports what is no {@link AblateException}: an interrupt's consequence, where the process was
   * asked to end, else an internal error.
   *
   * @return the exit code
   */
  public static int unexpected(Throwable e, PrintWriter err, boolean verbose) {
    boolean interrupted = Interruption.requested();
    err.println("ablate: " + (interrupted ? "interrupted" : "internal error: " + e));
    if (verbose) {
      e.printStackTrace(err);
    } else if (!interrupted) {
      err.println("run it again with --verbose for details, and please report them");
    }
    return interrupted ? INTERRUPTED : INTERNAL_ERROR;
  }

  /** The version from the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"ablate " + Versions.ablate()};
    }
  }
}
