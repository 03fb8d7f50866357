package io.ablate.instrument;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.NpyFile;
import io.ablate.base.SharedFiles;
import io.ablate.component.Component;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentKind;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.instrument.OrtRunner.Floats;
import io.ablate.onnx.GraphBuilder;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.TestModels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ActivationScaleTest {
  @Test
  void shouldEqualTheGoldenScales() throws IOException {
    JsonNode json = CifarExamples.json("golden/resnet8-cifar10-dataset/dataset.json");
    CifarExamples examples = CifarExamples.of(json);
    double[] golden =
        NpyFile.readDoubles(
            SharedFiles.require("golden/resnet8-cifar10-dataset/activation_scale.npy"));
    OnnxModel model = OnnxModel.read(SharedFiles.require("models/resnet8-cifar10.onnx"));
    ComponentSet components = ComponentDiscovery.discover(model, ComponentRules.defaults());
    Floats found = scales(model, components, InstrumentOptions.defaults(), examples.images());
    assertThat(found.shape()).containsExactly(examples.labels().length, components.size());
    for (int i = 0; i < golden.length; i++) {
      // The golden set was collected with bfloat16 convolutions.
      assertThat((double) found.values()[i])
          .as("scale %d", i)
          .isCloseTo(golden[i], within(.02 * Math.abs(golden[i]) + 1e-3));
    }
  }

  /** What each component alone moves at the output of its BatchNorm, measured by editing. */
  @ParameterizedTest
  @EnumSource
  void shouldBeTheRootMeanSquareOfWhatAblationMoves(Ablation ablation) {
    OnnxModel model = TestModels.convNet();
    List<Component> columns =
        new ArrayList<>(ComponentDiscovery.discover(model, ComponentRules.defaults()).columns());
    // conv1's filters 2 and 5 become one group, 4 stays out.
    Component group =
        new Component(
            "group",
            columns.get(2).tensor(),
            0,
            ComponentKind.GROUP,
            List.of(columns.get(2).slices().getFirst(), columns.get(5).slices().getFirst()));
    List<Component> chosen = new ArrayList<>(columns.subList(0, 2));
    chosen.add(group);
    chosen.add(columns.get(3));
    chosen.add(columns.get(6));
    ComponentSet components = new ComponentSet(chosen);
    InstrumentOptions options = InstrumentOptions.defaults().ablation(ablation);
    if (ablation == Ablation.MEAN || ablation == Ablation.CONSTANT) {
      options = options.reference(new float[] {.3f, -.2f, .5f, 0, 1});
    }
    Floats images = new Floats(new GraphBuilder(9).values(1, 2, 3, 5, 5), 2, 3, 5, 5);
    Floats found = scales(model, components, options, images);
    Floats normal = normalised(model, images);
    for (int column = 0; column < components.size(); column++) {
      float[] mask = new float[components.size()];
      java.util.Arrays.fill(mask, 1);
      mask[column] = 0;
      OnnxModel edited = WeightEdits.ablate(model, components, mask, ablation, options.reference());
      Floats ablated = normalised(edited, images);
      for (int e = 0; e < 2; e++) {
        double squares = 0;
        for (int i = e * 175; i < (e + 1) * 175; i++) {
          double moved = normal.values()[i] - ablated.values()[i];
          squares += moved * moved / 25;
        }
        assertThat((double) found.values()[e * components.size() + column])
            .as("column %d, example %d", column, e)
            .isCloseTo(Math.sqrt(squares), within(1e-5));
      }
    }
  }

  private static Floats scales(
      OnnxModel model, ComponentSet components, InstrumentOptions options, Floats images) {
    InstrumentedModel instrumented =
        Instrumenter.instrument(model, components, options.withActivationScale(true));
    InstrumentedModel.ActivationScale scale =
        Objects.requireNonNull(instrumented.activationScale());
    try (OrtRunner runner = new OrtRunner(scale.model())) {
      return runner.run(scale.output(), Map.of(instrumented.example().name(), images));
    }
  }

  /** The output of the first BatchNorm. */
  private static Floats normalised(OnnxModel model, Floats images) {
    OnnxGraph graph = model.graph();
    graph.removeOutput("logits");
    graph.putOutput(GraphBuilder.valueInfo("bn1_out", -1, 7, 5, 5));
    graph.removeDead();
    try (OrtRunner runner = new OrtRunner(graph.toModel())) {
      return runner.run("bn1_out", Map.of("image", images));
    }
  }
}
