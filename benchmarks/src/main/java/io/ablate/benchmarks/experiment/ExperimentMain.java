package io.ablate.benchmarks.experiment;

import io.ablate.base.AblateException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.Interruption;
import io.ablate.tools.report.TargetTable;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Runs the experiments of a grid: {@code GRID [--only NAME] [--data DATA] [--work DIR] [--out DIR]
 * [--threads N] [--batch N] [--linalg NAME]}; or draws results again: {@code --chart RESULT.json
 * …}.
 *
 * <p>Exit codes are those of the command line: 0 done, 2 wrong usage, 3 bad input, 4 interrupted;
 * the same command goes on.
 */
public final class ExperimentMain {
  private static final String USAGE =
      "GRID [--only NAME] [--data DATA] [--work DIR] [--out DIR] [--threads N] [--batch N]"
          + " [--linalg NAME], or --chart RESULT.json...";
  private static final List<String> OPTIONS =
      List.of("--only", "--data", "--work", "--out", "--threads", "--batch", "--linalg");

  private static final int INTERRUPTED = 4;

  /** Whatever was going on: the remedy of a collection would be an option of another command. */
  private static final String GOES_ON =
      Problem.of("interrupted")
          .remedy("what was collected and computed is kept; the same command goes on")
          .message();

  private ExperimentMain() {}

  public static void main(String[] arguments) {
    Interruption interruption = Interruption.install(Thread.currentThread());
    int code = 1;
    try {
      code = run(new PrintWriter(System.err, true, StandardCharsets.UTF_8), arguments);
    } finally {
      // Also where an error flies past: the interruption must not wait for a result.
      interruption.finished(code);
    }
    System.exit(code);
  }

  /**
   * Runs a command line and returns its exit code.
   *
   * @param err for progress and errors
   */
  static int run(PrintWriter err, String... arguments) {
    try (ConsoleProgress progress = ConsoleProgress.onStderr(err)) {
      Deque<String> words = new ArrayDeque<>(List.of(arguments));
      if ("--chart".equals(words.peek())) {
        words.remove();
        words.forEach(file -> System.out.println(ResultChart.draw(Path.of(file))));
        return 0;
      }
      experiments(words, progress);
      return 0;
    } catch (AblateException e) {
      // An interrupt may surface as the failure of whatever was being read.
      boolean interrupted =
          e instanceof InterruptedRunException || Thread.interrupted() || Interruption.requested();
      err.println("experiment: " + (interrupted ? GOES_ON : e.getMessage()));
      return interrupted ? INTERRUPTED : e.exitCode();
    }
  }

  private static void experiments(Deque<String> words, ConsoleProgress progress) {
    @Nullable Path grid = null;
    Map<String, String> options = new TreeMap<>();
    while (!words.isEmpty()) {
      String word = words.remove();
      if (OPTIONS.contains(word) && !words.isEmpty()) {
        options.put(word, words.remove());
      } else if (grid == null && !word.startsWith("-")) {
        grid = Path.of(word);
      } else {
        throw usage(word);
      }
    }
    if (grid == null) {
      throw usage("no grid");
    }
    Path home = Path.of(System.getProperty("ablate.benchmarks", "benchmarks"));
    Path folder = grid.toAbsolutePath().getParent();
    ExperimentRun.Options run =
        new ExperimentRun.Options(
            folder == null ? Path.of("") : folder,
            options.get("--data"),
            options.containsKey("--work") ? Path.of(options.get("--work")) : home.resolve("work"),
            options.containsKey("--out") ? Path.of(options.get("--out")) : home.resolve("results"),
            home,
            command(grid, options),
            options.getOrDefault("--linalg", "auto"),
            count(options, "--threads", Runtime.getRuntime().availableProcessors()),
            count(options, "--batch", 0));
    for (Experiment experiment : Grid.read(grid).chosen(options.get("--only"))) {
      for (Path file : new ExperimentRun(experiment, run, progress).run()) {
        TargetTable table = new TargetTable(Result.read(file).comparison());
        System.out.printf("%s%n%s%n%n%s%n", file, table.headline(), table.text());
      }
    }
  }

  /** What decides the figures, fit to be published: without the folders of this machine. */
  static String command(Path grid, Map<String, String> options) {
    StringBuilder command = new StringBuilder("benchmarks/run experiment ");
    command.append(grid.isAbsolute() ? grid.getFileName() : grid);
    for (String name : List.of("--only", "--data", "--linalg")) {
      String value = options.get(name);
      if (value != null) {
        int colon = value.indexOf(':');
        boolean folder = name.equals("--data") && colon >= 0 && !value.startsWith("bundled");
        command.append(' ').append(name).append(' ');
        command.append(folder ? value.substring(0, colon + 1) + "DIR" : value);
      }
    }
    return command.toString();
  }

  private static int count(Map<String, String> options, String name, int otherwise) {
    String text = options.getOrDefault(name, Integer.toString(otherwise));
    if (options.containsKey(name) && !text.matches("[1-9][0-9]{0,3}")) {
      throw usage(name + " " + text);
    }
    return Integer.parseInt(text);
  }

  private static UsageException usage(String found) {
    return new UsageException(Problem.of("wrong command line").expected(USAGE).found(found));
  }
}
