package io.ablate.forward;

import io.ablate.base.Problem;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.instrument.InstrumentedModel;
import java.util.Optional;
import java.util.Set;

/** Something that runs instrumented models. Stateless and thread-safe. */
public interface ForwardBackend {
  /** For options, manifests and reports: {@code "onnxruntime-cpu"}, … */
  String name();

  /** Version of the library that computes, for manifests. */
  String version();

  /**
   * Why this backend cannot run a model, or not fast, where another can; empty if it runs it. One
   * that does not say otherwise runs every model in float32.
   *
   * @param options as for {@link #open}
   */
  default Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
    return options.unless(Set.of(Precision.FP32));
  }

  /** Whether passes in a precision are faster here than those in float32, or are those. */
  default boolean accelerates(Precision precision) {
    return precision == Precision.FP32;
  }

  /**
   * Rows of a batch that fill what computes, where that is known beforehand. A row's bits may then
   * depend on the shape of its batch. 0 where timings shall tell, among shapes that give a row the
   * same bits.
   */
  default int batchRows(ForwardOptions options) {
    return 0;
  }

  /** What a session may keep of passes that have their beginning in common, at most, in bytes. */
  default long sharedPrefixBytes(ForwardOptions options) {
    return 0;
  }

  /**
   * Loads a model.
   *
   * @throws io.ablate.base.BadInputException if the model cannot be loaded, or takes examples of
   *     another shape or type, or the backend does not compute in the precision
   */
  ForwardSession open(InstrumentedModel model, ForwardOptions options);

  /**
   * Loads a differentiated model.
   *
   * @throws io.ablate.base.BadInputException as {@link #open}
   */
  GradientSession openGradients(DifferentiatedModel model, ForwardOptions options);
}
