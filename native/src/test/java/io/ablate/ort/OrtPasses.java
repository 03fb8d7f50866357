package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.GradientMasks;
import io.ablate.mask.MaskMatrix;
import io.ablate.models.BundledModels;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Passes of a backend, and that they have the bits of ONNX Runtime's Java interface. */
final class OrtPasses {
  static final List<BatchShape> SHAPES =
      List.of(
          new BatchShape(1, 1), new BatchShape(5, 1), new BatchShape(1, 5), new BatchShape(5, 5));

  private OrtPasses() {}

  static InstrumentedModel bundled(String name) {
    OnnxModel model = source(name);
    return Instrumenter.instrument(
        model,
        ComponentDiscovery.discover(model, ComponentRules.defaults()),
        InstrumentOptions.defaults().withLogits(true).withActivationScale(true));
  }

  /** With one filter, the first, that can be ablated. */
  static InstrumentedModel bundledWithOneFilter(String name) {
    OnnxModel model = source(name);
    ComponentSet all = ComponentDiscovery.discover(model, ComponentRules.defaults());
    return Instrumenter.instrument(
        model,
        new ComponentSet(all.columns().subList(0, 1)),
        InstrumentOptions.defaults().withLogits(true));
  }

  private static OnnxModel source(String name) {
    try (InputStream in = BundledModels.open(name)) {
      return OnnxModel.parse(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void assertForwardEqual(
      ForwardBackend backend, InstrumentedModel model, long[] example, int threads) {
    assertForwardEqual(backend, model, example, threads, SHAPES);
  }

  static void assertForwardEqual(
      ForwardBackend backend,
      InstrumentedModel model,
      long[] example,
      int threads,
      List<BatchShape> shapes) {
    ForwardBackend java = new OrtCpuBackend();
    ForwardOptions options = new ForwardOptions(threads, example);
    new SideBySide(backend, java, options)
        .forward(
            model,
            shapes,
            (shape, found, expected) ->
                assertThat(found).as("%s, %d threads", shape, threads).isEqualTo(expected));
    if (model.activationScale() != null) {
      float[] input = example(elements(example), 3);
      try (ForwardSession found = backend.open(model, options);
          ForwardSession expected = java.open(model, options)) {
        assertThat(found.activationScale(input)).isEqualTo(expected.activationScale(input));
      }
    }
  }

  static void assertGradientsEqual(
      ForwardBackend backend, InstrumentedModel model, long[] example, int threads) {
    new SideBySide(backend, new OrtCpuBackend(), new ForwardOptions(threads, example))
        .gradients(
            MaskGradients.of(model),
            (rows, found, expected) ->
                assertThat(found).as("%d rows, %d threads", rows, threads).isEqualTo(expected));
  }

  /** Bits of outputs and logits of two runs; the second changes one mask and one example only. */
  static int[] forward(ForwardSession session, BatchShape shape, long[] exampleShape) {
    int columns = session.model().components().size();
    int elements = elements(exampleShape);
    MaskMatrix masks = MaskMatrix.of(new BernoulliMasks(3, .8, columns), 0, shape.masks() + 1);
    try (ForwardBatch batch = session.batch(shape)) {
      int[] bits = new int[3 * shape.rows() * (1 + batch.classes())];
      int at = 0;
      for (int run = 0; run < 3; run++) {
        // The first run has no component ablated and examples of zeros.
        for (int slot = 0; run == 1 && slot < shape.masks(); slot++) {
          batch.setMask(slot, masks.words(), slot * masks.wordsPerRow());
        }
        for (int slot = 0; run == 1 && slot < shape.examples(); slot++) {
          batch.setExample(slot, example(elements, slot), slot % 3);
        }
        if (run == 2) {
          batch.setMask(shape.masks() - 1, masks.words(), shape.masks() * masks.wordsPerRow());
          float[] broken = example(elements, 9);
          broken[elements / 2] = Float.NaN;
          batch.setExample(0, broken, 1);
        }
        batch.run();
        float[] logits = new float[batch.classes()];
        for (int row = 0; row < shape.rows(); row++) {
          bits[at++] = Float.floatToIntBits(batch.output(row));
          batch.logits(row, logits);
          for (float logit : logits) {
            bits[at++] = Float.floatToIntBits(logit);
          }
        }
      }
      assertThat(Arrays.stream(bits).distinct().count()).isGreaterThan(shape.rows());
      return bits;
    }
  }

  /** Gradients and, behind each, the output, of two runs. */
  static float[] gradients(GradientSession session, int rows, long[] exampleShape) {
    int columns = session.model().forward().components().size();
    try (GradientBatch batch = session.batch(rows)) {
      GradientMasks masks = new GradientMasks(5, .8, .3, columns);
      float[] mask = new float[columns];
      float[] all = new float[2 * rows * (columns + 1)];
      float[] gradient = new float[columns];
      int at = 0;
      for (int run = 0; run < 2; run++) {
        for (int slot = 0; run == 1 && slot < rows; slot++) {
          masks.row(slot, mask);
          batch.setMask(slot, mask);
          batch.setExample(slot, example(elements(exampleShape), slot), slot % 3);
        }
        batch.run();
        for (int slot = 0; slot < rows; slot++) {
          batch.gradient(slot, gradient);
          System.arraycopy(gradient, 0, all, at, columns);
          all[at + columns] = batch.output(slot);
          at += columns + 1;
        }
      }
      assertThat(all).isNotEqualTo(new float[all.length]);
      return all;
    }
  }

  /** The numbers that have these bits. */
  static float[] floats(int[] bits) {
    float[] values = new float[bits.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    return values;
  }

  static int elements(long[] shape) {
    return (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
  }

  static float[] example(int elements, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] example = new float[elements];
    for (int i = 0; i < elements; i++) {
      example[i] = (float) random.nextDouble(-1, 1);
    }
    return example;
  }
}
