package io.ablate.ort;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import java.util.List;

/**
 * Two backends that run the same passes.
 *
 * @param precision of what is tested; what is expected is computed in float32
 */
record SideBySide(
    ForwardBackend tested, Precision precision, ForwardBackend reference, ForwardOptions options) {
  /** Looks at the bits that {@link OrtPasses#forward} has of both for one shape. */
  interface ForwardCheck {
    void check(BatchShape shape, int[] found, int[] expected);
  }

  /** Looks at what {@link OrtPasses#gradients} has of both for a batch of so many rows. */
  interface GradientCheck {
    void check(int rows, float[] found, float[] expected);
  }

  SideBySide(ForwardBackend tested, ForwardBackend reference, ForwardOptions options) {
    this(tested, Precision.FP32, reference, options);
  }

  /** One session of each for all shapes. */
  void forward(InstrumentedModel model, List<BatchShape> shapes, ForwardCheck check) {
    long[] example = options.exampleShape();
    try (ForwardSession found = tested.open(model, options.with(precision));
        ForwardSession expected = reference.open(model, options)) {
      for (BatchShape shape : shapes) {
        check.check(
            shape,
            OrtPasses.forward(found, shape, example),
            OrtPasses.forward(expected, shape, example));
      }
    }
  }

  void gradients(DifferentiatedModel model, GradientCheck check) {
    long[] example = options.exampleShape();
    try (GradientSession found = tested.openGradients(model, options.with(precision));
        GradientSession expected = reference.openGradients(model, options)) {
      for (int rows : new int[] {1, 3}) {
        check.check(
            rows,
            OrtPasses.gradients(found, rows, example),
            OrtPasses.gradients(expected, rows, example));
      }
    }
  }
}
