package io.ablate.tools.command;

import io.ablate.backend.BackendReport;
import io.ablate.backend.FitBackends;
import io.ablate.dataset.Collector;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.evaluate.Comparison;
import io.ablate.evaluate.ComparisonResult;
import io.ablate.evaluate.GradientOffer;
import io.ablate.mask.MaskDesigns;
import io.ablate.tools.report.ReportContent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Gathers what the report of a comparison shows. */
final class ReportBuilder {
  private final ComponentDataset dataset;
  private final Comparison.Outcome outcome;
  private final FitBackends fits;
  private final CompareOptions compare;
  private final CommonOptions common;
  private @Nullable Workbench bench;
  private @Nullable CollectOptions collect;
  private Collector.@Nullable Result collected;
  private List<String> asides = List.of();
  private double secondsPerPass = Double.NaN;

  ReportBuilder(
      ComponentDataset dataset,
      Comparison.Outcome outcome,
      FitBackends fits,
      CompareOptions compare,
      CommonOptions common) {
    this.dataset = dataset;
    this.outcome = outcome;
    this.fits = fits;
    this.compare = compare;
    this.common = common;
  }

  /** What this run collected, and the seconds of an ordinary pass; NaN if unknown. */
  ReportBuilder passes(Collector.Result result, double seconds) {
    this.collected = result;
    this.secondsPerPass = seconds;
    return this;
  }

  /** What else the reader must know. */
  ReportBuilder notes(List<String> more) {
    this.asides = List.copyOf(more);
    return this;
  }

  /** The model and examples themselves, for names and pictures. */
  ReportBuilder bench(Workbench opened, CollectOptions options) {
    this.bench = opened;
    this.collect = options;
    return this;
  }

  ReportContent build() {
    BackendReport backends = backends();
    ComparisonResult result = outcome.result().withManifest(manifest(backends));
    return new ReportContent(
        subject(),
        circumstances(result),
        result,
        new ExampleCards(dataset, outcome, bench, compare).all(),
        notes(result),
        new ReportSections(dataset, result, collect, common.seed).all(backends, speed()));
  }

  private BackendReport backends() {
    @Nullable Manifest origin = dataset.manifest();
    if (origin == null) {
      return BackendReport.of(fits.algebra().role(), fits.networks().role());
    }
    return BackendReport.of(
        new BackendReport.Role(
            "forward", "auto", origin.backend().name(), origin.backend().version(), List.of()),
        fits.algebra().role(),
        fits.networks().role());
  }

  private Map<String, Object> manifest(BackendReport backends) {
    Map<String, Object> manifest = new LinkedHashMap<>();
    manifest.put("ablate", Versions.ablate());
    manifest.put(
        "store",
        compare.out.resolve("store").equals(dataset.folder())
            ? "store"
            : dataset.folder().toString());
    manifest.put("backends", backends);
    manifest.put("seed", common.seed);
    manifest.put("passes_of_this_run", collected == null ? 0 : collected.passes());
    manifest.put("gradient_passes_of_this_run", collected == null ? 0 : collected.gradientPasses());
    if (!Double.isNaN(secondsPerPass)) {
      manifest.put("seconds_per_pass", secondsPerPass);
    }
    @Nullable Manifest origin = dataset.manifest();
    if (origin != null) {
      manifest.put("collected", origin);
    }
    if (dataset.output() != null) {
      manifest.put("output", dataset.output().label());
    }
    if (collect != null) {
      manifest.put("components", collect.componentRule());
    }
    return manifest;
  }

  private @Nullable String speed() {
    if (collected == null || Double.isNaN(secondsPerPass)) {
      return null;
    }
    String ordinary =
        String.format(
            Locale.ROOT,
            "%,.0f ablated passes/s (%,d passes in this run",
            1 / secondsPerPass,
            collected.passes());
    return collected.gradientPasses() == 0
        ? ordinary + ")"
        : ordinary
            + String.format(Locale.ROOT, ", %,d gradient passes)", collected.gradientPasses());
  }

  private String subject() {
    @Nullable Manifest origin = dataset.manifest();
    return origin == null
        ? dataset.folder().toString()
        : origin.model().file() + " · " + origin.data().source();
  }

  private String circumstances(ComparisonResult result) {
    List<String> parts = new ArrayList<>();
    parts.add(String.format(Locale.ROOT, "%,d components", dataset.columns()));
    parts.add(dataset.examples() == 1 ? "1 example" : dataset.examples() + " examples");
    if (dataset.output() != null) {
      parts.add("output " + dataset.output().label());
    }
    @Nullable Manifest origin = dataset.manifest();
    if (origin != null) {
      parts.add(masks(origin.masks()));
    }
    int[] heldOut = result.heldOutRows();
    parts.add(String.format(Locale.ROOT, "%,d held-out masks", heldOut[1] - heldOut[0]));
    return String.join(" · ", parts);
  }

  /** For example {@code keep 0.9} or {@code block-balanced masks, keep 0.9}. */
  private static String masks(Map<String, Object> design) {
    if (!MaskDesigns.NAMES.contains(String.valueOf(design.get("design")))) {
      return "masks from a file";
    }
    String name = MaskDesigns.isDependent(design) ? design.get("design") + " masks" : "";
    @Nullable Object keep = design.get("keep");
    return keep == null ? name : (name.isEmpty() ? "" : name + ", ") + "keep " + keep;
  }

  private List<String> notes(ComparisonResult result) {
    List<String> notes = new ArrayList<>(asides);
    if (result.curves().stream().anyMatch(point -> point.gradientPasses() > 0)) {
      notes.add(
          String.format(
              Locale.ROOT,
              "A forward pass counts 1, a gradient pass (forward and backward) %.2f, as it took here.",
              Objects.requireNonNull(GradientOffer.of(dataset)).cost()));
    }
    outcome
        .finalModels()
        .forEach(
            (method, models) -> {
              Object other = models.diagnostics().get("fell_back_to");
              if (other != null) {
                notes.add(
                    method
                        + " is "
                        + other
                        + " here: "
                        + models.diagnostics().get("because")
                        + ".");
              }
            });
    notes.add(
        "Passes count what fitting saw; the held-out masks that score it are not among them.");
    int largest = result.samples()[result.samples().length - 1];
    if (result.methods().contains("least-squares") && largest >= dataset.columns()) {
      notes.add(
          String.format(
              Locale.ROOT,
              "COAR is unregularised least squares: near as many masks as components (%,d) its error"
                  + " peaks, and the curve dips.",
              dataset.columns()));
    }
    if (result.linearityCeiling() != null) {
      notes.add(
          "The linearity ceiling is the correlation that the best linear model of infinitely many"
              + " masks would reach.");
    }
    return notes;
  }
}
