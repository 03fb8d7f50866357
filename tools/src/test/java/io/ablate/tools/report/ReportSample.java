package io.ablate.tools.report;

import io.ablate.evaluate.ComparisonResult;
import io.ablate.evaluate.CurvePoint;
import io.ablate.evaluate.LinearityCeiling;
import io.ablate.tools.report.ExampleCard.Contribution;
import io.ablate.tools.report.ReportContent.Entry;
import io.ablate.tools.report.ReportContent.Section;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A comparison of three methods, and what a report says of it. */
final class ReportSample {
  static final List<String> METHODS = List.of("least-squares", "ridge", "relu");

  private ReportSample() {}

  /** Four cards, of which each has one interval. */
  static ReportContent content() {
    double[][] lds = {
      {.08, .18, .31, .43, .02, .66}, {.10, .22, .36, .49, .62, .71}, {.07, .17, .33, .46, .60, .69}
    };
    int[] samples = {50, 100, 200, 400, 672, 1344};
    List<CurvePoint> curves = new ArrayList<>();
    for (int m = 0; m < METHODS.size(); m++) {
      for (int i = 0; i < samples.length; i++) {
        double value = lds[m][i];
        curves.add(
            new CurvePoint(
                METHODS.get(m),
                samples[i],
                0,
                samples[i],
                null,
                value,
                new double[] {value - .05, value + .05},
                value + .01,
                .125,
                new double[] {value}));
      }
    }
    Map<String, Map<String, @Nullable Double>> passes = new HashMap<>();
    Map<String, Map<String, @Nullable Double>> reductions = new HashMap<>();
    passes.put("least-squares", row(60.0, 1010.0, null));
    passes.put("ridge", row(50.0, 524.0, 1840.0));
    passes.put("relu", row(70.0, 612.0, null));
    reductions.put("ridge", row(0.0, 1 - 524 / 1010.0, null));
    reductions.put("relu", row(1 - 70 / 60.0, 1 - 612 / 1010.0, null));
    Map<String, Map<String, @Nullable Double @Nullable []>> intervals = new HashMap<>();
    Map<String, @Nullable Double @Nullable []> ofRidge = new HashMap<>();
    ofRidge.put("0.5", new @Nullable Double[] {480.0, null});
    intervals.put("ridge", ofRidge);
    ComparisonResult result =
        new ComparisonResult(
            List.of("ridge", "least-squares", "relu"),
            samples,
            new double[] {.1, .5, .7},
            new int[] {1344, 2144},
            1000,
            0,
            curves,
            passes,
            intervals,
            Map.of(),
            reductions,
            Map.of(),
            Map.of(),
            Map.of(),
            new LinearityCeiling(.78, new double[] {.7, .8}, new double[] {.78}),
            Map.of());
    List<ExampleCard> cards = new ArrayList<>();
    for (int e = 0; e < 4; e++) {
      Map<String, Double> scores = new LinkedHashMap<>();
      METHODS.forEach(method -> scores.put(method, .7));
      List<Contribution> bars = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        double standardError = i == 0 ? .25 : 0;
        bars.add(new Contribution("stage1.block0.conv2[" + i + "]", 1.4 - .2 * i, standardError));
      }
      for (int i = 0; i < 5; i++) {
        bars.add(
            new Contribution(
                i == 0 ? "block<2>&conv[7]" : "stage2.conv1[" + i + "]", -.3 - .2 * i));
      }
      cards.add(
          new ExampleCard(
              "example " + e,
              "triangle",
              "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGM4"
                  + "IcIARAwQCgAcWAMVGpM2cgAAAABJRU5ErkJggg==",
              List.of("margin 4.12 unablated", "1.73 ± 2.10 under the masks"),
              scores,
              "ridge",
              bars));
    }
    return new ReportContent(
        "shapes-resnet · bundled data",
        "672 components · 8 examples · keep 0.9 · margin · 800 held-out masks",
        result,
        cards,
        List.of("Least squares is not monotone near m = n: there its error peaks."),
        List.of(
            new Section(
                "Run", List.of(new Entry("seed", "0"), new Entry("ablation", "zero-weights"))),
            new Section("Versions", List.of(new Entry("ONNX Runtime", "1.29.0")))));
  }

  /** The same comparison with other curves. */
  static ComparisonResult withCurves(ComparisonResult of, List<CurvePoint> curves) {
    return new ComparisonResult(
        of.methods(),
        of.samples(),
        of.targets(),
        of.heldOutRows(),
        of.bootstrapDraws(),
        of.bootstrapSeed(),
        curves,
        of.samplesToTarget(),
        of.samplesToTargetCi(),
        of.samplesToHold(),
        of.reductionVsLeastSquares(),
        of.reductionVsLeastSquaresCi(),
        of.reductionVsLeastSquaresSaga(),
        of.reductionVsLeastSquaresSagaCi(),
        of.linearityCeiling(),
        of.manifest());
  }

  /** What a method reaches at each of the three targets. */
  static Map<String, @Nullable Double> row(
      @Nullable Double first, @Nullable Double second, @Nullable Double third) {
    Map<String, @Nullable Double> row = new LinkedHashMap<>();
    row.put("0.1", first);
    row.put("0.5", second);
    row.put("0.7", third);
    return row;
  }
}
