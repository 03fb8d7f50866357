package io.ablate.component;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The components of a model in the order of the mask's columns. Immutable.
 *
 * @param columns one component per column
 */
public record ComponentSet(List<Component> columns) {
  public ComponentSet {
    columns = List.copyOf(columns);
  }

  /** Number of columns, n. */
  public int size() {
    return columns.size();
  }

  /** Layer names in order of first appearance. */
  public List<String> layers() {
    return columns.stream().map(Component::layer).distinct().toList();
  }

  /** For every column the position of its layer in {@link #layers()}. */
  public int[] layerOfColumn() {
    Map<String, Integer> position = new LinkedHashMap<>();
    return columns.stream()
        .mapToInt(c -> position.computeIfAbsent(c.layer(), layer -> position.size()))
        .toArray();
  }
}
