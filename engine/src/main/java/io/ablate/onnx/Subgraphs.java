package io.ablate.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The bodies of If, Loop and Scan, which may use tensors of the graphs around them. */
final class Subgraphs {
  private Subgraphs() {}

  /** All tensors that a node uses: its inputs and what its subgraphs take from outside. */
  static Set<String> uses(NodeProto node) {
    Set<String> uses = new LinkedHashSet<>(node.getInputList());
    uses.remove("");
    bodies(node).forEach(body -> uses.addAll(captured(body)));
    return uses;
  }

  /** Every name that occurs in a node or its subgraphs. */
  static void collectNames(NodeProto node, Set<String> names) {
    names.add(node.getName());
    names.addAll(node.getInputList());
    names.addAll(node.getOutputList());
    bodies(node)
        .forEach(
            body -> {
              names.addAll(defined(body));
              body.getNodeList().forEach(inner -> collectNames(inner, names));
            });
  }

  /** The node with all its uses of one tensor, also within subgraphs, replaced by another. */
  static NodeProto replaceUses(NodeProto node, String tensor, String by) {
    NodeProto.Builder edited = node.toBuilder();
    for (int i = 0; i < edited.getInputCount(); i++) {
      if (edited.getInput(i).equals(tensor)) {
        edited.setInput(i, by);
      }
    }
    for (AttributeProto.Builder attribute : edited.getAttributeBuilderList()) {
      if (attribute.hasG()) {
        attribute.setG(replaceUses(attribute.getG(), tensor, by));
      }
      for (int i = 0; i < attribute.getGraphsCount(); i++) {
        attribute.setGraphs(i, replaceUses(attribute.getGraphs(i), tensor, by));
      }
    }
    return edited.build();
  }

  private static GraphProto replaceUses(GraphProto body, String tensor, String by) {
    if (defined(body).contains(tensor)) {
      return body;
    }
    GraphProto.Builder edited = body.toBuilder();
    for (int i = 0; i < edited.getNodeCount(); i++) {
      edited.setNode(i, replaceUses(edited.getNode(i), tensor, by));
    }
    for (ValueInfoProto.Builder output : edited.getOutputBuilderList()) {
      if (output.getName().equals(tensor)) {
        output.setName(by);
      }
    }
    return edited.build();
  }

  private static Set<String> captured(GraphProto body) {
    Set<String> captured = new LinkedHashSet<>();
    body.getNodeList().forEach(node -> captured.addAll(uses(node)));
    body.getOutputList().forEach(output -> captured.add(output.getName()));
    captured.removeAll(defined(body));
    return captured;
  }

  private static Set<String> defined(GraphProto body) {
    Set<String> defined = new HashSet<>();
    body.getInputList().stream().map(ValueInfoProto::getName).forEach(defined::add);
    body.getInitializerList().stream().map(TensorProto::getName).forEach(defined::add);
    body.getNodeList().forEach(node -> defined.addAll(node.getOutputList()));
    return defined;
  }

  private static Stream<GraphProto> bodies(NodeProto node) {
    return node.getAttributeList().stream()
        .flatMap(
            attribute ->
                Stream.concat(
                    attribute.hasG() ? Stream.of(attribute.getG()) : Stream.empty(),
                    attribute.getGraphsList().stream()));
  }

  static List<String> outputs(NodeProto node) {
    return node.getOutputList().stream().filter(name -> !name.isEmpty()).toList();
  }
}
