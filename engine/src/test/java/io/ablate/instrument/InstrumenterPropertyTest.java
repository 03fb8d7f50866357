package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.Nodes;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.TestModels;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Instrumented random graphs against copies of the model with edited weights. */
class InstrumenterPropertyTest {
  static List<Arguments> graphs() {
    List<Ablation> ablations = List.of(Ablation.values());
    return IntStream.range(0, 12)
        .boxed()
        .map(seed -> Arguments.of(seed, ablations.get(seed % ablations.size())))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void shouldEqualEditedWeights(int seed, Ablation ablation) {
    OnnxModel model = randomGraph(seed, 17);
    ComponentSet components = ComponentDiscovery.discover(model, ComponentRules.defaults());
    List<OutputFunction> functions = List.of(OutputFunction.values());
    InstrumentOptions options =
        InstrumentOptions.defaults()
            .ablation(ablation)
            .outputFunction(functions.get(seed % functions.size()));
    if (ablation == Ablation.MEAN || ablation == Ablation.CONSTANT) {
      options = options.reference(new GraphBuilder(seed).values(.7, components.size()));
    }
    new InstrumentationCheck(model, components, seed).options(options).run();
  }

  @ParameterizedTest
  @EnumSource
  void shouldComputeEveryOutputFunction(OutputFunction function) {
    OnnxModel model = TestModels.residual();
    ComponentSet components = ComponentDiscovery.discover(model, ComponentRules.defaults());
    new InstrumentationCheck(model, components, 5)
        .options(InstrumentOptions.defaults().outputFunction(function))
        .run();
  }

  @ParameterizedTest
  @ValueSource(ints = {11, 12, 13, 14, 17, 18, 21, 22})
  void shouldFollowTheOperatorSet(int opset) {
    GraphBuilder b = new GraphBuilder(opset).opset(opset);
    String x = b.input("image", -1, 3, 5, 5);
    x = b.relu(b.conv("conv1", x, 3, 7, 3));
    x = b.node("GlobalAveragePool", "pooled", List.of(x));
    x = b.node("Flatten", "flat", List.of(x));
    x = b.relu(b.gemm("hidden", "hidden_out", x, 7, 11));
    b.gemm("fc", "logits", x, 11, 5);
    OnnxModel model = b.output("logits", -1, 5).model();
    ComponentSet components = ComponentDiscovery.discover(model, ComponentRules.defaults());
    InstrumentedModel instrumented =
        new InstrumentationCheck(model, components, opset)
            .options(
                InstrumentOptions.defaults()
                    .outputFunction(OutputFunction.MARGIN_LOGSUMEXP)
                    .withActivationScale(true))
            .run();
    InstrumentedModel.ActivationScale scale = instrumented.activationScale();
    assertThat(scale).isNotNull();
    try (OrtRunner runner = new OrtRunner(java.util.Objects.requireNonNull(scale).model())) {
      assertThat(runner.inputs()).containsOnlyKeys("image");
    }
  }

  /** Two to four stages of convolutions, some in branches, then perhaps a hidden layer. */
  private static OnnxModel randomGraph(int seed, int opset) {
    SplittableRandom random = new SplittableRandom(seed);
    GraphBuilder b = new GraphBuilder(seed).opset(opset);
    int channels = 6;
    String x = b.input("image", -1, channels, 5, 5);
    int stages = random.nextInt(2, 5);
    for (int s = 0; s < stages; s++) {
      int width = 3 * random.nextInt(1, 4);
      String before = x;
      x = layer(b, random, "s" + s + "a", x, channels, width);
      switch (random.nextInt(4)) {
        case 0 -> {
          String other = layer(b, random, "s" + s + "b", before, channels, width);
          x = b.add("s" + s + "sum", x, other);
          channels = width;
        }
        case 1 -> {
          // The first stage's input is not behind any mask: the batch differs here.
          x = b.node("Concat", "s" + s + "cat", List.of(x, before), Nodes.attribute("axis", 1));
          channels += width;
        }
        default -> channels = width;
      }
    }
    x = b.meanOverPositions(x);
    if (random.nextBoolean()) {
      x = b.relu(b.linear("hidden1", x, channels, 7));
      x = b.relu(b.gemm("hidden2", "hidden2_out", x, 7, 5));
      channels = 5;
    }
    b.gemm("fc", "logits", x, channels, 5);
    return b.output("logits", -1, 5).model();
  }

  private static String layer(
      GraphBuilder b, SplittableRandom random, String name, String x, int in, int out) {
    int groups = in % 3 == 0 && random.nextInt(3) == 0 ? 3 : 1;
    int kernel = random.nextBoolean() ? 3 : 1;
    String y = b.conv(name, x, in, out, kernel, groups, random.nextBoolean(), 1);
    if (random.nextBoolean()) {
      y = b.batchNorm(name + "n", y, out);
    }
    return random.nextInt(3) == 0 ? y : b.relu(y);
  }
}
