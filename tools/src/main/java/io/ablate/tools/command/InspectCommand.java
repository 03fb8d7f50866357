package io.ablate.tools.command;

import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.backend.BackendReport;
import io.ablate.backend.Backends;
import io.ablate.component.Component;
import io.ablate.component.ComponentSet;
import io.ablate.example.ModelSidecar;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import io.ablate.instrument.Ablation;
import io.ablate.instrument.InstrumentOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.instrument.Instrumenter;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import io.ablate.tools.ConsoleProgress;
import io.ablate.tools.report.TextTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Components by layer, with the tensors they come from. */
@Command(
    name = "inspect",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "Show a model's components by layer, and whether it can be instrumented.",
    footer = {
      "",
      "Example:  ablate inspect model.onnx --components 'conv-filter,!*shortcut*' --json"
    })
final class InspectCommand extends Subcommand {
  @Mixin private final ModelArgument model = new ModelArgument();

  @Mixin private final CollectOptions collect = new CollectOptions();
  @Mixin private final ModelOptions modelOptions = new ModelOptions();

  /** What {@code --json} prints. */
  @JsonNaming(SnakeCaseStrategy.class)
  record Inspected(
      String model,
      String sha256,
      int opset,
      List<Value> inputs,
      List<Value> outputs,
      String exampleInput,
      int classes,
      String ablation,
      String output,
      String backend,
      Map<String, String> otherBackends,
      int components,
      List<Layer> layers) {}

  /** A graph input or output. */
  record Value(String name, String type, List<Object> shape) {}

  /** Components of one layer. */
  record Layer(
      String layer, String kind, int components, List<String> tensors, List<String> nodes) {}

  @Override
  void run(ConsoleProgress progress) {
    common.requirePasses();
    Path file = model.file();
    OnnxModel onnx = OnnxModel.read(file);
    ModelSidecar sidecar = modelOptions.sidecarOf(file);
    OnnxGraph graph = onnx.graph();
    ComponentSet components = collect.components(graph, sidecar.output());
    InstrumentOptions how = collect.instrument(sidecar.output(), components.size(), List.of());
    if (how.ablation() == Ablation.MEAN) {
      // Only whether it can be instrumented is asked: any reference will do.
      how = how.reference(new float[components.size()]);
    }
    InstrumentedModel instrumented = Instrumenter.instrument(onnx, components, how);
    long[] shape = instrumented.example().shape();
    BackendReport.Role backend =
        Backends.forward(
                collect.passes().backend(),
                common.device(),
                instrumented,
                new ForwardOptions(
                    common.threads(),
                    Arrays.copyOfRange(shape, 1, shape.length),
                    collect.passes().precision(Precision.FP32)))
            .role();
    Inspected inspected =
        new Inspected(
            file.toString(),
            onnx.sha256(),
            onnx.opset(),
            graph.inputs().stream().map(InspectCommand::value).toList(),
            graph.outputs().stream().map(InspectCommand::value).toList(),
            instrumented.example().name(),
            instrumented.classes(),
            instrumented.ablation().label(),
            instrumented.outputFunction().label(),
            backend.chosen(),
            others(backend),
            components.size(),
            layers(components));
    print(inspected, () -> text(inspected));
  }

  /** The backends that were preferred, with what keeps them from running this model. */
  private static Map<String, String> others(BackendReport.Role backend) {
    Map<String, String> others = new LinkedHashMap<>();
    backend.rejected().forEach(other -> others.put(other.name(), other.why()));
    return others;
  }

  private static List<Layer> layers(ComponentSet components) {
    Map<String, List<Component>> byLayer = new LinkedHashMap<>();
    components
        .columns()
        .forEach(c -> byLayer.computeIfAbsent(c.layer(), layer -> new ArrayList<>()).add(c));
    List<Layer> layers = new ArrayList<>();
    byLayer.forEach(
        (layer, columns) -> {
          Set<String> tensors = new LinkedHashSet<>();
          Set<String> nodes = new LinkedHashSet<>();
          columns.forEach(
              column ->
                  column
                      .slices()
                      .forEach(
                          slice -> {
                            tensors.add(slice.tensor());
                            nodes.add(slice.node());
                          }));
          layers.add(
              new Layer(
                  layer,
                  columns.getFirst().kind().label(),
                  columns.size(),
                  List.copyOf(tensors),
                  List.copyOf(nodes)));
        });
    return layers;
  }

  private static Value value(ValueInfoProto info) {
    var type = info.getType().getTensorType();
    List<Object> shape = new ArrayList<>();
    for (Dimension dimension : type.getShape().getDimList()) {
      shape.add(
          dimension.hasDimValue()
              ? (Object) dimension.getDimValue()
              : dimension.getDimParam().isEmpty() ? "?" : dimension.getDimParam());
    }
    String name =
        ai.onnx.proto.OnnxMl.TensorProto.DataType.forNumber(type.getElemType()) == null
            ? "unknown"
            : ai.onnx.proto.OnnxMl.TensorProto.DataType.forNumber(type.getElemType())
                .name()
                .toLowerCase(Locale.ROOT);
    return new Value(info.getName(), name, shape);
  }

  private static String text(Inspected found) {
    StringBuilder text = new StringBuilder();
    text.append(
        TextTable.left(
            List.of(
                List.of("model", found.model()),
                List.of("sha-256", found.sha256()),
                List.of("opset", Integer.toString(found.opset())),
                List.of("inputs", values(found.inputs())),
                List.of("outputs", values(found.outputs())),
                List.of(
                    "classes", found.classes() < 0 ? "unknown" : Integer.toString(found.classes())),
                List.of("ablation", found.ablation()),
                List.of("output function", found.output()),
                List.of("passes by", passes(found)))));
    text.append('\n');
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("layer", "kind", "tensor", "components"));
    for (Layer layer : found.layers()) {
      rows.add(
          List.of(
              layer.layer(),
              layer.kind(),
              String.join(" ", layer.tensors()),
              String.format(Locale.ROOT, "%,d", layer.components())));
    }
    rows.add(List.of("", "", "n", String.format(Locale.ROOT, "%,d", found.components())));
    return text.append(TextTable.align(rows, 3)).toString();
  }

  private static String passes(Inspected found) {
    StringBuilder text = new StringBuilder(found.backend());
    found
        .otherBackends()
        .forEach((name, why) -> text.append("; not ").append(name).append(": ").append(why));
    return text.toString();
  }

  private static String values(List<Value> values) {
    return values.stream()
        .map(
            value ->
                value.name()
                    + " "
                    + value.type()
                    + " "
                    + value.shape().stream().map(Object::toString).collect(Collectors.joining("x")))
        .collect(Collectors.joining(", "));
  }
}
