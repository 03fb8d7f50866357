package io.ablate.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.NodeProto;
import io.ablate.onnx.TestRuntime.Feed;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OnnxGraphTest {
  private static final Feed X = new Feed(new float[] {1, -2, 3, .5f, 0, 1, 1, -1}, 2, 4);

  @Test
  void shouldKeepAnUneditedModel() {
    OnnxModel model = TestModels.residual();
    assertThat(model.graph().toModel().proto()).isEqualTo(model.proto());
  }

  @Test
  void shouldInterposeANodeBeforeAllUsers() {
    OnnxModel model = TestModels.mlp();
    OnnxGraph graph = model.graph();
    String raw = graph.detach("logits");
    graph.putInitializer(Tensors.scalar("two", 2f));
    graph.append(Nodes.node("Mul", "logits", List.of(raw, "two")));
    float[] plain = TestRuntime.run(model, Map.of("x", X));
    float[] doubled = TestRuntime.run(graph.toModel(), Map.of("x", X));
    for (int i = 0; i < plain.length; i++) {
      assertThat(doubled[i]).isEqualTo(2 * plain[i]);
    }
  }

  @Test
  void shouldReplaceUsesExceptThoseNamed() {
    OnnxGraph graph = TestModels.mlp().graph();
    NodeProto relu = graph.consumers("fc1_out").getFirst();
    NodeProto identity = Nodes.node("Identity", "copy", List.of("fc1_out"));
    graph.insertBefore(relu, identity);
    graph.replaceUses("fc1_out", "copy", identity);
    assertThat(graph.consumers("fc1_out")).containsExactly(identity);
    assertThat(graph.consumers("copy")).extracting(NodeProto::getOpType).containsExactly("Relu");
  }

  @Test
  void shouldRemoveWhatNoOutputNeeds() {
    OnnxGraph graph = TestModels.mlp().graph();
    graph.putOutput(GraphBuilder.valueInfo("fc1_out", -1, 7));
    graph.removeOutput("logits");
    graph.removeDead();
    assertThat(graph.nodes()).extracting(NodeProto::getOpType).containsExactly("Gemm");
    assertThat(graph.initializers().keySet()).containsExactly("fc1.weight", "fc1.bias");
    assertThat(TestRuntime.run(graph.toModel(), Map.of("x", X))).hasSize(14);
  }

  @Test
  void shouldInventNamesThatOccurNowhere() {
    OnnxGraph graph = TestModels.mlp().graph();
    assertThat(graph.uniqueName("fresh")).isEqualTo("fresh");
    assertThat(graph.uniqueName("fresh")).isEqualTo("fresh_1");
    assertThat(graph.uniqueName("logits")).isEqualTo("logits_1");
    assertThat(graph.uniqueName("fc1.bias")).isEqualTo("fc1.bias_1");
  }

  @Test
  void shouldSortByNeed() {
    OnnxGraph graph = TestModels.mlp().graph();
    List<NodeProto> before = graph.nodes();
    NodeProto first = before.getFirst();
    graph.replace(first);
    graph.append(first);
    graph.sort();
    assertThat(graph.nodes()).isEqualTo(before);
  }
}
