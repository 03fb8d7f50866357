package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.cuda.HostDevice;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtGraphs;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import io.ablate.onnx.OnnxModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ONNX Runtime calls the operators, registered by its C interface, and computes what it computes
 * without them; on the processor, with a device whose memory is the process's.
 */
@LeavesNoObjects
class MaskedOperatorsTest {
  private static final long[] SHAPE = Networks.exampleShape();

  private final HostDevice driver = new HostDevice();

  private ForwardBackend fused() {
    return ReducedBackends.reduced(driver, true, false);
  }

  private static InstrumentedModel network(String name) {
    return Objects.requireNonNull(Networks.all().get(name));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "residual",
        "no residual joins",
        "wide windows",
        "grouped",
        "concatenated",
        "squeeze and excite",
        "activations"
      })
  void shouldComputeWhatSeparateNodesCompute(String name) {
    List<Integer> launches = new ArrayList<>(List.of(driver.masked()));
    new SideBySide(fused(), ReducedBackends.plain(), new ForwardOptions(2, SHAPE))
        .forward(
            network(name),
            OrtPasses.SHAPES,
            (shape, found, expected) -> {
              assertThat(found).as("%s", shape).isEqualTo(expected);
              assertThat(driver.masked()).isGreaterThan(launches.getLast());
              launches.add(driver.masked());
            });
  }

  @Test
  void shouldJoinWhatFollowsEveryConvolutionOfABundledModel() {
    InstrumentedModel model = OrtPasses.bundled("shapes-resnet");
    long[] shape = {3, 32, 32};
    OnnxModel fixed = OrtGraphs.fixed(model, model.model(), new BatchShape(4, 1), shape);
    OnnxModel fused = MaskFusion.of(fixed, model.mask(), true);
    List<String> operators =
        fused.proto().getGraph().getNodeList().stream().map(node -> node.getOpType()).toList();
    assertThat(operators).contains("MaskedRelu", "MaskedSumRelu").doesNotContain("Relu");
    new SideBySide(fused(), ReducedBackends.plain(), new ForwardOptions(1, shape))
        .forward(
            model,
            List.of(new BatchShape(4, 1)),
            (four, found, expected) -> assertThat(found).isEqualTo(expected));
  }

  /** What the way back needs is not joined. */
  @Test
  void shouldLeaveGradientsAsTheyAre() {
    DifferentiatedModel model = MaskGradients.of(network("residual"));
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    try (GradientSession found = fused().openGradients(model, options);
        GradientSession expected = ReducedBackends.plain().openGradients(model, options);
        GradientBatch a = found.batch(2);
        GradientBatch b = expected.batch(2)) {
      float[] example = OrtPasses.example(OrtPasses.elements(SHAPE), 3);
      float[] mask = new float[model.forward().components().size()];
      for (int j = 0; j < mask.length; j++) {
        mask[j] = j % 3 / 2f;
      }
      for (GradientBatch batch : List.of(a, b)) {
        batch.setExample(1, example, 1);
        batch.setMask(1, mask);
        batch.run();
      }
      float[] gradient = new float[mask.length];
      float[] other = new float[mask.length];
      a.gradient(1, gradient);
      b.gradient(1, other);
      assertThat(gradient).isEqualTo(other).isNotEqualTo(new float[mask.length]);
    }
  }

  /** An exception must not leave the callback: ONNX Runtime reports it as any node's failure. */
  @Test
  void shouldSayWhatFailedInACallback() {
    InstrumentedModel model = network("residual");
    ForwardBackend failing =
        ReducedBackends.inFloat32(
            () ->
                new Execution(
                    new RewritingProvider(
                        ReducedBackends.fixed(),
                        new DeviceOperators(
                            HostDevice.failing("out of order"), ReducedBackends.CPU),
                        false,
                        false),
                    new HostMemory()));
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    try (ForwardSession session = failing.open(model, options);
        var batch = session.batch(new BatchShape(2, 1))) {
      assertThatThrownBy(batch::run)
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("ONNX Runtime cannot run the model")
          .hasMessageContaining("out of order");
    }
  }
}
