package io.ablate.tools.command;

import io.ablate.dataset.DatasetMerge;
import io.ablate.dataset.Manifest;
import io.ablate.tools.ConsoleProgress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Joins stores over disjoint rows and gradient passes of one plan. */
@Command(
    name = "merge",
    sortOptions = false,
    abbreviateSynopsis = true,
    description =
        "Join stores that hold consecutive rows, or gradient passes, of the same plan (see collect"
            + " --first-row, --first-gradient).",
    footer = {"", "Example:  ablate merge part1 part2 --out store"})
final class MergeCommand extends Subcommand {
  @Parameters(arity = "2..*", paramLabel = "STORE", description = "Stores, in any order.")
  private List<Path> stores = new ArrayList<>();

  @Option(names = "--out", required = true, paramLabel = "STORE", description = "Folder to write.")
  private @Nullable Path out;

  /** What {@code --json} prints. */
  record Merged(String store, Manifest manifest) {}

  @Override
  void run(ConsoleProgress progress) {
    Path folder = Objects.requireNonNull(out);
    Manifest manifest = DatasetMerge.merge(stores, folder);
    print(new Merged(folder.toString(), manifest), () -> text(folder, manifest));
  }

  private static String text(Path folder, Manifest manifest) {
    long first = manifest.rows().first();
    int count = manifest.rows().count();
    Manifest.Gradients gradients = manifest.gradients();
    return folder
        + ": "
        + (count == 0 ? "no rows" : range("rows", first, count))
        + (gradients == null
            ? ""
            : ", " + range("gradient passes", gradients.first(), gradients.passes()))
        + System.lineSeparator();
  }

  private static String range(String what, long first, int count) {
    return String.format(Locale.ROOT, "%s %,d to %,d", what, first, first + count - 1);
  }
}
