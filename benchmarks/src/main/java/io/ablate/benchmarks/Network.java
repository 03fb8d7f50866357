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

/**
 * A network to be timed, and random inputs for it: a bundled one, for CIFAR-10, or one of {@link
 * RandomNetworks}.
 *
 * @param exampleShape without the batch
 */
public record Network(OnnxModel model, ComponentSet components, long[] exampleShape, int classes) {
  public static final int LABEL = 3;

  public static Network named(String name) {
    return switch (name) {
      case RandomNetworks.RESNET_50 -> imageNet(RandomNetworks.resnet50());
      case RandomNetworks.VIT_B_16 -> imageNet(RandomNetworks.vitB16());
      default -> bundled(name);
    };
  }

  private static Network imageNet(OnnxModel model) {
    return of(model, new long[] {3, 224, 224}, RandomNetworks.CLASSES);
  }

  private static Network bundled(String name) {
    try (InputStream in = BundledModels.open(name)) {
      return of(OnnxModel.parse(in.readAllBytes()), new long[] {3, 32, 32}, 10);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Network of(OnnxModel model, long[] exampleShape, int classes) {
    return new Network(
        model,
        ComponentDiscovery.discover(model, ComponentRules.defaults()),
        exampleShape,
        classes);
  }

  public InstrumentedModel instrumented(OutputFunction output) {
    return Instrumenter.instrument(
        model, components, InstrumentOptions.defaults().outputFunction(output));
  }

  /** The shape of a batch of examples. */
  long[] inputShape(int batch) {
    long[] shape = new long[exampleShape.length + 1];
    shape[0] = batch;
    System.arraycopy(exampleShape, 0, shape, 1, exampleShape.length);
    return shape;
  }

  private int elements() {
    return Math.toIntExact(Arrays.stream(exampleShape).reduce(1, (a, b) -> a * b));
  }

  /** As many examples as rows; in the order by masks, one example as often. */
  public float[] examples(int batch, BatchOrder order) {
    int elements = elements();
    float[] examples = new float[batch * elements];
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < examples.length; i++) {
      examples[i] = (float) random.nextGaussian();
    }
    if (order == BatchOrder.MASKS) {
      for (int row = 1; row < batch; row++) {
        System.arraycopy(examples, 0, examples, row * elements, elements);
      }
    }
    return examples;
  }

  /** The example of one row. */
  public float[] example(float[] examples, int row) {
    return Arrays.copyOfRange(examples, row * elements(), (row + 1) * elements());
  }

  /** Fills the examples of a batch of masked passes. */
  public void fill(ForwardBatch batch, float[] examples) {
    for (int slot = 0; slot < batch.shape().examples(); slot++) {
      batch.setExample(slot, example(examples, slot), LABEL);
    }
  }
}
