package io.ablate.tools.command;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.dataset.CollectPlan;
import io.ablate.dataset.Manifest;
import io.ablate.dataset.Planner;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.report.TextTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What collecting would cost, from a short calibration. */
@Command(
    name = "plan",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "Say what collect would cost: passes, time, memory, disk. Writes nothing.",
    footer = {
      "",
      "Example:  ablate plan model.onnx --data cifar10:DIR --examples 0-9 --masks 5000"
    })
final class PlanCommand extends Subcommand {
  @Mixin private final ModelArgument model = new ModelArgument();

  @Mixin private final DataOptions data = new DataOptions();

  @Option(
      names = "--masks",
      order = 22,
      paramLabel = "N",
      description = "Number of masks; 0 for gradient passes alone (default: all of --masks-file).")
  private @Nullable Integer masks;

  @Option(
      names = "--out",
      order = 24,
      paramLabel = "STORE",
      description = "Count only what this store still lacks.")
  private @Nullable Path out;

  @Mixin private final SaveOption save = new SaveOption();

  @Mixin private final GradientOptions gradients = new GradientOptions();
  @Mixin private final CollectOptions collect = new CollectOptions();
  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  /** What {@code --json} prints. */
  @JsonNaming(SnakeCaseStrategy.class)
  record Planned(
      long passes,
      long scalePasses,
      Manifest.Batch batch,
      double secondsPerPass,
      double seconds,
      long memoryBytes,
      long diskBytes,
      int components,
      @JsonUnwrapped @Nullable PlannedGradients gradients) {}

  /** The part of gradient passes. */
  @JsonNaming(SnakeCaseStrategy.class)
  record PlannedGradients(
      long gradientPasses,
      int gradientBatch,
      double gradientCost,
      double gradientSeconds,
      long gradientMemoryBytes,
      long gradientDiskBytes) {
    static PlannedGradients of(CollectPlan.Gradients plan) {
      return new PlannedGradients(
          plan.passes(),
          plan.batch(),
          plan.cost(),
          plan.seconds(),
          plan.memoryBytes(),
          plan.diskBytes());
    }
  }

  @Override
  void run(ConsoleProgress progress) {
    gradients.require(0);
    int rows = CollectCommand.rows(masks, collect, gradients);
    // A folder that is not there: nothing is written to it.
    Path store =
        out != null
            ? out
            : Path.of(
                System.getProperty("java.io.tmpdir"),
                "ablate-plan-" + ProcessHandle.current().pid());
    try (Workbench bench =
        Workbench.open(model.file(), modelOptions, data, collect, common, save.names(), progress)) {
      CollectPlan plan =
          Planner.plan(gradients.added(bench.request(store, 0, rows, true), bench, 0));
      Planned planned =
          new Planned(
              plan.passes(),
              plan.scalePasses(),
              plan.batch(),
              plan.secondsPerPass(),
              plan.seconds(),
              plan.memoryBytes(),
              plan.diskBytes(),
              bench.model().components().size(),
              plan.gradients() == null ? null : PlannedGradients.of(plan.gradients()));
      print(planned, () -> text(planned));
    }
  }

  private static String text(Planned plan) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("components", String.format(Locale.ROOT, "%,d", plan.components())));
    lines.add(List.of("ablated passes", String.format(Locale.ROOT, "%,d", plan.passes())));
    lines.add(List.of("scale passes", String.format(Locale.ROOT, "%,d", plan.scalePasses())));
    PlannedGradients gradients = plan.gradients();
    if (gradients != null) {
      lines.add(
          List.of(
              "gradient passes",
              String.format(
                  Locale.ROOT,
                  "%,d, worth %.2f passes each: %s, %s of memory, %s of disk",
                  gradients.gradientPasses(),
                  gradients.gradientCost(),
                  ConsoleProgress.duration(gradients.gradientSeconds()),
                  Sizes.bytes(gradients.gradientMemoryBytes()),
                  Sizes.bytes(gradients.gradientDiskBytes()))));
    }
    lines.add(List.of("batch", plan.batch().size() + " rows filled with " + plan.batch().order()));
    lines.add(
        List.of("speed", String.format(Locale.ROOT, "%,.0f passes/s", 1 / plan.secondsPerPass())));
    lines.add(List.of("time", ConsoleProgress.duration(plan.seconds())));
    lines.add(List.of("memory", Sizes.bytes(plan.memoryBytes())));
    lines.add(List.of("disk", Sizes.bytes(plan.diskBytes())));
    return TextTable.left(lines);
  }
}
