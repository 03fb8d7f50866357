package io.ablate.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.example.Example;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.forward.TinyModel;
import io.ablate.instrument.InstrumentedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PrecisionCheckTest {
  private final ForwardOptions options = new ForwardOptions(1, new long[] {TinyModel.INPUTS});

  @Test
  void shouldTakeWhatHardlyChangesTheOutputs() {
    PrecisionCheck check = check(new Rounding(1e-3, true, null));
    assertThat(check.chosen()).isEqualTo(Precision.BF16);
    assertThat(check.pearson()).isBetween(PrecisionCheck.LEAST, 1 - 1e-9);
    assertThat(check.report()).containsEntry("chosen", "bf16").containsKeys("pearson", "reason");
  }

  @Test
  void shouldKeepFloat32WhereTheModelDoesNotBearIt() {
    PrecisionCheck check = check(new Rounding(.3, true, null));
    assertThat(check.chosen()).isEqualTo(Precision.FP32);
    assertThat(check.pearson()).isBetween(.5, PrecisionCheck.LEAST);
    assertThat(check.reason())
        .matches("outputs under 64 masks of 4 examples correlate .* 0\\.999 asked");
  }

  @Test
  void shouldKeepFloat32WhereNothingIsGained() {
    PrecisionCheck check = check(new Rounding(0, false, null));
    assertThat(check.chosen()).isEqualTo(Precision.FP32);
    assertThat(check.report())
        .containsEntry("reason", "none of fp16, bf16 is faster with rounding here")
        .doesNotContainKey("pearson");
    Problem problem = Problem.of("no such node");
    assertThat(check(new Rounding(0, true, problem)).reason()).isEqualTo("no such node");
  }

  @Test
  void shouldSayThatOutputsOverflowOrThatNothingRuns() {
    assertThat(check(new Rounding(Double.POSITIVE_INFINITY, true, null)).reason())
        .isEqualTo("outputs in bf16 overflow");
    assertThat(check(new Rounding(Double.NaN, true, null)).reason())
        .isEqualTo("bf16 cannot run: no kernel");
  }

  private PrecisionCheck check(ForwardBackend backend) {
    List<Example> examples = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 6; i++) {
      float[] input = new float[TinyModel.INPUTS];
      for (int j = 0; j < input.length; j++) {
        input[j] = (float) random.nextDouble(-1, 1);
      }
      examples.add(new Example(i, "", i % 3, input, options.exampleShape(), null));
    }
    return PrecisionCheck.run(backend, TinyModel.plain(), options, examples, .9);
  }

  /** ONNX Runtime, whose outputs are off by so much where bfloat16 is asked for. */
  private record Rounding(double noise, boolean fast, @Nullable Problem no)
      implements ForwardBackend {
    @Override
    public String name() {
      return "rounding";
    }

    @Override
    public String version() {
      return "1";
    }

    @Override
    public boolean accelerates(Precision precision) {
      return fast && precision != Precision.FP16;
    }

    @Override
    public Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
      return options.precision() == Precision.FP32 ? Optional.empty() : Optional.ofNullable(no);
    }

    @Override
    public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
      ForwardSession exact = new OrtCpuBackend().open(model, options.with(Precision.FP32));
      if (options.precision() != Precision.FP32 && Double.isNaN(noise)) {
        exact.close();
        throw new BadInputException(Problem.of("no kernel"));
      }
      return options.precision() == Precision.FP32 ? exact : new Session(exact, noise);
    }

    @Override
    public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
      throw new UnsupportedOperationException("no gradients");
    }
  }

  private record Session(ForwardSession exact, double noise) implements ForwardSession {
    @Override
    public InstrumentedModel model() {
      return exact.model();
    }

    @Override
    public ForwardBatch batch(BatchShape shape) {
      return new Batch(exact.batch(shape), noise, new SplittableRandom(7));
    }

    @Override
    public float[] activationScale(float[] example) {
      return exact.activationScale(example);
    }

    @Override
    public void close() {
      exact.close();
    }
  }

  private record Batch(ForwardBatch exact, double noise, SplittableRandom random)
      implements ForwardBatch {
    @Override
    public BatchShape shape() {
      return exact.shape();
    }

    @Override
    public void setMask(int slot, long[] words, int offset) {
      exact.setMask(slot, words, offset);
    }

    @Override
    public void setExample(int slot, float[] input, int label) {
      exact.setExample(slot, input, label);
    }

    @Override
    public void run() {
      exact.run();
    }

    @Override
    public float output(int row) {
      return exact.output(row)
          + (float) (Double.isInfinite(noise) ? noise : random.nextDouble(-noise, noise));
    }

    @Override
    public int classes() {
      return exact.classes();
    }

    @Override
    public void logits(int row, float[] target) {
      exact.logits(row, target);
    }

    @Override
    public void close() {
      exact.close();
    }
  }
}
