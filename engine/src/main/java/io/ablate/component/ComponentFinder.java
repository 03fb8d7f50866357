package io.ablate.component;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.OnnxGraph;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Recognises the nodes that carry one kind of component. */
interface ComponentFinder {
  /** All kinds that are known, in the order in which they are tried. */
  List<ComponentFinder> ALL = List.of(new ConvFilterFinder(), new NeuronFinder());

  /** What the node offers to ablation; null if it carries no component of this kind. */
  @Nullable Site find(OnnxGraph graph, NodeProto node);

  /** What a node offers to ablation, whatever the kind; null if nothing. */
  static @Nullable Site of(OnnxGraph graph, NodeProto node) {
    return ALL.stream()
        .map(finder -> finder.find(graph, node))
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }
}
