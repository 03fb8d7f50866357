package io.ablate.benchmarks.experiment;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.instrument.InstrumentedModel;
import java.util.Arrays;

/**
 * Passes that cost nothing, to time what is around them: the output is the number of components
 * that the mask keeps.
 */
final class FreePasses implements ForwardBackend {
  static final String NAME = "free";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    return new Session(model);
  }

  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    throw new UnsupportedOperationException("no gradients");
  }

  private record Session(InstrumentedModel model) implements ForwardSession {
    @Override
    public ForwardBatch batch(BatchShape shape) {
      return new Batch(shape, (model.components().size() + 63) / 64, model.classes());
    }

    @Override
    public float[] activationScale(float[] example) {
      float[] scale = new float[model.components().size()];
      Arrays.fill(scale, 1);
      return scale;
    }

    @Override
    public void close() {}
  }

  private static final class Batch implements ForwardBatch {
    private final BatchShape shape;
    private final int words;
    private final int classes;
    private final float[] kept;

    Batch(BatchShape shape, int words, int classes) {
      this.shape = shape;
      this.words = words;
      this.classes = classes;
      this.kept = new float[shape.masks()];
    }

    @Override
    public BatchShape shape() {
      return shape;
    }

    @Override
    public void setMask(int slot, long[] mask, int offset) {
      int count = 0;
      for (int w = 0; w < words; w++) {
        count += Long.bitCount(mask[offset + w]);
      }
      kept[slot] = count;
    }

    @Override
    public void setExample(int slot, float[] input, int label) {}

    @Override
    public void run() {}

    @Override
    public float output(int row) {
      return kept[shape.masks() == 1 ? 0 : row];
    }

    @Override
    public int classes() {
      return classes;
    }

    @Override
    public void logits(int row, float[] target) {
      Arrays.fill(target, 0, classes, output(row));
    }

    @Override
    public void close() {}
  }
}
