package io.ablate.component;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.onnx.OnnxGraph;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds all layers of a model that have components, whatever the rules then select. */
public final class Layers {
  private Layers() {}

  /**
   * All layers, in the order of their first node in the file.
   *
   * @param output the graph output that holds the logits; null for the first one
   * @throws BadInputException if the model has no layer with components
   */
  public static List<Layer> find(OnnxGraph graph, @Nullable String output) {
    Map<Weight, List<Site>> byWeight = new LinkedHashMap<>();
    for (NodeProto node : graph.nodes()) {
      Site site = ComponentFinder.of(graph, node);
      if (site != null) {
        byWeight.computeIfAbsent(Weight.of(site), weight -> new ArrayList<>()).add(site);
      }
    }
    if (byWeight.isEmpty()) {
      throw nothingFound(graph);
    }
    String last = OutputLayer.node(graph, output);
    Set<String> names = new HashSet<>();
    List<Layer> layers = new ArrayList<>();
    for (List<Site> sites : byWeight.values()) {
      layers.add(
          new Layer(
              LayerNames.name(sites.getFirst(), names),
              sites,
              sites.stream().allMatch(site -> Shortcuts.isShortcut(graph, site)),
              sites.stream().anyMatch(site -> site.node().equals(last))));
    }
    return layers;
  }

  private static BadInputException nothingFound(OnnxGraph graph) {
    Set<String> operators = new TreeSet<>();
    graph.nodes().forEach(node -> operators.add(node.getOpType()));
    return new BadInputException(
        Problem.of("model has no components")
            .expected("Conv, Gemm or MatMul nodes with a constant weight")
            .found("the operators " + String.join(", ", operators))
            .remedy(
                "integer-only operators (QLinearConv, MatMulInteger) are not read: export the model"
                    + " in float or with QuantizeLinear and DequantizeLinear"));
  }

  /** One way to cut channels out of one tensor. */
  private record Weight(String tensor, int axis, ComponentKind kind, int channels) {
    static Weight of(Site site) {
      return new Weight(site.tensor(), site.weightAxis(), site.kind(), site.channels());
    }
  }
}
