package io.ablate.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.instrument.Ablation;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rewritten graph computes what the instrumented one does, in every batch shape. */
class BlockedLayoutTest {
  private static final long[] EXAMPLE = {3, 32, 32};
  private static final int LABEL = 3;

  @ParameterizedTest
  @CsvSource({
    "1,1,ZERO_WEIGHTS",
    "5,1,ZERO_WEIGHTS",
    "1,5,ZERO_WEIGHTS",
    "3,3,ZERO_WEIGHTS",
    "3,1,ZERO_OUTPUT"
  })
  void shouldComputeTheSame(int masks, int examples, Ablation ablation) throws Exception {
    InstrumentedModel model = resNet8(ablation);
    float[] expected = run(model, model.model(), masks, examples);
    OnnxModel rewritten =
        OrtGraphs.onProcessor(model, model.model(), new BatchShape(masks, examples), EXAMPLE);
    assertThat(run(model, rewritten, masks, examples)).containsExactly(expected, within(2e-5f));
  }

  @Test
  void shouldSpreadEveryMaskThatNeedNotBroadcast() throws Exception {
    assumeTrue(System.getProperty("os.arch").matches("amd64|x86_64"), "blocked on x86 only");
    InstrumentedModel model = resNet8(Ablation.ZERO_WEIGHTS);
    assertThat(spreadMasks(model, new BatchShape(1, 5))).isEqualTo(9);
    // The first convolution runs once for all masks.
    assertThat(spreadMasks(model, new BatchShape(5, 1))).isEqualTo(8);
  }

  private static long spreadMasks(InstrumentedModel model, BatchShape shape) {
    return OrtGraphs.onProcessor(model, model.model(), shape, EXAMPLE).graph().nodes().stream()
        .filter(node -> node.getOpType().equals("Resize"))
        .count();
  }

  private static InstrumentedModel resNet8(Ablation ablation) throws IOException {
    try (InputStream in =
        BlockedLayoutTest.class.getResourceAsStream("/io/ablate/models/resnet8-cifar10.onnx")) {
      OnnxModel model = OnnxModel.parse(in.readAllBytes());
      return Instrumenter.instrument(
          model,
          ComponentDiscovery.discover(model, ComponentRules.defaults()),
          InstrumentOptions.defaults().ablation(ablation));
    }
  }

  private static float[] run(InstrumentedModel model, OnnxModel graph, int masks, int examples)
      throws Exception {
    SplittableRandom random = new SplittableRandom(7);
    int columns = model.components().size();
    float[] mask = new float[masks * columns];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = random.nextDouble() < 0.9 ? 1 : 0;
    }
    float[] example = new float[examples * 3 * 32 * 32];
    for (int i = 0; i < example.length; i++) {
      example[i] = (float) random.nextGaussian();
    }
    long[] labels = new long[examples];
    Arrays.fill(labels, LABEL);
    OrtEnvironment environment = OrtSessions.environment();
    try (OrtSession session = OrtSessions.create(environment, graph, 1);
        OnnxTensor maskTensor =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(mask), new long[] {masks, columns});
        OnnxTensor exampleTensor =
            OnnxTensor.createTensor(
                environment, FloatBuffer.wrap(example), new long[] {examples, 3, 32, 32});
        OnnxTensor labelTensor =
            OnnxTensor.createTensor(environment, LongBuffer.wrap(labels), new long[] {examples});
        OrtSession.Result result =
            session.run(
                Map.of(
                    model.mask(),
                    maskTensor,
                    model.example().name(),
                    exampleTensor,
                    model.label(),
                    labelTensor))) {
      return (float[]) result.get(model.output()).orElseThrow().getValue();
    }
  }
}
