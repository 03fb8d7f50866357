package io.ablate.component;

import io.ablate.base.BadInputException;
import io.ablate.base.UsageException;
import io.ablate.onnx.OnnxGraph;
import io.ablate.onnx.OnnxModel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the components of a model. Columns stand in the order of the nodes in the ONNX file, then
 * by channel. Thread-safe.
 */
public final class ComponentDiscovery {
  private ComponentDiscovery() {}

  /** As {@link #discover(OnnxGraph, ComponentRules, String)}, for the model's first output. */
  public static ComponentSet discover(OnnxModel model, ComponentRules rules) {
    return discover(model.graph(), rules, null);
  }

  /** As {@link #discover(OnnxGraph, ComponentRules, String)}, for the graph's first output. */
  public static ComponentSet discover(OnnxGraph graph, ComponentRules rules) {
    return discover(graph, rules, null);
  }

  /**
   * The components that the rules select.
   *
   * @param output the graph output that holds the logits; null for the first one. The layer that
   *     computes it is left out unless the rules include it.
   * @throws BadInputException if the model has no components at all
   * @throws UsageException if a rule matches nothing or nothing remains
   */
  public static ComponentSet discover(
      OnnxGraph graph, ComponentRules rules, @Nullable String output) {
    List<Layer> layers = rules.select(Layers.find(graph, output));
    return new ComponentSet(layers.stream().flatMap(l -> l.components().stream()).toList());
  }
}
