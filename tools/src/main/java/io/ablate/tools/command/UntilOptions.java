package io.ablate.tools.command;

import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.dataset.Manifest;
import io.ablate.estimate.AutoEstimator;
import io.ablate.estimate.Estimators;
import io.ablate.estimate.FitContext;
import io.ablate.evaluate.UntilLds;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** When collecting may end before all masks. */
final class UntilOptions {
  /** What a store says of how its collection ended. */
  static final String FILE = "until_lds.json";

  @Option(
      names = "--until-lds",
      order = 30,
      paramLabel = "X",
      description =
          "Stop as soon as the cross-validated LDS, by the lower end of its 95 %% interval, is X or"
              + " more (default: collect all masks).")
  private @Nullable Double target;

  @Option(
      names = "--method",
      order = 31,
      paramLabel = "NAME",
      description = "The method that --until-lds scores (default: auto).")
  private @Nullable String method;

  @Mixin private final LinalgOption linalg = new LinalgOption();

  /** Checks the options before any work. */
  void require(GradientOptions gradients) {
    if (target == null && method != null) {
      throw new UsageException(
          Problem.of("--method is for --until-lds")
              .remedy("give --until-lds X as well, or fit with ablate fit"));
    }
    if (target != null && gradients.wanted()) {
      throw new UsageException(
          Problem.of("--until-lds looks at forward passes only")
              .found("--gradients")
              .remedy("collect gradient passes into a store of their own and merge the two"));
    }
  }

  /** The rule that was asked for; null for none. */
  @Nullable UntilLds rule(CommonOptions common, Progress progress) {
    @Nullable Double wanted = target;
    if (wanted == null) {
      return null;
    }
    FitContext context = linalg.select(common).context(common.seed, progress, common.threads());
    return new UntilLds(
        wanted, Estimators.byName(Objects.requireNonNullElse(method, AutoEstimator.NAME)), context);
  }

  /** How it ended, and all that it cost. */
  static String text(UntilLds.@Nullable Outcome end, Manifest manifest) {
    if (end == null) {
      return "";
    }
    UntilLds.Look last = end.last();
    String scale =
        manifest.save().contains("activation-scale") ? " and one for the activation scale" : "";
    return String.format(
        Locale.ROOT,
        "LDS %s %s: %.3f, 95 %% interval %.3f – %.3f (%s, %d-fold cross-validation)%n"
            + "spent per example: %,d passes%s, all of which the fit can use%n",
        end.target(),
        end.reached() ? "reached" : "NOT reached with all masks",
        last.ldsMean(),
        last.ldsCi()[0],
        last.ldsCi()[1],
        last.method(),
        end.folds(),
        end.rows(),
        scale);
  }
}
