package io.ablate.tools.command;

import io.ablate.backend.BackendReport;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.evaluate.ComparisonResult;
import io.ablate.instrument.OutputFunction;
import io.ablate.tools.report.ReportContent.Entry;
import io.ablate.tools.report.ReportContent.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The report's account of what was run, by what, with which versions. */
final class ReportSections {
  private final ComponentDataset dataset;
  private final ComparisonResult result;
  private final @Nullable CollectOptions collect;
  private final long seed;

  ReportSections(
      ComponentDataset dataset,
      ComparisonResult result,
      @Nullable CollectOptions collect,
      long seed) {
    this.dataset = dataset;
    this.result = result;
    this.collect = collect;
    this.seed = seed;
  }

  /** The sections, settings first. */
  List<Section> all(BackendReport backends, @Nullable String speed) {
    List<Section> sections = new ArrayList<>();
    List<Entry> run = new ArrayList<>();
    @Nullable Manifest origin = dataset.manifest();
    if (origin != null) {
      run.add(new Entry("model", origin.model().file()));
      run.add(new Entry("model SHA-256", origin.model().sha256()));
      run.add(new Entry("data", origin.data().source()));
      run.add(new Entry("examples", numbers(origin.data().examples())));
      run.add(new Entry("ablation", String.valueOf(origin.instrument().get("ablation"))));
      OutputFunction output = dataset.output();
      run.add(new Entry("output function", output == null ? origin.output() : output.label()));
      run.add(new Entry("masks", words(origin.masks())));
      run.add(
          new Entry(
              "batch", origin.batch().size() + " rows, filled with " + origin.batch().order()));
    }
    if (collect != null) {
      run.add(new Entry("components", collect.componentRule()));
    }
    run.add(new Entry("sample sizes", numbers(Arrays.stream(result.samples()).boxed().toList())));
    run.add(new Entry("held-out rows", result.heldOutRows()[0] + ":" + result.heldOutRows()[1]));
    run.add(new Entry("bootstrap", result.bootstrapDraws() + " paired draws"));
    run.add(new Entry("seed", Long.toString(seed)));
    if (speed != null) {
      run.add(new Entry("speed", speed));
    }
    sections.add(new Section("Run", run));
    sections.add(new Section("Backends", backendEntries(backends)));
    BackendReport.Environment environment = backends.environment();
    sections.add(
        new Section(
            "Versions",
            List.of(
                new Entry("Ablate", Versions.ablate()),
                new Entry("Java", environment.java()),
                new Entry(
                    "system", environment.operatingSystem() + ", " + environment.architecture()),
                new Entry("processors", Integer.toString(environment.processors())))));
    return sections;
  }

  private static List<Entry> backendEntries(BackendReport backends) {
    List<Entry> entries = new ArrayList<>();
    for (BackendReport.Role role : backends.roles()) {
      entries.add(
          new Entry(
              role.name(),
              role.chosen() + ", " + role.version() + " (asked for: " + role.requested() + ")"));
      for (BackendReport.Rejected rejected : role.rejected()) {
        entries.add(
            new Entry(
                "not used",
                rejected.name()
                    + ": "
                    + rejected.why()
                    + (rejected.remedy() == null ? "" : "; " + rejected.remedy())));
      }
    }
    return entries;
  }

  /** For example {@code design bernoulli, keep 0.9}. */
  private static String words(Map<?, ?> values) {
    return new TreeMap<Object, Object>(values)
        .entrySet().stream()
            .map(
                entry ->
                    entry.getKey().toString().replace('_', '-')
                        + " "
                        + (entry.getValue() instanceof Map<?, ?> part
                            ? "(" + words(part) + ")"
                            : entry.getValue()))
            .collect(Collectors.joining(", "));
  }

  private static String numbers(List<Integer> values) {
    String text = values.toString();
    return text.substring(1, text.length() - 1);
  }
}
