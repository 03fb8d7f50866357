package io.ablate.component;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names layers as their authors did. */
final class LayerNames {
  /** A weight named after its module, perhaps quantised since. */
  private static final Pattern WEIGHT =
      Pattern.compile(
          "(?<layer>.*[^./_])[./_](weight|kernel)(:0)?(_quantized|_q|_fp16|_cast)?",
          Pattern.CASE_INSENSITIVE);

  private LayerNames() {}

  /**
   * {@code layers.0.conv1} for the weight {@code layers.0.conv1.weight}; where the weight's name
   * says nothing, the same from the node's name {@code /layers/layers.0/conv1/Conv}.
   *
   * @param taken names already given; the new one is added
   */
  static String name(Site site, Set<String> taken) {
    Matcher weight = WEIGHT.matcher(site.tensor());
    boolean telling = weight.matches() && !site.tensor().contains("::");
    String fromNode = fromNode(site.node());
    for (String name : List.of(telling ? weight.group("layer") : fromNode, fromNode, site.node())) {
      if (!name.isEmpty() && taken.add(name)) {
        return name;
      }
    }
    String base = fromNode.isEmpty() ? site.node() : fromNode;
    int number = 2;
    while (!taken.add(base + ":" + number)) {
      number++;
    }
    return base + ":" + number;
  }

  /** PyTorch's exporter writes the path of modules, each container's name repeated in its child. */
  private static String fromNode(String node) {
    if (!node.startsWith("/")) {
      return node;
    }
    String[] path = node.substring(1).split("/", -1);
    List<String> modules = new ArrayList<>();
    for (int i = 0; i < path.length - 1; i++) {
      if (!path[i + 1].startsWith(path[i] + ".")) {
        modules.add(path[i]);
      }
    }
    String operator = path[path.length - 1];
    boolean onlyOperator = operator.matches("Conv|Gemm|MatMul");
    if (!onlyOperator) {
      modules.add(operator);
    }
    return modules.isEmpty() ? node : String.join(".", modules);
  }
}
