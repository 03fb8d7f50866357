package io.ablate.forward;

import io.ablate.base.Progress;
import io.ablate.component.ComponentSet;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.instrument.Instrumenter;
import io.ablate.instrument.MeanOutputs;
import io.ablate.onnx.OnnxModel;

/** The constants of mean ablation, measured over a reference set. */
public final class MeanReference {
  private MeanReference() {}

  /**
   * Every component's own output, averaged over positions and over the first examples of a source:
   * one ordinary forward pass per example.
   *
   * @param count examples to average over, at least 1
   * @param progress told in the stage {@code "reference"}
   * @return one value per component, [n]
   * @throws io.ablate.base.BadInputException if the model or an example cannot be used
   */
  public static float[] measure(
      OnnxModel model,
      ComponentSet components,
      ExampleSource source,
      int count,
      int threads,
      Progress progress) {
    MeanOutputs graph = Instrumenter.meanOutputs(model, components);
    ForwardOptions options = new ForwardOptions(threads, source.load(0).shape());
    double[] sums = new double[components.size()];
    try (OrtColumnValues means =
        new OrtColumnValues(
            OrtSessions.environment(), graph.model(), graph.example(), sums.length, options)) {
      for (int e = 0; e < count; e++) {
        Example example = source.load(e);
        float[] values = means.of(example.input());
        for (int i = 0; i < sums.length; i++) {
          sums[i] += values[i];
        }
        progress.update("reference", e + 1L, count);
      }
    }
    float[] average = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      average[i] = (float) (sums[i] / count);
    }
    return average;
  }
}
