package io.ablate.tools.command;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.dataset.CollectRequest;
import io.ablate.dataset.Collector;
import io.ablate.dataset.Manifest;
import io.ablate.dataset.StoppingRule;
import io.ablate.evaluate.UntilLds;
import io.ablate.tools.ConsoleProgress;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** From a model and data to a store of ablated outputs. */
@Command(
    name = "collect",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "Run ablated forward passes and keep masks and outputs in a store.",
    footer = {
      "",
      "Ctrl-C keeps what is done; the same command with --resume goes on.",
      "Example:  ablate collect model.onnx --data cifar10:DIR --examples 0-9 --masks 5000 --keep 0.9"
          + " --out store"
    })
final class CollectCommand extends Subcommand {
  @Mixin private final ModelArgument model = new ModelArgument();

  @Mixin private final DataOptions data = new DataOptions();

  @Option(
      names = "--masks",
      order = 22,
      paramLabel = "N",
      description =
          "Number of masks, the most of them with --until-lds; 0 for gradient passes alone (default:"
              + " all of --masks-file).")
  private @Nullable Integer masks;

  @Option(
      names = "--first-row",
      order = 23,
      paramLabel = "I",
      defaultValue = "0",
      description = "Begin at row I of the design: stores of disjoint rows merge (default: 0).")
  private long firstRow;

  @Option(
      names = "--out",
      order = 24,
      required = true,
      paramLabel = "STORE",
      description = "Folder to write.")
  private @Nullable Path out;

  @Option(
      names = "--resume",
      order = 25,
      description = "Continue the store, or start it where there is none.")
  private boolean resume;

  @Mixin private final SaveOption save = new SaveOption();

  @Mixin private final GradientOptions gradients = new GradientOptions();

  @Option(
      names = "--first-gradient",
      order = 29,
      paramLabel = "R",
      defaultValue = "0",
      description =
          "Begin at gradient pass R: stores merge where one ends after 1, 2, 3, 4, 6, 8, 12, 16, …"
              + " passes (default: 0).")
  private int firstGradient;

  @Mixin private final UntilOptions until = new UntilOptions();
  @Mixin private final CollectOptions collect = new CollectOptions();
  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  /** What {@code --json} prints. */
  @JsonNaming(SnakeCaseStrategy.class)
  record Collected(
      String store,
      int rows,
      int components,
      int examples,
      long passes,
      long scalePasses,
      long gradientPasses,
      double gradientCost,
      double seconds,
      Manifest.Batch batch,
      @JsonInclude(JsonInclude.Include.NON_NULL) UntilLds.@Nullable Outcome untilLds) {}

  @Override
  void run(ConsoleProgress progress) {
    Path store = Objects.requireNonNull(out);
    gradients.require(firstGradient);
    until.require(gradients);
    int rows = rows(masks, collect, gradients);
    @Nullable UntilLds rule = until.rule(common, progress);
    try (Workbench bench =
        Workbench.open(model.file(), modelOptions, data, collect, common, save.names(), progress)) {
      CollectRequest request =
          gradients.added(bench.request(store, firstRow, rows, resume), bench, firstGradient);
      long start = System.nanoTime();
      Collector.Result result =
          Collector.run(request, rule == null ? StoppingRule.ALL_ROWS : rule, progress);
      UntilLds.@Nullable Outcome end = rule == null ? null : rule.outcome();
      if (end != null) {
        Json.write(store.resolve(UntilOptions.FILE), end);
      }
      Manifest.Gradients stored = result.manifest().gradients();
      Collected collected =
          new Collected(
              store.toString(),
              end == null ? result.manifest().rows().count() : end.rows(),
              result.manifest().components(),
              result.manifest().data().examples().size(),
              result.passes(),
              result.scalePasses(),
              result.gradientPasses(),
              stored == null ? 0 : stored.cost(),
              (System.nanoTime() - start) / 1e9,
              result.manifest().batch(),
              end);
      print(collected, () -> text(collected) + UntilOptions.text(end, result.manifest()));
    }
  }

  /** The number of masks asked for; {@link Workbench#ALL_ROWS} for all of a file. */
  static int rows(@Nullable Integer masks, CollectOptions collect, GradientOptions gradients) {
    if (masks == null) {
      if (collect.fromFile()) {
        return Workbench.ALL_ROWS;
      }
      throw new UsageException(
          Problem.of("how many masks?")
              .remedy(
                  "give --masks N, or masks with --masks-file M.npy; --masks 0 where --gradients"
                      + " shall be all"));
    }
    int fewest = gradients.wanted() ? 0 : 1;
    if (masks < fewest) {
      throw new UsageException(
          Problem.of("wrong number of masks")
              .at("--masks")
              .expected(fewest + " or more")
              .found(masks));
    }
    return masks;
  }

  private static String text(Collected done) {
    long all = done.passes() + done.gradientPasses();
    return String.format(
        Locale.ROOT,
        "%s: %,d masks x %,d components, outputs of %,d examples%n%,d ablated passes%s in %s"
            + " (%,.0f/s), %d rows per batch filled with %s%n",
        done.store(),
        done.rows(),
        done.components(),
        done.examples(),
        done.passes(),
        done.gradientCost() == 0
            ? ""
            : String.format(
                Locale.ROOT,
                " and %,d gradient passes, worth %.2f each,",
                done.gradientPasses(),
                done.gradientCost()),
        ConsoleProgress.duration(done.seconds()),
        all / Math.max(1e-9, done.seconds()),
        done.batch().size(),
        done.batch().order());
  }
}
