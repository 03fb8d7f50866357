package io.ablate.component;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.onnx.OnnxGraph;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Components made by hand: groups of channels, of several tensors if wanted, ablated together.
 *
 * <pre>
 * {"components": [
 *   {"layer": "edges", "slices": [{"tensor": "conv1.weight", "channels": "0-7"},
 *                                 {"node": "/conv2/Conv", "channels": [0, 3]}]},
 *   …]}
 * </pre>
 *
 * <p>A tensor stands for every node that uses it, a node for itself alone. {@code layer} may be
 * left out ({@code group}); {@code channels} too (all of them). Columns stand in the order of the
 * file. Immutable.
 */
public final class ComponentSpec {
  private static final String FORM =
      "{\"components\": [{\"layer\", \"slices\": [{\"tensor\" or \"node\", \"channels\"}]}]}";

  private final String where;
  private final List<Group> groups;

  private record Group(String layer, List<Selection> slices) {}

  /** Channels of a tensor or node; all of them where {@code channels} is empty. */
  private record Selection(boolean byNode, String name, int[] channels) {}

  private ComponentSpec(String where, List<Group> groups) {
    this.where = where;
    this.groups = groups;
  }

  /**
   * Reads a specification.
   *
   * @throws BadInputException if the file cannot be read, is not of this form, or has an empty
   *     group
   */
  public static ComponentSpec read(Path file) {
    JsonNode components = Json.read(file).path("components");
    if (!components.isArray() || components.isEmpty()) {
      throw malformed(file.toString(), "no list \"components\"");
    }
    List<Group> groups = new ArrayList<>();
    for (JsonNode component : components) {
      String where = file + ", component " + groups.size();
      JsonNode slices = component.path("slices");
      if (!slices.isArray()) {
        throw malformed(where, "no list \"slices\"");
      }
      List<Selection> selections = new ArrayList<>();
      for (JsonNode slice : slices) {
        selections.add(selection(slice, where));
      }
      if (selections.isEmpty()) {
        throw new BadInputException(
            Problem.of("component without slices")
                .at(where)
                .expected("at least one entry of \"slices\""));
      }
      groups.add(new Group(component.path("layer").asText("group"), selections));
    }
    return new ComponentSpec(file.toString(), groups);
  }

  /**
   * The components of this specification in a model.
   *
   * @throws BadInputException if a tensor or node is unknown, a channel is out of range, or a slice
   *     occurs twice
   */
  public ComponentSet resolve(OnnxGraph graph) {
    List<Layer> layers = Layers.find(graph, null);
    Map<Slice, Integer> owners = new HashMap<>();
    Map<String, Integer> positions = new HashMap<>();
    List<Component> columns = new ArrayList<>();
    for (Group group : groups) {
      String at = where + ", component " + columns.size();
      List<Slice> slices = new ArrayList<>();
      for (Selection selection : group.slices()) {
        for (Site site : sites(layers, selection, at)) {
          slices.addAll(slices(site, selection, at));
        }
      }
      for (Slice slice : slices) {
        Integer owner = owners.putIfAbsent(slice, columns.size());
        if (owner != null) {
          throw new BadInputException(
              Problem.of("slice in two components, or twice in one")
                  .at(at)
                  .expected("every slice once")
                  .found(
                      "channel "
                          + slice.index()
                          + " of "
                          + slice.tensor()
                          + " again, after component "
                          + owner));
        }
      }
      int index = positions.merge(group.layer(), 1, Integer::sum) - 1;
      String tensor = slices.getFirst().tensor();
      columns.add(new Component(group.layer(), tensor, index, ComponentKind.GROUP, slices));
    }
    return new ComponentSet(columns);
  }

  private static List<Site> sites(List<Layer> layers, Selection selection, String at) {
    List<Site> sites = layers.stream().flatMap(layer -> layer.sites().stream()).toList();
    List<Site> found =
        sites.stream()
            .filter(
                site -> (selection.byNode() ? site.node() : site.tensor()).equals(selection.name()))
            .toList();
    if (found.isEmpty()) {
      throw new BadInputException(
          Problem.of(selection.byNode() ? "unknown node" : "unknown tensor")
              .at(at)
              .expected(
                  "one of "
                      + sites.stream()
                          .map(selection.byNode() ? Site::node : Site::tensor)
                          .distinct()
                          .toList())
              .found(selection.name()));
    }
    return found;
  }

  private static List<Slice> slices(Site site, Selection selection, String at) {
    int[] channels = selection.channels();
    if (channels.length == 0) {
      channels = IntStream.range(0, site.channels()).toArray();
    }
    for (int channel : channels) {
      if (channel < 0 || channel >= site.channels()) {
        throw new BadInputException(
            Problem.of("channel out of range")
                .at(at)
                .expected("0 to " + (site.channels() - 1) + " in " + selection.name())
                .found(channel));
      }
    }
    return Arrays.stream(channels).mapToObj(c -> new Slice(site.node(), site.tensor(), c)).toList();
  }

  private static Selection selection(JsonNode slice, String where) {
    boolean byNode = slice.path("node").isTextual();
    if (byNode == slice.path("tensor").isTextual()) {
      throw malformed(where, "a slice with not exactly one of \"tensor\" and \"node\"");
    }
    JsonNode channels = slice.path("channels");
    String name = slice.path(byNode ? "node" : "tensor").asText();
    return new Selection(byNode, name, channels(channels, where));
  }

  private static int[] channels(JsonNode channels, String where) {
    if (channels.isMissingNode()) {
      return new int[0];
    }
    if (channels.isArray() && !channels.isEmpty()) {
      List<Integer> list = new ArrayList<>();
      for (JsonNode channel : channels) {
        if (!channel.canConvertToInt() || !channel.isIntegralNumber()) {
          throw malformed(where, "the channel " + channel);
        }
        list.add(channel.intValue());
      }
      return list.stream().mapToInt(Integer::intValue).toArray();
    }
    if (channels.isIntegralNumber() && channels.canConvertToInt()) {
      return new int[] {channels.intValue()};
    }
    String text = channels.asText("");
    if (text.matches("\\d{1,8}-\\d{1,8}")) {
      int dash = text.indexOf('-');
      int first = Integer.parseInt(text.substring(0, dash));
      int last = Integer.parseInt(text.substring(dash + 1));
      if (first <= last) {
        return IntStream.rangeClosed(first, last).toArray();
      }
    }
    throw malformed(where, "the channels " + channels + " (use [0, 3], \"0-7\" or a number)");
  }

  private static BadInputException malformed(String where, String found) {
    return new BadInputException(
        Problem.of("not a component specification").at(where).expected(FORM).found(found));
  }
}
