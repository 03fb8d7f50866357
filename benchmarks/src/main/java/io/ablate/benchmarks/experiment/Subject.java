package io.ablate.benchmarks.experiment;

import io.ablate.component.ComponentDiscovery;
import io.ablate.component.ComponentRules;
import io.ablate.component.ComponentSet;
import io.ablate.example.ExampleSource;
import io.ablate.example.ExampleSources;
import io.ablate.example.ModelSidecar;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.instrument.OutputFunction;
import io.ablate.onnx.OnnxModel;
import io.ablate.tools.command.ModelArgument;
import java.nio.file.Path;
import java.util.Arrays;

/** The network and the examples of an experiment. */
final class Subject implements AutoCloseable {
  private final OnnxModel model;
  private final ModelSidecar sidecar;
  private final ComponentSet components;
  private final ExampleSource source;

  private Subject(
      OnnxModel model, ModelSidecar sidecar, ComponentSet components, ExampleSource source) {
    this.model = model;
    this.sidecar = sidecar;
    this.components = components;
    this.source = source;
  }

  /**
   * Opens model and data.
   *
   * @param folder that the entry's files are relative to
   * @param data the DATA argument to use
   */
  static Subject open(Experiment experiment, Path folder, String data) {
    Path file = ModelArgument.file(experiment.model(), folder);
    OnnxModel model = OnnxModel.read(file);
    ModelSidecar sidecar = ModelSidecar.of(file);
    ComponentSet components =
        ComponentDiscovery.discover(
            model.graph(), ComponentRules.parse(experiment.componentRule()), sidecar.output());
    long[] shape =
        Instrumenter.instrument(model, components, options(sidecar, OutputFunction.MARGIN))
            .example()
            .shape();
    long[] extents = Arrays.copyOfRange(shape, 1, shape.length);
    return new Subject(model, sidecar, components, ExampleSources.open(data, sidecar, extents));
  }

  private static InstrumentOptions options(ModelSidecar sidecar, OutputFunction output) {
    return InstrumentOptions.defaults().logits(sidecar.output()).outputFunction(output);
  }

  String modelSha256() {
    return model.sha256();
  }

  int columns() {
    return components.size();
  }

  ExampleSource source() {
    return source;
  }

  /** With logits, from which every output function can be told, and the activation scale. */
  InstrumentedModel forRows() {
    return Instrumenter.instrument(
        model,
        components,
        options(sidecar, OutputFunction.MARGIN).withLogits(true).withActivationScale(true));
  }

  /** For gradient passes: a derivative is that of one output function. */
  InstrumentedModel forGradients(OutputFunction output) {
    return Instrumenter.instrument(model, components, options(sidecar, output));
  }

  @Override
  public void close() {
    source.close();
  }
}
