package io.ablate.benchmarks;

import ai.onnxruntime.OrtException;
import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBatch;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.Instrumenter;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import io.ablate.onnx.OnnxModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The bundled ResNet-8, plain and masked, on the same threads and in the same batch size. Opening
 * it checks that a mask of ones gives the plain model's margins.
 */
final class ForwardPair implements AutoCloseable {
  private static final String MODEL = "/io/ablate/models/resnet8-cifar10.onnx";
  private static final long[] EXAMPLE_SHAPE = {3, 32, 32};
  private static final int CLASSES = 10;
  private static final int LABEL = 3;

  final PlainModel plain;
  private final ForwardSession session;
  private final ForwardBatch masked;
  private final MaskMatrix masks;
  private long nextRow;

  ForwardPair(int threads, int batch, BatchOrder order) throws OrtException {
    OnnxModel model = bundled();
    ComponentSet components = ComponentDiscovery.discover(model, ComponentRules.defaults());
    session =
        new OrtCpuBackend()
            .open(
                Instrumenter.instrument(model, components, InstrumentOptions.defaults()),
                new ForwardOptions(threads, EXAMPLE_SHAPE));
    masked = session.batch(BatchShape.of(order, batch));
    masks = MaskMatrix.of(new BernoulliMasks(5, 0.9, components.size()), 0, 4 * batch);

    int elements = 3 * 32 * 32;
    float[] examples = new float[batch * elements];
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < examples.length; i++) {
      examples[i] = (float) random.nextGaussian();
    }
    if (order == BatchOrder.MASKS) {
      // One example under all masks: the plain batch holds it as often.
      for (int row = 1; row < batch; row++) {
        System.arraycopy(examples, 0, examples, row * elements, elements);
      }
    }
    long[] shape = {batch, 3, 32, 32};
    plain = new PlainModel(model, threads, shape, examples, CLASSES);
    for (int slot = 0; slot < masked.shape().examples(); slot++) {
      masked.setExample(
          slot, Arrays.copyOfRange(examples, slot * elements, (slot + 1) * elements), LABEL);
    }
    checkOnes(batch);
  }

  private void checkOnes(int batch) throws OrtException {
    plain.run();
    masked.run(); // a batch starts with nothing ablated
    for (int row = 0; row < batch; row++) {
      float expected = plain.margin(row, LABEL);
      Check.that(
          Math.abs(masked.output(row) - expected) < 1e-4 * (1 + Math.abs(expected)),
          "margin " + masked.output(row) + " under a mask of ones, plain " + expected);
    }
    runMasked();
    float first = masked.output(0);
    Check.that(Math.abs(first - plain.margin(0, LABEL)) > 1e-3, "a mask changes nothing: " + first);
  }

  /** One batch under new masks, filling them included: what collecting does. */
  void runMasked() {
    for (int slot = 0; slot < masked.shape().masks(); slot++) {
      int row = (int) (nextRow++ % masks.rows());
      masked.setMask(slot, masks.words(), row * masks.wordsPerRow());
    }
    masked.run();
  }

  private static OnnxModel bundled() {
    try (InputStream in = ForwardPair.class.getResourceAsStream(MODEL)) {
      if (in == null) {
        throw new IllegalStateException("not on the class path: " + MODEL);
      }
      return OnnxModel.parse(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws OrtException {
    masked.close();
    session.close();
    plain.close();
  }
}
