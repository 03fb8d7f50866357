package io.ablate.dataset;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.TinyModel;
import io.ablate.instrument.InstrumentedModel;
import java.util.Arrays;

/**
 * A backend whose gradient passes are plain Java: f(x) = Σ wᵢxᵢ + Σ xᵢxᵢ₊₁/8 with weights that
 * depend on example and label. {@link #onRun} is called before every run, with its number from 0.
 */
final class AnalyticGradients implements ForwardBackend {
  /** Called before a run. */
  interface Hook {
    void before(int run);
  }

  static final DifferentiatedModel MODEL =
      new DifferentiatedModel(TinyModel.plain(), TinyModel.plain().model(), "gradient");

  private final OrtCpuBackend forward = new OrtCpuBackend();
  private final Hook onRun;
  private final float poison;
  private int runs;

  AnalyticGradients() {
    this(run -> {}, Float.NaN);
  }

  /**
   * @param poison the derivative by component 0 is infinite where its mask entry has this value
   */
  AnalyticGradients(Hook onRun, float poison) {
    this.onRun = onRun;
    this.poison = poison;
  }

  int runs() {
    return runs;
  }

  static float output(float[] mask, float[] input, int label) {
    double sum = 0;
    for (int i = 0; i < mask.length; i++) {
      sum += weight(input, label, i) * mask[i];
      sum += i + 1 < mask.length ? mask[i] * mask[i + 1] / 8 : 0;
    }
    return (float) sum;
  }

  static float derivative(float[] mask, float[] input, int label, int i) {
    float before = i > 0 ? mask[i - 1] : 0;
    float after = i + 1 < mask.length ? mask[i + 1] : 0;
    return weight(input, label, i) + (before + after) / 8;
  }

  private static float weight(float[] input, int label, int i) {
    return input[i % input.length] * (label + 1) + i * .01f;
  }

  @Override
  public String name() {
    return forward.name();
  }

  @Override
  public String version() {
    return forward.version();
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    return forward.open(model, options);
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    return new GradientSession() {
      @Override
      public DifferentiatedModel model() {
        return model;
      }

      @Override
      public GradientBatch batch(int rows) {
        return new Batch(rows);
      }

      @Override
      public void close() {}
    };
  }

  private final class Batch implements GradientBatch {
    private final float[][] masks;
    private final float[][] inputs;
    private final int[] labels;
    private final float[] outputs;
    private final float[][] gradients;

    Batch(int rows) {
      masks = new float[rows][TinyModel.COMPONENTS];
      inputs = new float[rows][TinyModel.INPUTS];
      labels = new int[rows];
      outputs = new float[rows];
      gradients = new float[rows][TinyModel.COMPONENTS];
      for (float[] mask : masks) {
        Arrays.fill(mask, 1);
      }
    }

    @Override
    public int rows() {
      return masks.length;
    }

    @Override
    public void setMask(int slot, float[] mask) {
      masks[slot] = mask.clone();
    }

    @Override
    public void setExample(int slot, float[] input, int label) {
      inputs[slot] = input.clone();
      labels[slot] = label;
    }

    @Override
    public void run() {
      onRun.before(runs++);
      for (int slot = 0; slot < masks.length; slot++) {
        outputs[slot] = AnalyticGradients.output(masks[slot], inputs[slot], labels[slot]);
        for (int i = 0; i < TinyModel.COMPONENTS; i++) {
          gradients[slot][i] = derivative(masks[slot], inputs[slot], labels[slot], i);
        }
        if (masks[slot][0] == poison) {
          gradients[slot][0] = Float.POSITIVE_INFINITY;
        }
      }
    }

    @Override
    public float output(int slot) {
      return outputs[slot];
    }

    @Override
    public void gradient(int slot, float[] target) {
      System.arraycopy(gradients[slot], 0, target, 0, TinyModel.COMPONENTS);
    }

    @Override
    public void close() {}
  }
}
