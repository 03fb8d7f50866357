package io.ablate.component;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The components that one weight tensor gives.
 *
 * <p>Where several nodes use the same weight, they are one layer: ablating a weight, as COAR does,
 * ablates every use of it. Each of its components then has one slice per node.
 *
 * @param name unique within the model
 * @param sites the nodes that use the weight, in the order of the file; at least one
 * @param shortcut whether it is a 1×1 convolution beside a residual block
 * @param output whether it is the output layer
 */
public record Layer(String name, List<Site> sites, boolean shortcut, boolean output) {
  public Layer {
    sites = List.copyOf(sites);
  }

  public String tensor() {
    return sites.getFirst().tensor();
  }

  public ComponentKind kind() {
    return sites.getFirst().kind();
  }

  /** Number of components. */
  public int size() {
    return sites.getFirst().channels();
  }

  /** Its components, channel by channel. */
  List<Component> components() {
    return IntStream.range(0, size()).mapToObj(this::component).toList();
  }

  private Component component(int channel) {
    List<Slice> slices = new ArrayList<>();
    for (Site site : sites) {
      slices.add(new Slice(site.node(), site.tensor(), channel));
    }
    return new Component(name, tensor(), channel, kind(), slices);
  }
}
