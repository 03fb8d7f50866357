package io.ablate.component;

import java.util.List;

/**
 * What one column of a mask keeps or ablates.
 *
 * @param layer the layer it belongs to, for priors and reports
 * @param tensor the weight tensor (of the first slice)
 * @param index output channel within the tensor; for a group, its position in its layer
 * @param kind its kind
 * @param slices the channels ablated together; one, except for groups
 */
public record Component(
    String layer, String tensor, int index, ComponentKind kind, List<Slice> slices) {
  public Component {
    slices = List.copyOf(slices);
    if (slices.isEmpty()) {
      throw new IllegalArgumentException("component without slices: " + layer + "[" + index + "]");
    }
  }

  /** For people: {@code layer[index]}. */
  public String label() {
    return layer + "[" + index + "]";
  }
}
