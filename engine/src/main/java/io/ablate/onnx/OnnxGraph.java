package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import io.ablate.base.BadInputException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A mutable view of a model's main graph.
 *
 * <p>Nodes are immutable messages, identified by their outputs: after an edit, ask {@link
 * #producer} for the present form of a node; an older form still serves as an anchor. A tensor used
 * inside a subgraph (If, Loop, Scan) counts as used by the node that holds the subgraph. Everything
 * that is not edited is written as it was read. Not thread-safe.
 */
public final class OnnxGraph {
  private final OnnxModel model;
  private final List<NodeProto> nodes;
  private final Map<String, TensorProto> initializers = new LinkedHashMap<>();
  private final List<ValueInfoProto> inputs;
  private final List<ValueInfoProto> outputs;
  private final Map<String, ValueInfoProto> valueInfo = new LinkedHashMap<>();
  private final Set<String> names = new HashSet<>();
  private @Nullable GraphIndex index;

  OnnxGraph(OnnxModel model) {
    this.model = model;
    GraphProto graph = model.proto().getGraph();
    nodes = new ArrayList<>(graph.getNodeList());
    inputs = new ArrayList<>(graph.getInputList());
    outputs = new ArrayList<>(graph.getOutputList());
    graph.getInitializerList().forEach(tensor -> initializers.put(tensor.getName(), tensor));
    graph.getValueInfoList().forEach(info -> valueInfo.put(info.getName(), info));
    names.addAll(initializers.keySet());
    names.addAll(valueInfo.keySet());
    inputs.forEach(input -> names.add(input.getName()));
    outputs.forEach(output -> names.add(output.getName()));
    nodes.forEach(node -> Subgraphs.collectNames(node, names));
  }

  /** The model as it was before any edit. */
  public OnnxModel source() {
    return model;
  }

  /** Version of the default operator set. */
  public int opset() {
    return model.opset();
  }

  /** The nodes in their present order; a snapshot that later edits do not touch. */
  public List<NodeProto> nodes() {
    return List.copyOf(nodes);
  }

  /** The initialisers by name, in the order of the file. */
  public Map<String, TensorProto> initializers() {
    return Collections.unmodifiableMap(initializers);
  }

  public @Nullable TensorProto initializer(String name) {
    return initializers.get(name);
  }

  /** What must be fed: the graph's inputs without those that an initialiser gives a value. */
  public List<ValueInfoProto> inputs() {
    return inputs.stream().filter(input -> !initializers.containsKey(input.getName())).toList();
  }

  public List<ValueInfoProto> outputs() {
    return List.copyOf(outputs);
  }

  /** What the file states of a tensor's type and shape; null if it states nothing. */
  public @Nullable ValueInfoProto valueInfo(String tensor) {
    for (List<ValueInfoProto> list : List.of(inputs, outputs)) {
      for (ValueInfoProto info : list) {
        if (info.getName().equals(tensor)) {
          return info;
        }
      }
    }
    return valueInfo.get(tensor);
  }

  /** The node that computes a tensor; null for inputs, initialisers and unknown names. */
  public @Nullable NodeProto producer(String tensor) {
    int position = index().producer(tensor);
    return position < 0 ? null : nodes.get(position);
  }

  /** The nodes that use a tensor, each once, in order. */
  public List<NodeProto> consumers(String tensor) {
    return index().consumers(tensor).stream().map(nodes::get).toList();
  }

  /** Whether a tensor is an output of the graph. */
  public boolean isOutput(String tensor) {
    return outputs.stream().anyMatch(output -> output.getName().equals(tensor));
  }

  /** A node's name where it has one of its own, else its first output: unique in the graph. */
  public String nameOf(NodeProto node) {
    return index().named(node.getName()) >= 0 ? node.getName() : firstOutput(node);
  }

  /** The node of which {@link #nameOf} is this name; null if there is none. */
  public @Nullable NodeProto node(String name) {
    int position = index().named(name);
    return position < 0 ? producer(name) : nodes.get(position);
  }

  /** A name that occurs nowhere in the model: the wish itself, or with a number appended. */
  public String uniqueName(String wish) {
    String name = wish;
    for (int i = 1; !names.add(name); i++) {
      name = wish + "_" + i;
    }
    return name;
  }

  public void insertBefore(NodeProto anchor, NodeProto... added) {
    insert(position(anchor), added);
  }

  public void insertAfter(NodeProto anchor, NodeProto... added) {
    insert(position(anchor) + 1, added);
  }

  /** Adds nodes at the end; {@link #sort()} moves them to where they are needed. */
  public void append(NodeProto... added) {
    insert(nodes.size(), added);
  }

  /** Puts other nodes in a node's place; with none, removes it. */
  public void replace(NodeProto node, NodeProto... by) {
    int position = position(node);
    nodes.remove(position);
    insert(position, by);
  }

  private void insert(int position, NodeProto... added) {
    nodes.addAll(position, Arrays.asList(added));
    for (NodeProto node : added) {
      Subgraphs.collectNames(node, names);
    }
    index = null;
  }

  /**
   * Lets all users of a tensor, subgraphs included, use another one. Outputs of the graph keep
   * their names: see {@link #detach}.
   *
   * @param except nodes that keep using it, known by their outputs
   */
  public void replaceUses(String tensor, String by, NodeProto... except) {
    Set<Integer> kept = new HashSet<>();
    for (NodeProto node : except) {
      kept.add(position(node));
    }
    for (int position : index().consumers(tensor)) {
      if (!kept.contains(position)) {
        nodes.set(position, Subgraphs.replaceUses(nodes.get(position), tensor, by));
      }
    }
    index = null;
  }

  /**
   * Renames a tensor where it is computed, and nowhere else: the caller then adds a node that
   * computes the old name from the new one, so that users, subgraphs and graph outputs follow.
   *
   * @return the new name
   */
  public String detach(String tensor) {
    NodeProto node = producer(tensor);
    if (node == null) {
      throw new IllegalArgumentException("no node computes tensor " + tensor);
    }
    String renamed = uniqueName(tensor + "_raw");
    NodeProto.Builder edited = node.toBuilder();
    for (int i = 0; i < edited.getOutputCount(); i++) {
      if (edited.getOutput(i).equals(tensor)) {
        edited.setOutput(i, renamed);
      }
    }
    nodes.set(position(node), edited.build());
    index = null;
    return renamed;
  }

  /** Adds an initialiser, or gives the one of this name another value. */
  public void putInitializer(TensorProto tensor) {
    initializers.put(tensor.getName(), tensor);
    names.add(tensor.getName());
  }

  /** Adds an input, or gives the one of this name another type. */
  public void putInput(ValueInfoProto input) {
    put(inputs, input);
  }

  /** Adds an output, or gives the one of this name another type. */
  public void putOutput(ValueInfoProto output) {
    put(outputs, output);
  }

  /** Removes an output; what led to it alone goes with {@link #removeDead()}. */
  public void removeOutput(String name) {
    outputs.removeIf(output -> output.getName().equals(name));
  }

  /** States type and shape of an inner tensor, for operators that nobody infers them of. */
  public void putValueInfo(ValueInfoProto info) {
    valueInfo.put(info.getName(), info);
    names.add(info.getName());
  }

  /** Forgets the stated shapes of inner tensors, for edits that change shapes. */
  public void clearValueInfo() {
    valueInfo.clear();
  }

  /** Removes nodes and initialisers that no output of the graph needs. */
  public void removeDead() {
    Set<String> needed = new HashSet<>();
    Deque<String> open = new ArrayDeque<>();
    outputs.forEach(output -> open.add(output.getName()));
    Set<NodeProto> live = Collections.newSetFromMap(new IdentityHashMap<>());
    while (!open.isEmpty()) {
      String tensor = open.remove();
      NodeProto node = needed.add(tensor) ? producer(tensor) : null;
      if (node != null && live.add(node)) {
        open.addAll(Subgraphs.uses(node));
      }
    }
    nodes.removeIf(node -> !live.contains(node));
    inputs.removeIf(
        input -> initializers.containsKey(input.getName()) && !needed.contains(input.getName()));
    initializers.keySet().retainAll(needed);
    Set<String> known = new HashSet<>(needed);
    nodes.forEach(node -> known.addAll(node.getOutputList()));
    valueInfo.keySet().retainAll(known);
    index = null;
  }

  /**
   * Sorts the nodes so that each follows those it needs; otherwise the order stays.
   *
   * @throws BadInputException if the graph has a cycle
   */
  public void sort() {
    List<NodeProto> sorted = NodeOrder.of(nodes, index(), this::nameOf);
    nodes.clear();
    nodes.addAll(sorted);
    index = null;
  }

  /** The edited model, its nodes sorted. */
  public OnnxModel toModel() {
    sort();
    ModelProto.Builder edited = model.proto().toBuilder();
    edited
        .getGraphBuilder()
        .clearNode()
        .addAllNode(nodes)
        .clearInitializer()
        .addAllInitializer(initializers.values())
        .clearInput()
        .addAllInput(inputs)
        .clearOutput()
        .addAllOutput(outputs)
        .clearValueInfo()
        .addAllValueInfo(valueInfo.values());
    return model.with(edited.build());
  }

  private void put(List<ValueInfoProto> list, ValueInfoProto info) {
    for (int i = 0; i < list.size(); i++) {
      if (list.get(i).getName().equals(info.getName())) {
        list.set(i, info);
        return;
      }
    }
    list.add(info);
    names.add(info.getName());
  }

  private int position(NodeProto node) {
    int position = index().producer(firstOutput(node));
    int found = position >= 0 ? position : nodes.indexOf(node);
    if (found < 0) {
      throw new IllegalArgumentException("node is not in the graph: " + firstOutput(node));
    }
    return found;
  }

  private static String firstOutput(NodeProto node) {
    List<String> outputs = Subgraphs.outputs(node);
    return outputs.isEmpty() ? node.getName() : outputs.getFirst();
  }

  private GraphIndex index() {
    GraphIndex current = index;
    if (current == null) {
      current = new GraphIndex(nodes);
      index = current;
    }
    return current;
  }
}
