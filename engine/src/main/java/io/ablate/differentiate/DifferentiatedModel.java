package io.ablate.differentiate;

import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;

/**
 * A model that returns the scalar of each row and its derivative by the row's mask. Immutable and
 * thread-safe.
 *
 * @param forward the instrumented model that was differentiated; its inputs are this one's
 * @param model the graph to run: outputs {@code forward.output()}, float32 [rows], and {@code
 *     gradient}
 * @param gradient name of the output float32 [rows, n]: ∂ output / ∂ mask entry, at the row's mask
 */
public record DifferentiatedModel(InstrumentedModel forward, OnnxModel model, String gradient) {}
