package io.ablate.onednn;

import io.ablate.base.Problem;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import java.util.Optional;

/**
 * Fused ablated passes by oneDNN and kernels of our own: mask, bias, residual and activation are
 * computed while a convolution writes its results. Convolutional networks only.
 */
final class OneDnnBackend implements ForwardBackend {
  static final String NAME = "onednn-cpu";

  /** Of lowering and kernels; changes if any output would, in its last bits too. */
  private static final String KERNELS = "kernels 1";

  private final ForwardBackend reference = new OrtCpuBackend();

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return KERNELS
        + ", "
        + OneDnnProvider.libraryVersion()
        + ", ONNX Runtime "
        + reference.version();
  }

  @Override
  public Optional<Problem> whyNot(InstrumentedModel model, ForwardOptions options) {
    return Bfloat16Support.whyNot(options)
        .or(() -> whyNot(() -> Lowering.of(model, new BatchShape(2, 1), options)));
  }

  @Override
  public boolean accelerates(Precision precision) {
    return precision == Precision.FP32 || precision == Precision.BF16 && Bfloat16Support.isFast();
  }

  private interface Recipe {
    Program make() throws UnsupportedGraphException;
  }

  private static Optional<Problem> whyNot(Recipe recipe) {
    // Compiling finds what lowering cannot: an operation that this processor has no code for.
    try (PackedWeights weights = PackedWeights.none();
        CompiledProgram compiled = new CompiledProgram(recipe.make(), weights)) {
      return compiled.withoutFastCode();
    } catch (UnsupportedGraphException e) {
      return Optional.of(e.problem());
    } catch (OneDnn.OneDnnException e) {
      return Optional.of(
          Problem.of("oneDNN cannot run the model").found(String.valueOf(e.getMessage())));
    }
  }

  @Override
  public long sharedPrefixBytes(ForwardOptions options) {
    return Cut.MOST_BYTES * options.threads();
  }

  @Override
  public ForwardSession open(InstrumentedModel model, ForwardOptions options) {
    Bfloat16Support.require(options);
    return new OneDnnSession(model, options);
  }

  /** Where a model has no fused gradient passes, ONNX Runtime's, which are in float32. */
  @Override
  public GradientSession openGradients(DifferentiatedModel model, ForwardOptions options) {
    Bfloat16Support.require(options);
    boolean possible = whyNot(() -> Lowering.withGradients(model.forward(), 2, options)).isEmpty();
    return possible
        ? new OneDnnGradientSession(model, options)
        : reference.openGradients(model, options.with(Precision.FP32));
  }
}
