package io.ablate.benchmarks;

import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBatch;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.instrument.OutputFunction;
import io.ablate.models.BundledModels;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A bundled network for CIFAR-10, and random inputs for it. */
record Network(OnnxModel model, ComponentSet components) {
  static final int CLASSES = 10;
  static final int LABEL = 3;
  private static final long[] EXAMPLE_SHAPE = {3, 32, 32};
  private static final int ELEMENTS = 3 * 32 * 32;

  static Network bundled(String name) {
    try (InputStream in = BundledModels.open(name)) {
      OnnxModel model = OnnxModel.parse(in.readAllBytes());
      return new Network(model, ComponentDiscovery.discover(model, ComponentRules.defaults()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static long[] exampleShape() {
    return EXAMPLE_SHAPE.clone();
  }

  InstrumentedModel instrumented(OutputFunction output) {
    return Instrumenter.instrument(
        model, components, InstrumentOptions.defaults().outputFunction(output));
  }

  /** As many examples as rows; in the order by masks, one example as often. */
  static float[] examples(int batch, BatchOrder order) {
    float[] examples = new float[batch * ELEMENTS];
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < examples.length; i++) {
      examples[i] = (float) random.nextGaussian();
    }
    if (order == BatchOrder.MASKS) {
      for (int row = 1; row < batch; row++) {
        System.arraycopy(examples, 0, examples, row * ELEMENTS, ELEMENTS);
      }
    }
    return examples;
  }

  /** The example of one row. */
  static float[] example(float[] examples, int row) {
    return Arrays.copyOfRange(examples, row * ELEMENTS, (row + 1) * ELEMENTS);
  }

  /** Fills the examples of a batch of masked passes. */
  static void fill(ForwardBatch batch, float[] examples) {
    for (int slot = 0; slot < batch.shape().examples(); slot++) {
      batch.setExample(slot, example(examples, slot), LABEL);
    }
  }
}
