package io.ablate.forward;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.instrument.InstrumentedModel;

/** Something that runs instrumented models. Stateless and thread-safe. */
public interface ForwardBackend {
  /** For options, manifests and reports: {@code "onnxruntime-cpu"}, … */
  String name();

  /** Version of the library that computes, for manifests. */
  String version();

  /**
   * Loads a model.
   *
   * @throws io.ablate.base.BadInputException if the model cannot be loaded, or takes examples of
   *     another shape or type
   */
  ForwardSession open(InstrumentedModel model, ForwardOptions options);

  /**
   * Loads a differentiated model.
   *
   * @throws io.ablate.base.BadInputException as {@link #open}
   */
  GradientSession openGradients(DifferentiatedModel model, ForwardOptions options);
}
