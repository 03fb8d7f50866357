package io.ablate.tools.command;

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
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** What the report tells of every example. */
final class ExampleCards {
  private static final int BARS = 5;

  private final ComponentDataset dataset;
  private final Comparison.Outcome outcome;
  private final @Nullable Workbench bench;
  private final CompareOptions compare;

  ExampleCards(
      ComponentDataset dataset,
      Comparison.Outcome outcome,
      @Nullable Workbench bench,
      CompareOptions compare) {
    this.dataset = dataset;
    this.outcome = outcome;
    this.bench = bench;
    this.compare = compare;
  }

  /** One card per example, with the attributions of the method that scores best. */
  List<ExampleCard> all() {
    ComparisonResult result = outcome.result();
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
                strongest(models, e, components)));
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
      ComponentModels models, int example, @Nullable ComponentSet components) {
    double[] attributions = models.attributions()[example];
    double @Nullable [][] errors = models.standardErrors();
    List<Contribution> sorted =
        IntStream.range(0, attributions.length)
            .mapToObj(
                i ->
                    new Contribution(
                        components == null ? "component " + i : components.columns().get(i).label(),
                        attributions[i],
                        errors == null ? 0 : errors[example][i]))
            .sorted(Comparator.comparingDouble(Contribution::value).reversed())
            .toList();
    int bars = Math.min(BARS, sorted.size() / 2);
    List<Contribution> strongest = new ArrayList<>(sorted.subList(0, bars));
    strongest.addAll(sorted.subList(sorted.size() - bars, sorted.size()));
    return strongest;
  }
}
