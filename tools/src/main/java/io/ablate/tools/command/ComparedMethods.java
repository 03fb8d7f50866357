package io.ablate.tools.command;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.dataset.CollectRequest;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.estimate.AutoEstimator;
import io.ablate.estimate.Costs;
import io.ablate.estimate.Estimator;
import io.ablate.estimate.TrainingData;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which methods of a comparison want gradient passes or logits, and what to do where there can be
 * none.
 */
final class ComparedMethods {
  /** A budget large enough for every method to spend as it likes. */
  private static final double LARGE = 1000;

  private final int passes;
  private final double soft;
  private final boolean required;

  /** Checks the options before any work. */
  ComparedMethods(CompareOptions options) {
    passes = options.gradients();
    soft = options.soft();
    required = options.namesMethods();
  }

  /**
   * @param methods those that can be compared
   * @param gradients to collect beside the rows; null for none
   * @param notes what was left out and why
   */
  record Choice(
      List<Estimator> methods, CollectRequest.@Nullable Gradients gradients, List<String> notes) {
    CollectRequest added(CollectRequest request) {
      return gradients == null ? request : request.withGradients(gradients);
    }

    private Choice without(List<Estimator> onLogits, String why) {
      String note = "Without models of logits: " + why + ". Left out: " + names(onLogits) + ".";
      return new Choice(
          methods.stream().filter(m -> !onLogits.contains(m)).toList(),
          gradients,
          Stream.concat(notes.stream(), Stream.of(note)).toList());
    }
  }

  /**
   * What to collect on a model.
   *
   * @throws BadInputException if a method that the user named needs a gradient that the model does
   *     not have
   * @throws UsageException if one needs gradients and there are to be none
   */
  Choice choose(List<Estimator> methods, Workbench bench) {
    int columns = bench.model().components().size();
    if (methods.stream().noneMatch(method -> wants(method, columns))) {
      return new Choice(methods, null, List.of());
    }
    if (passes == 0) {
      return without(methods, columns, "--gradients is 0", null);
    }
    try {
      return new Choice(methods, bench.gradients(0, passes, soft), List.of());
    } catch (BadInputException e) {
      return without(
          methods,
          columns,
          Objects.requireNonNullElse(e.getMessage(), "the model has no gradient"),
          e);
    }
  }

  /** What can be compared on a store. */
  Choice choose(List<Estimator> methods, ComponentDataset dataset) {
    return dataset.gradientSegmentEnds().length > 0
        ? new Choice(methods, null, List.of())
        : without(methods, dataset.columns(), missing(dataset), null);
  }

  /**
   * What to fit to rows of a store, with their logits where a method wants them; and the same
   * choice, less the methods of logits that the user did not name and that gain nothing here.
   */
  Fitted fitted(Choice choice, ComponentDataset dataset, int[] rows) {
    TrainingData data = TrainingData.of(dataset, rows);
    List<Estimator> onLogits =
        choice.methods.stream()
            .filter(m -> m.wantsLogits() && !(m instanceof AutoEstimator))
            .toList();
    if (required || onLogits.isEmpty()) {
      return new Fitted(choice, data.withLogits(dataset, rows, choice.methods));
    }
    boolean large = TrainingData.logitsAreLarge(dataset, rows);
    TrainingData all = large ? data : data.withLogits(dataset, rows, choice.methods);
    Optional<String> why =
        large
            ? Optional.of("they would take more than a quarter of Java's heap; it grows with -Xmx")
            : all.whyLogitsAreOfNoUse();
    return new Fitted(why.map(reason -> choice.without(onLogits, reason)).orElse(choice), all);
  }

  /**
   * @param choice what to compare
   * @param data what to fit it to
   */
  record Fitted(Choice choice, TrainingData data) {}

  private static String names(List<Estimator> methods) {
    return methods.stream().map(Estimator::name).collect(Collectors.joining(", "));
  }

  private static String missing(ComponentDataset dataset) {
    Manifest manifest = dataset.manifest();
    return manifest == null || manifest.gradients() == null
        ? "the store holds none"
        : "those of the store are of its own output, " + manifest.output();
  }

  private Choice without(
      List<Estimator> methods, int columns, String why, @Nullable BadInputException cause) {
    List<Estimator> able = methods.stream().filter(m -> !needs(m, columns)).toList();
    List<Estimator> unable = methods.stream().filter(m -> needs(m, columns)).toList();
    if (!unable.isEmpty() && (required || able.isEmpty())) {
      if (cause != null) {
        throw cause;
      }
      throw new UsageException(
          Problem.of("method " + unable.getFirst().name() + " needs gradient passes")
              .found(why)
              .remedy("collect with --gradients Q, or choose other --methods"));
    }
    String left = names(unable);
    return new Choice(
        able,
        null,
        List.of(
            "Without gradient passes: "
                + why
                + (left.isEmpty() ? "." : ". Left out: " + left + ".")));
  }

  /** Whether the method spends some of a large budget on gradient passes if it can. */
  private static boolean wants(Estimator method, int columns) {
    return method
        .spending(LARGE, costs(columns, new int[] {16}))
        .filter(spending -> spending.gradientPasses() > 0)
        .isPresent();
  }

  /** Whether it can do nothing without. */
  private static boolean needs(Estimator method, int columns) {
    return method.spending(LARGE, costs(columns, new int[0])).isEmpty();
  }

  private static Costs costs(int columns, int[] passes) {
    boolean some = passes.length > 0;
    return new Costs(2, columns, (int) LARGE, passes, some, some, true);
  }
}
