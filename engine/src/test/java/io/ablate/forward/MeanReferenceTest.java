package io.ablate.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.base.Progress;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.instrument.Ablation;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.TestModels;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MeanReferenceTest {

  @Test
  void shouldBeTheOutputItselfForOneExampleWithOnePosition() {
    GraphBuilder b = new GraphBuilder(11);
    String x = b.input("image", -1, 3, 1, 1);
    x = b.relu(b.batchNorm("bn1", b.conv("conv1", x, 3, 7, 1), 7));
    x = b.relu(b.conv("conv2", x, 7, 5, 1));
    b.gemm("fc", "logits", b.meanOverPositions(x), 5, 4);
    shouldNotNoticeAblationByMean(b.output("logits", -1, 4).model(), 3, 1, 1);
    shouldNotNoticeAblationByMean(TestModels.mlp(), 4);
  }

  /** Ablating everything by its mean over the one example leaves the output as it is. */
  private static void shouldNotNoticeAblationByMean(OnnxModel model, long... shape) {
    ComponentSet components = ComponentDiscovery.discover(model, ComponentRules.defaults());
    ExampleSource source = new RandomExamples(1, shape);
    float[] reference = MeanReference.measure(model, components, source, 1, 1, Progress.NONE);
    InstrumentedModel masked =
        Instrumenter.instrument(
            model,
            components,
            InstrumentOptions.defaults().ablation(Ablation.MEAN).reference(reference));
    try (ForwardSession session = new OrtCpuBackend().open(masked, new ForwardOptions(1, shape));
        ForwardBatch batch = session.batch(new BatchShape(2, 1))) {
      batch.setExample(0, source.load(0).input(), 1);
      batch.setMask(1, new long[1], 0);
      batch.run();
      assertThat(batch.output(1)).isCloseTo(batch.output(0), within(1e-5f));
    }
  }

  @Test
  void shouldAverageOverExamples() {
    OnnxModel model = TestModels.convNet();
    ComponentSet components = ComponentDiscovery.discover(model, ComponentRules.defaults());
    RandomExamples three = new RandomExamples(3, 3, 5, 5);
    float[] all = MeanReference.measure(model, components, three, 3, 1, Progress.NONE);
    double[] sum = new double[all.length];
    for (int e = 0; e < 3; e++) {
      ExampleSource one = three.only(e);
      float[] alone = MeanReference.measure(model, components, one, 1, 1, Progress.NONE);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += alone[i];
      }
    }
    for (int i = 0; i < sum.length; i++) {
      assertThat((double) all[i]).isCloseTo(sum[i] / 3, within(1e-6));
    }
  }

  /** Standard normal inputs, the same at every call. */
  private record RandomExamples(int first, int size, long[] shape) implements ExampleSource {
    RandomExamples(int size, long... shape) {
      this(0, size, shape);
    }

    ExampleSource only(int index) {
      return new RandomExamples(index, 1, shape);
    }

    @Override
    public Example load(int index) {
      SplittableRandom random = new SplittableRandom(first + index);
      int elements = 1;
      for (long extent : shape) {
        elements *= (int) extent;
      }
      float[] input = new float[elements];
      for (int i = 0; i < elements; i++) {
        input[i] = (float) random.nextGaussian();
      }
      return new Example(index, "random " + index, 0, input, shape, null);
    }

    @Override
    public String describe() {
      return "random";
    }

    @Override
    public void close() {}
  }
}
