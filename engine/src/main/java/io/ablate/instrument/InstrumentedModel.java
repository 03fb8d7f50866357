package io.ablate.instrument;

import io.ablate.component.ComponentSet;
import io.ablate.onnx.OnnxModel;
import org.jspecify.annotations.Nullable;

/**
 * A model that takes masks and returns the scalar of each row. Immutable and thread-safe.
 *
 * <p>Inputs: the mask, float32 [rows, n], 1 keeps and 0 ablates; the example; the label, int64
 * [examples]. Rows follow ONNX broadcasting: masks × one example, row by row, or one mask × many
 * examples; the label has as many entries as there are examples. The logits come before a softmax.
 *
 * @param model the graph to run
 * @param components the mask's columns
 * @param ablation what becomes of an ablated component
 * @param outputFunction the scalar of one row
 * @param example the input for examples
 * @param mask name of the input float32 [rows, n]
 * @param label name of the input int64 [1 or rows]
 * @param output name of the output float32 [rows]
 * @param logits name of the output float32 [rows, classes]; null if not asked for
 * @param logitTensor name of the same tensor, output or not
 * @param classes number of classes; −1 if the model does not tell
 * @param activationScale the graph of the activation scale; null if not asked for
 */
public record InstrumentedModel(
    OnnxModel model,
    ComponentSet components,
    Ablation ablation,
    OutputFunction outputFunction,
    ExampleInput example,
    String mask,
    String label,
    String output,
    @Nullable String logits,
    String logitTensor,
    int classes,
    @Nullable ActivationScale activationScale) {

  /** The same with another graph that has these inputs and outputs. */
  public InstrumentedModel with(OnnxModel graph) {
    return new InstrumentedModel(
        graph,
        components,
        ablation,
        outputFunction,
        example,
        mask,
        label,
        output,
        logits,
        logitTensor,
        classes,
        activationScale);
  }

  /**
   * The unmasked model with the activation scale of every component as its only output.
   *
   * @param model the graph to run; its only input is the same example input
   * @param output name of the output float32 [examples, n]
   */
  public record ActivationScale(OnnxModel model, String output) {}
}
