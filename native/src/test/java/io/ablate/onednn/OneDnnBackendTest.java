package io.ablate.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.base.BadInputException;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import io.ablate.onnx.GraphBuilder;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against ONNX Runtime, the reference. */
@ResourceLock("objects of oneDNN")
class OneDnnBackendTest {
  private static final int ROWS = 7;

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

  /** Every network in every precision that this processor computes in. */
  static Stream<Arguments> networks() {
    return Networks.all().keySet().stream()
        .flatMap(name -> KnownCode.precisions().map(precision -> Arguments.of(name, precision)));
  }

  private static InstrumentedModel network(String name) {
    InstrumentedModel model = Networks.all().get(name);
    assertThat(model).isNotNull();
    return Objects.requireNonNull(model);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldEqualTheReferenceInEveryOrder(String name, Precision precision) {
    InstrumentedModel model = network(name);
    ForwardOptions exact = new ForwardOptions(2, Networks.SHAPE);
    ForwardOptions options = exact.with(precision);
    float tolerance = precision == Precision.FP32 ? 1e-4f : 5e-2f;
    assumeTrue(
        KnownCode.knowsProcessor() || backend.whyNot(model, options).isEmpty(), "fast code for it");
    assertThat(backend.whyNot(model, options)).isEmpty();
    try (ForwardSession found = backend.open(model, options);
        ForwardSession reference = new OrtCpuBackend().open(model, exact)) {
      for (BatchShape shape : shapes(ROWS)) {
        float[][] logits = logits(found, shape);
        float[][] expected = logits(reference, shape);
        for (int row = 0; row < shape.rows(); row++) {
          for (int c = 0; c < expected[row].length; c++) {
            assertThat(logits[row][c])
                .as("%s, %s, %s, row %d", name, precision, shape, row)
                .isCloseTo(expected[row][c], Offset.offset(tolerance * (1 + magnitude(expected))));
          }
        }
      }
    }
  }

  /** Results must not depend on how rows are put together, nor on the number of threads. */
  @ParameterizedTest
  @MethodSource("networks")
  void shouldGiveARowTheSameBitsInEveryBatch(String name, Precision precision) {
    InstrumentedModel model = network(name);
    assumeTrue(
        KnownCode.knowsProcessor()
            || backend.whyNot(model, new ForwardOptions(1, Networks.SHAPE, precision)).isEmpty(),
        "fast code for it");
    float[] alone = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (ForwardSession session =
          backend.open(model, new ForwardOptions(threads, Networks.SHAPE, precision))) {
        for (int rows : new int[] {1, 2, 5, 8, 40}) {
          for (BatchShape shape : shapes(rows)) {
            float[] first = logits(session, shape)[0];
            alone = alone == null ? first : alone;
            KnownCode.assertSame(threads + " threads, " + shape, precision, first, alone);
          }
        }
      }
    }
  }

  @Test
  void shouldKeepWhatIsNotFilledAnew() {
    InstrumentedModel model = network("residual");
    try (ForwardSession session = backend.open(model, new ForwardOptions(1, Networks.SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(4, 1))) {
      fill(batch, model);
      batch.run();
      float before = batch.output(2);
      long[] none = new long[MaskMatrix.wordsPerRow(model.components().size())];
      batch.setMask(0, none, 0);
      batch.run();
      batch.run();
      assertThat(batch.output(2)).isEqualTo(before);
      assertThat(batch.output(0)).isNotEqualTo(before);
    }
  }

  @Test
  void shouldNameTheNodeThatItCannotRun() {
    GraphBuilder b = new GraphBuilder(1);
    String a = b.conv("a", b.input("x", -1, 3, 9, 10), 3, 8, 3);
    String erf = b.node("Erf", "erf", List.of(a));
    b.gemm("fc", "logits", b.meanOverPositions(erf), 8, 5);
    InstrumentedModel model = Networks.instrumented(b.output("logits", -1, 5).model(), "");
    ForwardOptions options = new ForwardOptions(1, Networks.SHAPE);
    assertThat(backend.whyNot(model, options))
        .hasValueSatisfying(
            problem ->
                assertThat(problem.message())
                    .isEqualTo(
                        "no fused passes for this model: node /erf (Erf); found an operator"
                            + " without a fused form"));
    assertThatThrownBy(() -> backend.open(model, options))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("node /erf (Erf)");
  }

  /** What would come out wrong without a word. */
  @Test
  void shouldRefuseWhatMovesNumbersAbout() {
    RefusedNetworks.all()
        .forEach(
            (node, model) ->
                assertThat(backend.whyNot(model, new ForwardOptions(1, Networks.SHAPE)))
                    .as(node)
                    .hasValueSatisfying(
                        problem ->
                            assertThat(problem.message())
                                .contains("no fused passes for this model", node)));
  }

  @Test
  void shouldRefuseAPrecisionThatTheProcessorHasNot() {
    ForwardOptions options = new ForwardOptions(1, Networks.SHAPE, Precision.BF16);
    assumeTrue(Bfloat16Support.whyNot(options).isPresent(), "a processor without bfloat16");
    assertThat(backend.accelerates(Precision.BF16)).isFalse();
    assertThat(backend.whyNot(network("residual"), options))
        .hasValueSatisfying(
            problem ->
                assertThat(problem.message())
                    .isEqualTo(
                        "no passes in bf16 on this processor; expected AVX-512, with AMX or"
                            + " AVX512-BF16 to be fast, found AVX2; use --precision fp32"));
    assertThatThrownBy(() -> backend.open(network("residual"), options))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no passes in bf16");
  }

  @Test
  void shouldRefuseAnExampleOfAnotherSize() {
    try (ForwardSession session =
            backend.open(network("pools"), new ForwardOptions(1, Networks.SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(2, 1))) {
      assertThatThrownBy(() -> batch.setExample(0, new float[5], 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("5 values for an example of 270");
    }
  }

  @Test
  void shouldSayNaNWhereALogitIsNotFinite() {
    InstrumentedModel model = network("residual");
    try (ForwardSession session = backend.open(model, new ForwardOptions(1, Networks.SHAPE));
        ForwardBatch batch = session.batch(new BatchShape(2, 1))) {
      float[] example = new float[270];
      example[7] = Float.NaN;
      batch.setExample(0, example, 0);
      batch.run();
      assertThat(batch.output(0)).isNaN();
    }
  }

  private static List<BatchShape> shapes(int rows) {
    return rows == 1
        ? List.of(new BatchShape(1, 1))
        : List.of(new BatchShape(rows, 1), new BatchShape(1, rows), new BatchShape(rows, rows));
  }

  private static float magnitude(float[][] values) {
    float most = 0;
    for (float[] row : values) {
      for (float value : row) {
        most = Math.max(most, Math.abs(value));
      }
    }
    return most;
  }

  private static float[][] logits(ForwardSession session, BatchShape shape) {
    try (ForwardBatch batch = session.batch(shape)) {
      fill(batch, session.model());
      batch.run();
      float[][] logits = new float[shape.rows()][batch.classes()];
      for (int row = 0; row < logits.length; row++) {
        batch.logits(row, logits[row]);
        assertThat(batch.output(row)).isNotNaN();
      }
      return logits;
    }
  }

  private static void fill(ForwardBatch batch, InstrumentedModel model) {
    BatchShape shape = batch.shape();
    MaskMatrix masks =
        MaskMatrix.of(new BernoulliMasks(3, .7, model.components().size()), 0, shape.masks());
    for (int slot = 0; slot < shape.masks(); slot++) {
      batch.setMask(slot, masks.words(), slot * masks.wordsPerRow());
    }
    SplittableRandom random = new SplittableRandom(4);
    for (int slot = 0; slot < shape.examples(); slot++) {
      float[] example = new float[270];
      for (int i = 0; i < example.length; i++) {
        example[i] = (float) random.nextDouble(-1, 1);
      }
      batch.setExample(slot, example, slot % 5);
    }
  }
}
