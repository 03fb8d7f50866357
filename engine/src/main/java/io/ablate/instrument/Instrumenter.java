package io.ablate.instrument;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.component.ComponentSet;
import io.ablate.onnx.GraphWriter;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.onnx.ShapeInference;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns a model into one that takes masks and returns the scalar of each row.
 *
 * <p>A mask of ones gives the outputs of the plain model, up to rounding. Masks between 0 and 1 act
 * as the ablation's formula stands. The result is of standard ONNX operators only.
 */
public final class Instrumenter {
  private static final String MARKER = "ablate.instrumented";

  private Instrumenter() {}

  /**
   * Instruments a model; it is not changed. A batch of fixed size is freed, see {@link
   * DynamicBatch}.
   *
   * @param components at least one component of this model
   * @throws BadInputException if the model has what cannot be instrumented: it is named, with a
   *     remedy
   * @throws UsageException if the reference constants are missing or not one per component
   */
  public static InstrumentedModel instrument(
      OnnxModel source, ComponentSet components, InstrumentOptions options) {
    refuseInstrumented(source);
    checkReference(components, options);
    OnnxModel model = DynamicBatch.apply(source);
    GraphWriter writer = writer(model);
    OnnxGraph graph = writer.graph();
    InferenceMode.require(graph);
    RowConditions.refuse(graph);
    ExampleInput example = ExampleInputs.find(graph);
    Logits logits = Logits.find(graph, options.logits());
    if (logits.classes() >= 0 && logits.classes() < 2) {
      refuseOneClass(logits);
    }
    long folded = new OneExample(graph).foldedExtent(logits.tensor());
    if (folded > 0) {
      throw OneExample.refused(
          "logits " + logits.tensor(),
          folded,
          "export the model without folding or moving the batch axis");
    }
    ShapeInference shapes = ShapeInference.of(graph);
    removeOutputs(graph);
    // As an output, its tensor is kept by every rewriting.
    graph.putOutput(GraphWriter.value(logits.tensor(), logits.type(), "", logits.shape()));
    List<MaskedLayer> layers = MaskedLayers.of(graph, components);
    String mask = graph.uniqueName("mask");
    String label = graph.uniqueName("label");

    MaskColumns columns = new MaskColumns(writer, mask, components.size(), layers);
    LayerRewriter rewriter =
        new LayerRewriter(
            writer,
            options.ablation(),
            options.reference(),
            true,
            (layer, input, output) ->
                writer.addAs("Mul", output, List.of(input, columns.of(layer))));
    layers.forEach(rewriter::rewrite);
    ExampleInputs.open(writer, example);
    String rows = logits.normalised(writer);
    rows = new BatchBroadcast(writer, shapes, mask, example).apply(rows);

    removeOutputs(graph);
    String output = graph.uniqueName("output");
    new OutputGraph(writer, rows, label, logits.classes()).add(options.outputFunction(), output);
    graph.putInput(GraphWriter.value(mask, DataType.FLOAT, "rows", -1, components.size()));
    graph.putInput(GraphWriter.value(label, DataType.INT64, "labels", -1));
    graph.putOutput(GraphWriter.value(output, DataType.FLOAT, "", -1));
    if (options.withLogits()) {
      graph.putOutput(GraphWriter.value(rows, DataType.FLOAT, "", -1, logits.classes()));
    }
    return new InstrumentedModel(
        finish(graph, options),
        components,
        options.ablation(),
        options.outputFunction(),
        example,
        mask,
        label,
        output,
        options.withLogits() ? rows : null,
        rows,
        logits.classes(),
        options.withActivationScale() ? activationScale(model, components, options) : null);
  }

  private static InstrumentedModel.ActivationScale activationScale(
      OnnxModel model, ComponentSet components, InstrumentOptions options) {
    GraphWriter writer = writer(model);
    ActivationScaleGraph scale = new ActivationScaleGraph(writer);
    LayerRewriter rewriter =
        new LayerRewriter(writer, options.ablation(), options.reference(), true, scale);
    rewriteUnmasked(writer, components, rewriter);
    String output = writer.graph().uniqueName("scale");
    scale.finish(components.size(), output);
    return new InstrumentedModel.ActivationScale(
        finishColumns(writer, components, output, options), output);
  }

  /**
   * The unmasked model with the mean over positions of every component's own output W∗x + b as its
   * only output, float32 [examples, n]: averaged over examples, the reference of {@link
   * Ablation#MEAN}. For a group, the mean over its slices.
   *
   * @throws BadInputException as {@link #instrument}
   */
  public static MeanOutputs meanOutputs(OnnxModel model, ComponentSet components) {
    refuseInstrumented(model);
    GraphWriter writer = writer(DynamicBatch.apply(model));
    MeanOutputGraph means = new MeanOutputGraph(writer);
    LayerRewriter rewriter = new LayerRewriter(writer, Ablation.ZERO_OUTPUT, null, false, means);
    ExampleInput example = rewriteUnmasked(writer, components, rewriter);
    String output = writer.graph().uniqueName("means");
    means.finish(components.size(), output);
    return new MeanOutputs(
        finishColumns(writer, components, output, InstrumentOptions.defaults()), example, output);
  }

  private static GraphWriter writer(OnnxModel model) {
    OnnxGraph graph = model.graph();
    graph.sort();
    return new GraphWriter(graph);
  }

  private static ExampleInput rewriteUnmasked(
      GraphWriter writer, ComponentSet components, LayerRewriter rewriter) {
    ExampleInput example = ExampleInputs.find(writer.graph());
    MaskedLayers.of(writer.graph(), components).forEach(rewriter::rewrite);
    ExampleInputs.open(writer, example);
    removeOutputs(writer.graph());
    return example;
  }

  private static OnnxModel finishColumns(
      GraphWriter writer, ComponentSet components, String output, InstrumentOptions options) {
    writer.graph().putOutput(GraphWriter.value(output, DataType.FLOAT, "", -1, components.size()));
    return finish(writer.graph(), options);
  }

  private static void removeOutputs(OnnxGraph graph) {
    graph.outputs().stream().map(ValueInfoProto::getName).toList().forEach(graph::removeOutput);
  }

  private static OnnxModel finish(OnnxGraph graph, InstrumentOptions options) {
    graph.removeDead();
    // Stated shapes hold for one common batch; here the mask and the example may differ.
    graph.clearValueInfo();
    OnnxModel edited = graph.toModel();
    ModelProto.Builder marked = edited.proto().toBuilder();
    marked.addMetadataProps(
        StringStringEntryProto.newBuilder()
            .setKey(MARKER)
            .setValue(options.ablation().label() + " " + options.outputFunction().label()));
    return edited.with(marked.build());
  }

  private static void refuseInstrumented(OnnxModel model) {
    if (model.proto().getMetadataPropsList().stream()
        .anyMatch(entry -> entry.getKey().equals(MARKER))) {
      throw new BadInputException(
          Problem.of("model is already instrumented")
              .at(where(model.source()))
              .remedy("give the model that it was made from"));
    }
  }

  private static String where(@Nullable Object source) {
    return source == null ? "model in memory" : source.toString();
  }

  private static void refuseOneClass(Logits logits) {
    throw new BadInputException(
        Problem.of("logits of a single class")
            .at("tensor " + logits.tensor())
            .expected("at least 2 classes")
            .found(logits.classes())
            .remedy(
                Logits.NAME_IT
                    + "; for one logit z of two classes, export the two logits 0 and z"));
  }

  private static void checkReference(ComponentSet components, InstrumentOptions options) {
    boolean needed = options.ablation() == Ablation.MEAN || options.ablation() == Ablation.CONSTANT;
    float[] reference = options.reference();
    int found = reference == null ? 0 : reference.length;
    if (needed && (reference == null || found != components.size())) {
      throw new UsageException(
          Problem.of(options.ablation().label() + " ablation needs a value for each component")
              .expected(components.size() + " values")
              .found(reference == null ? "none" : found)
              .remedy(
                  options.ablation() == Ablation.MEAN
                      ? "give --reference DATA"
                      : "give --constant FILE.npy"));
    }
  }
}
