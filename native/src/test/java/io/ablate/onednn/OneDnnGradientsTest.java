package io.ablate.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.GradientMasks;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against ONNX Runtime on the differentiated graph, the reference. */
@ResourceLock("objects of oneDNN")
class OneDnnGradientsTest {
  private final ForwardBackend backend = new OneDnnBackend();
  private long live;

  @BeforeEach
  void needsTheLibrary() {
    assumeTrue(new OneDnnProvider().whyUnusable().isEmpty(), "oneDNN on a processor with AVX2");
    live = NativeScope.live();
  }

  @AfterEach
  void shouldLeaveNothingBehind() {
    assertThat(NativeScope.live()).isEqualTo(live);
  }

  static Stream<Map.Entry<String, DifferentiatedModel>> networks() {
    return Networks.differentiable().entrySet().stream()
        .map(entry -> Map.entry(entry.getKey(), MaskGradients.of(entry.getValue())));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldEqualTheReference(Map.Entry<String, DifferentiatedModel> network) {
    DifferentiatedModel model = network.getValue();
    ForwardOptions options = new ForwardOptions(2, Networks.SHAPE);
    try (GradientSession found = backend.openGradients(model, options);
        GradientSession reference = new OrtCpuBackend().openGradients(model, options)) {
      assumeTrue(
          KnownCode.knowsProcessor() || found instanceof OneDnnGradientSession, "fast code for it");
      assertThat(found).isInstanceOf(OneDnnGradientSession.class);
      for (int rows : new int[] {1, 7}) {
        float[][] expected = gradients(reference, rows);
        float[][] gradients = gradients(found, rows);
        for (int row = 0; row < rows; row++) {
          float scale = 0;
          for (float value : expected[row]) {
            scale = Math.max(scale, Math.abs(value));
          }
          assertThat(scale).isPositive();
          for (int j = 0; j < expected[row].length; j++) {
            assertThat(gradients[row][j])
                .as("%s, row %d of %d, entry %d", network.getKey(), row, rows, j)
                .isCloseTo(expected[row][j], Offset.offset(1e-4f * scale));
          }
        }
      }
    }
  }

  /** What rounding to bfloat16 may take away, where the processor has it. */
  @ParameterizedTest
  @MethodSource("networks")
  void shouldStayCloseInBfloat16(Map.Entry<String, DifferentiatedModel> network) {
    assumeTrue(KnownCode.precisions().anyMatch(p -> p == Precision.BF16), "bfloat16");
    DifferentiatedModel model = network.getValue();
    ForwardOptions exact = new ForwardOptions(2, Networks.SHAPE);
    try (GradientSession found = backend.openGradients(model, exact.with(Precision.BF16));
        GradientSession reference = new OrtCpuBackend().openGradients(model, exact)) {
      assumeTrue(found instanceof OneDnnGradientSession, "fast code for it");
      float[][] expected = gradients(reference, 7);
      float[][] gradients = gradients(found, 7);
      double miss = 0;
      double norm = 0;
      for (int row = 0; row < expected.length; row++) {
        for (int j = 0; j < expected[row].length; j++) {
          miss += Math.pow(gradients[row][j] - expected[row][j], 2);
          norm += Math.pow(expected[row][j], 2);
        }
      }
      assertThat(Math.sqrt(miss / norm)).isLessThan(.05);
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldGiveARowTheSameBitsInEveryBatch(Map.Entry<String, DifferentiatedModel> network) {
    float[] alone = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (GradientSession session =
          backend.openGradients(network.getValue(), new ForwardOptions(threads, Networks.SHAPE))) {
        for (int rows : new int[] {1, 2, 5, 40}) {
          float[] first = gradients(session, rows)[0];
          alone = alone == null ? first : alone;
          KnownCode.assertSame(
              threads + " threads, " + rows + " rows", Precision.FP32, first, alone);
        }
      }
    }
  }

  @Test
  void shouldLeaveToTheReferenceWhatItCannotGoBackThrough() {
    for (InstrumentedModel network :
        List.of(
            Objects.requireNonNull(Networks.all().get("squeeze and excite")),
            Networks.broadcastSum())) {
      try (GradientSession session =
          backend.openGradients(MaskGradients.of(network), new ForwardOptions(1, Networks.SHAPE))) {
        assertThat(session).isNotInstanceOf(OneDnnGradientSession.class);
        float[] gradient = gradients(session, 2)[0];
        assertThat(gradient).isNotEqualTo(new float[gradient.length]);
      }
    }
  }

  /** Gradients, with the output behind each. */
  private static float[][] gradients(GradientSession session, int rows) {
    int n = session.model().forward().components().size();
    try (GradientBatch batch = session.batch(rows)) {
      GradientMasks masks = new GradientMasks(5, .8, .3, n);
      SplittableRandom random = new SplittableRandom(6);
      float[] mask = new float[n];
      for (int slot = 0; slot < rows; slot++) {
        masks.row(slot, mask);
        batch.setMask(slot, mask);
        float[] example = new float[270];
        for (int i = 0; i < example.length; i++) {
          example[i] = (float) random.nextDouble(-1, 1);
        }
        batch.setExample(slot, example, slot % 5);
      }
      batch.run();
      float[][] gradients = new float[rows][n + 1];
      for (int slot = 0; slot < rows; slot++) {
        float[] gradient = new float[n];
        batch.gradient(slot, gradient);
        System.arraycopy(gradient, 0, gradients[slot], 0, n);
        gradients[slot][n] = batch.output(slot);
      }
      return gradients;
    }
  }
}
