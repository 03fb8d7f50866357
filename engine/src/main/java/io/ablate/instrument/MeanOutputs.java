package io.ablate.instrument;

import io.ablate.onnx.OnnxModel;

/**
 * The graph of every component's mean output (see {@link Instrumenter#meanOutputs}).
 *
 * @param model the graph to run
 * @param example its only input
 * @param output name of the output float32 [examples, n]
 */
public record MeanOutputs(OnnxModel model, ExampleInput example, String output) {}
