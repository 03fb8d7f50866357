package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.cuda.Device;
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
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import io.ablate.onnx.OnnxModel;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ONNX Runtime calls the operators, registered by its C interface, and computes what it computes
 * without them; on the processor, with a device whose memory is the process's.
 */
@ResourceLock("objects of ONNX Runtime")
class MaskedOperatorsTest {
  private static final long[] SHAPE = Networks.exampleShape();
  private static final Set<Precision> ALL = Set.of(Precision.FP32, Precision.FP16);
  private static final String CPU = "CPUExecutionProvider";

  private final HostDevice driver = new HostDevice();
  private long live;

  @BeforeEach
  void countObjects() {
    live = OrtScope.live();
  }

  @AfterEach
  void shouldLeaveNothingBehind() {
    assertThat(OrtScope.live()).isEqualTo(live);
  }

  /** The processor, with graphs as a device has them. */
  private static final class Plain implements ExecutionProvider {
    @Override
    public void configure(OrtScope scope, long sessionOptions, boolean record) {}

    @Override
    public long memoryInfo(OrtScope scope) {
      return ExecutionProvider.CPU.memoryInfo(scope);
    }

    @Override
    public OnnxModel graph(
        InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
      return OrtGraphs.fixed(model, made, shape, exampleShape);
    }
  }

  private static ForwardBackend plain() {
    return new BoundBackend(
        "plain", "1", ALL, precision -> new Execution(new Plain(), new HostMemory()));
  }

  private ForwardBackend fused() {
    return new BoundBackend(
        "fused",
        "1",
        ALL,
        precision -> {
          Device device = driver.device();
          return new Execution(
              new RewritingProvider(new Plain(), new DeviceOperators(device, CPU), false, false),
              new DeviceMemory(device));
        });
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
    InstrumentedModel model = network(name);
    ForwardOptions options = new ForwardOptions(2, SHAPE);
    try (ForwardSession found = fused().open(model, options);
        ForwardSession expected = plain().open(model, options)) {
      for (BatchShape shape : OrtPasses.SHAPES) {
        int before = driver.masked();
        assertThat(OrtPasses.forward(found, shape, SHAPE))
            .as("%s", shape)
            .isEqualTo(OrtPasses.forward(expected, shape, SHAPE));
        assertThat(driver.masked()).isGreaterThan(before);
      }
    }
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
    ForwardOptions options = new ForwardOptions(1, shape);
    try (ForwardSession found = fused().open(model, options);
        ForwardSession expected = plain().open(model, options)) {
      BatchShape four = new BatchShape(4, 1);
      assertThat(OrtPasses.forward(found, four, shape))
          .isEqualTo(OrtPasses.forward(expected, four, shape));
    }
  }

  /** What the way back needs is not joined. */
  @Test
  void shouldLeaveGradientsAsTheyAre() {
    DifferentiatedModel model = MaskGradients.of(network("residual"));
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    try (GradientSession found = fused().openGradients(model, options);
        GradientSession expected = plain().openGradients(model, options);
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
        new BoundBackend(
            "failing",
            "1",
            ALL,
            precision ->
                new Execution(
                    new RewritingProvider(
                        new Plain(),
                        new DeviceOperators(HostDevice.failing("out of order"), CPU),
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
