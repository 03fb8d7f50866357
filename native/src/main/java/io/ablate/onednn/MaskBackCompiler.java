package io.ablate.onednn;

import io.ablate.jit.MaskBackward;
import io.ablate.onednn.Kernel.Place;
import org.jspecify.annotations.Nullable;

/** Compiles the way back through element-wise operations. */
final class MaskBackCompiler {
  private MaskBackCompiler() {}

  static Kernel.MaskBack compile(Step.MaskBack step, Program program, NativeScope scope) {
    Value gradient = step.gradient();
    MaskBackward.Residual residual =
        step.residual() == null
            ? MaskBackward.Residual.NONE
            : step.adds() ? MaskBackward.Residual.ADDED : MaskBackward.Residual.STORED;
    MaskBackward code =
        scope.own(
            new MaskBackward(
                gradient.channels(),
                gradient.height() * gradient.width(),
                new MaskBackward.Form(step.result() != null, step.mask() >= 0, residual),
                program.elements(gradient) == Elements.F32
                    ? MaskBackward.Elements.FLOAT32
                    : MaskBackward.Elements.BFLOAT16));
    long channels = (long) gradient.channels() * Float.BYTES;
    return new Kernel.MaskBack(
        code,
        gradient.batch(),
        Place.OfValue.images(gradient, program),
        images(step.result(), program),
        images(step.input(), program),
        step.mask() < 0 ? null : new Place.OfMask(step.mask(), channels),
        images(step.residual(), program),
        step.mask() < 0 ? null : new Place.OfMaskGradient(step.mask(), channels));
  }

  private static Place.@Nullable OfValue images(@Nullable Value value, Program program) {
    return value == null ? null : Place.OfValue.images(value, program);
  }
}
