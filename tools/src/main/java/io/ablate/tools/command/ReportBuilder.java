package io.ablate.tools.command;

import io.ablate.backend.BackendReport;
import io.ablate.component.ComponentSet;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import io.ablate.estimate.ComponentModels;
import io.ablate.evaluate.Comparison;
import io.ablate.evaluate.ComparisonResult;
import io.ablate.evaluate.CurvePoint;
import io.ablate.example.Example;
import io.ablate.tools.report.ExampleCard;
import io.ablate.tools.report.ExampleCard.Contribution;
import io.ablate.tools.report.Picture;
import io.ablate.tools.report.ReportContent;
import io.ablate.tools.report.ReportContent.Entry;
import io.ablate.tools.report.ReportContent.Section;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Gathers what the report of a comparison shows. */
final class ReportBuilder {
  private static final int BARS = 5;

  private final ComponentDataset dataset;
  private final Comparison.Outcome outcome;
  private final BackendReport.Role algebra;
  private final CompareOptions compare;
  private final CommonOptions common;
  private @Nullable Workbench bench;
  private @Nullable CollectOptions collect;
  private long passes;
  private double secondsPerPass = Double.NaN;

  ReportBuilder(
      ComponentDataset dataset,
      Comparison.Outcome outcome,
      BackendReport.Role algebra,
      CompareOptions compare,
      CommonOptions common) {
    this.dataset = dataset;
    this.outcome = outcome;
    this.algebra = algebra;
    this.compare = compare;
    this.common = common;
  }

  /** The ablated passes of this run and their time; NaN if unknown. */
  ReportBuilder passes(long count, double seconds) {
    this.passes = count;
    this.secondsPerPass = seconds;
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
        subject(), circumstances(result), result, cards(result), notes(result), sections(backends));
  }

  private BackendReport backends() {
    @Nullable Manifest origin = dataset.manifest();
    if (origin == null) {
      return BackendReport.of(algebra);
    }
    return BackendReport.of(
        new BackendReport.Role(
            "forward", "auto", origin.backend().name(), origin.backend().version(), List.of()),
        algebra);
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
    manifest.put("passes_of_this_run", passes);
    if (!Double.isNaN(secondsPerPass)) {
      manifest.put("seconds_per_pass", secondsPerPass);
    }
    @Nullable Manifest origin = dataset.manifest();
    if (origin != null) {
      manifest.put("collected", origin);
    }
    if (collect != null) {
      manifest.put("components", collect.componentRule());
    }
    return manifest;
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
    @Nullable Manifest origin = dataset.manifest();
    if (origin != null) {
      parts.add("output " + origin.output());
      @Nullable Object keep = origin.masks().get("keep");
      parts.add(keep == null ? "masks from a file" : "keep " + keep);
    }
    int[] heldOut = result.heldOutRows();
    parts.add(String.format(Locale.ROOT, "%,d held-out masks", heldOut[1] - heldOut[0]));
    return String.join(" · ", parts);
  }

  private List<String> notes(ComparisonResult result) {
    List<String> notes = new ArrayList<>();
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

  private List<ExampleCard> cards(ComparisonResult result) {
    String best = bestMethod(result);
    ComponentModels models = Objects.requireNonNull(outcome.finalModels().get(best));
    @Nullable ComponentSet components = dataset.components();
    int[] rows = dataset.completedRows();
    double[][] outputs = dataset.outputs(rows);
    int @Nullable [] labels = dataset.labels();
    List<ExampleCard> cards = new ArrayList<>();
    try (@Nullable Unablated unablated = bench == null ? null : bench.unablated()) {
      for (int e = 0; e < dataset.examples(); e++) {
        @Nullable Example example = bench == null ? null : bench.source().load(bench.examples()[e]);
        int label = labels == null ? -1 : labels[e];
        List<String> facts = new ArrayList<>();
        if (example != null && unablated != null) {
          Unablated.Prediction prediction = unablated.of(example, label);
          facts.add(
              number(prediction.output())
                  + " with nothing ablated"
                  + (prediction.predicted() == label
                      ? ""
                      : ", the model says " + className(prediction.predicted())));
        }
        facts.add(spread(outputs[e]));
        cards.add(
            new ExampleCard(
                title(e, example),
                label < 0 ? "example " + e : className(label),
                picture(example),
                facts,
                scores(result, e),
                best,
                strongest(models.attributions()[e], components)));
      }
    }
    return cards;
  }

  private String title(int position, @Nullable Example example) {
    @Nullable Manifest origin = dataset.manifest();
    if (example != null) {
      return "example "
          + example.index()
          + (example.name().isBlank() ? "" : " · " + example.name());
    }
    return "example " + (origin == null ? position : origin.data().examples().get(position));
  }

  private @Nullable String picture(@Nullable Example example) {
    return example == null || compare.noPictures || example.thumbnail() == null
        ? null
        : Picture.dataAddress(Objects.requireNonNull(example.thumbnail()));
  }

  private String className(int label) {
    return bench == null ? "class " + label : bench.sidecar().className(label);
  }

  private static String spread(double[] outputs) {
    double sum = 0;
    double squares = 0;
    for (double output : outputs) {
      sum += output;
      squares += output * output;
    }
    double mean = sum / outputs.length;
    double deviation = Math.sqrt(Math.max(0, squares / outputs.length - mean * mean));
    return number(mean) + " ± " + number(deviation) + " under the masks";
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value).replace('-', '−');
  }

  /** The method of the highest mean LDS at the most samples. */
  private static String bestMethod(ComparisonResult result) {
    return result.methods().stream()
        .max(Comparator.comparingDouble(method -> result.curve(method).getLast().ldsMean()))
        .orElseThrow();
  }

  private static Map<String, Double> scores(ComparisonResult result, int example) {
    Map<String, Double> scores = new LinkedHashMap<>();
    for (String method : result.methods()) {
      CurvePoint last = result.curve(method).getLast();
      scores.put(method, last.ldsPerExample()[example]);
    }
    return scores;
  }

  private static List<Contribution> strongest(
      double[] attributions, @Nullable ComponentSet components) {
    List<Contribution> sorted =
        IntStream.range(0, attributions.length)
            .mapToObj(
                i ->
                    new Contribution(
                        components == null ? "component " + i : components.columns().get(i).label(),
                        attributions[i]))
            .sorted(Comparator.comparingDouble(Contribution::value).reversed())
            .toList();
    int bars = Math.min(BARS, sorted.size() / 2);
    List<Contribution> strongest = new ArrayList<>(sorted.subList(0, bars));
    strongest.addAll(sorted.subList(sorted.size() - bars, sorted.size()));
    return strongest;
  }

  private List<Section> sections(BackendReport backends) {
    List<Section> sections = new ArrayList<>();
    List<Entry> run = new ArrayList<>();
    @Nullable Manifest origin = dataset.manifest();
    if (origin != null) {
      run.add(new Entry("model", origin.model().file()));
      run.add(new Entry("model SHA-256", origin.model().sha256()));
      run.add(new Entry("data", origin.data().source()));
      run.add(new Entry("examples", numbers(origin.data().examples())));
      run.add(new Entry("ablation", String.valueOf(origin.instrument().get("ablation"))));
      run.add(new Entry("output function", origin.output()));
      run.add(new Entry("masks", words(origin.masks())));
      run.add(
          new Entry(
              "batch", origin.batch().size() + " rows, filled with " + origin.batch().order()));
    }
    if (collect != null) {
      run.add(new Entry("components", collect.componentRule()));
    }
    run.add(
        new Entry(
            "sample sizes", numbers(Arrays.stream(outcome.result().samples()).boxed().toList())));
    run.add(
        new Entry(
            "held-out rows",
            outcome.result().heldOutRows()[0] + ":" + outcome.result().heldOutRows()[1]));
    run.add(new Entry("bootstrap", outcome.result().bootstrapDraws() + " paired draws"));
    run.add(new Entry("seed", Long.toString(common.seed)));
    if (!Double.isNaN(secondsPerPass)) {
      run.add(
          new Entry(
              "speed",
              String.format(
                  Locale.ROOT,
                  "%,.0f ablated passes/s (%,d passes in this run)",
                  1 / secondsPerPass,
                  passes)));
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
  private static String words(Map<String, Object> values) {
    return new TreeMap<>(values)
        .entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
  }

  private static String numbers(List<Integer> values) {
    String text = values.toString();
    return text.substring(1, text.length() - 1);
  }
}
