package io.ablate.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.ablate.base.BadInputException;
import io.ablate.base.Sha256;
import io.ablate.base.SharedFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxModelTest {
  @TempDir private Path folder;

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("model.onnx"), bytes);
  }

  @Test
  void shouldReadBackWhatItWrites() throws IOException {
    Path written = folder.resolve("written.onnx");
    OnnxModel model = TestModels.residual();
    model.write(written);
    OnnxModel read = OnnxModel.read(written);
    assertThat(read.proto()).isEqualTo(model.proto());
    assertThat(read.source()).isEqualTo(written);
    assertThat(read.sha256()).isEqualTo(Sha256.of(written)).isEqualTo(model.sha256());
    assertThat(read.externalFolder()).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"resnet8-cifar10", "resnet8-cifar10-folded"})
  void shouldKeepEveryByteOfAnExportedModel(String name) throws IOException {
    Path file = SharedFiles.require("models/" + name + ".onnx");
    byte[] bytes = Files.readAllBytes(file);
    assertThat(OnnxModel.read(file).toBytes()).isEqualTo(bytes);
    assertThat(OnnxModel.read(file).graph().toModel().proto())
        .isEqualTo(ModelProto.parseFrom(bytes));
  }

  /** Unknown fields in model, graph and node, an unknown domain, metadata, functions. */
  @Test
  void shouldKeepWhatItDoesNotUnderstand() {
    ModelProto.Builder strange = TestModels.mlp().proto().toBuilder();
    UnknownFieldSet unknown =
        UnknownFieldSet.newBuilder()
            .addField(
                1234,
                UnknownFieldSet.Field.newBuilder()
                    .addVarint(42)
                    .addLengthDelimited(ByteString.copyFromUtf8("future"))
                    .build())
            .build();
    strange.setUnknownFields(unknown);
    strange.addMetadataPropsBuilder().setKey("author").setValue("someone");
    strange.addFunctionsBuilder().setName("Twice").setDomain("local");
    strange.addOpsetImportBuilder().setDomain("vendor.example").setVersion(3);
    strange.getGraphBuilder().setUnknownFields(unknown);
    strange.getGraphBuilder().addQuantizationAnnotationBuilder().setTensorName("fc1_out");
    strange
        .getGraphBuilder()
        .addNodeBuilder()
        .setOpType("Mystery")
        .setDomain("vendor.example")
        .addInput("fc1_out")
        .addOutput("nobody_knows")
        .setUnknownFields(unknown);
    OnnxModel model = OnnxModel.of(strange.build());
    OnnxModel read = OnnxModel.parse(model.toBytes());
    assertThat(read.toBytes()).isEqualTo(model.toBytes());
    OnnxGraph graph = read.graph();
    graph.append(Nodes.node("Identity", "copy", List.of("logits")));
    ModelProto edited = graph.toModel().proto();
    ModelProto.Builder undone = edited.toBuilder();
    undone.getGraphBuilder().removeNode(edited.getGraph().getNodeCount() - 1);
    assertThat(undone.build()).isEqualTo(strange.build());
  }

  @Test
  void shouldHoldTheWeightsOfAFileOnce() throws IOException {
    float[] values = new GraphBuilder(1).values(1, 4 << 20);
    GraphBuilder b = new GraphBuilder(2);
    b.initializer(Tensors.of("big", values, values.length));
    b.node("Add", "logits", List.of(b.input("x", 1), "big"));
    byte[] bytes = b.output("logits", values.length).model().toBytes();
    OnnxModel model = OnnxModel.parse(bytes);
    int at = bytes.length / 2;
    bytes[at] ^= 1;
    assertThat(model.toBytes()[at]).isEqualTo(bytes[at]);
  }

  @ParameterizedTest
  @ValueSource(ints = {11, 13, 22})
  void shouldReadOpsets(int opset) {
    GraphBuilder b = new GraphBuilder(3).opset(opset);
    b.node("Relu", "logits", List.of(b.input("x", -1, 3)));
    assertThat(b.output("logits", -1, 3).model().opset()).isEqualTo(opset);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 23})
  void shouldRefuseOtherOpsets(int opset) {
    GraphBuilder b = new GraphBuilder(3).opset(opset);
    b.node("Relu", "logits", List.of(b.input("x", -1, 3)));
    byte[] bytes = b.output("logits", -1, 3).proto().toByteArray();
    assertThatThrownBy(() -> OnnxModel.read(file(bytes)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("unsupported ONNX opset: " + folder.resolve("model.onnx"))
        .hasMessageContaining("expected 11 to 22, found " + opset);
  }

  @Test
  void shouldRefuseAModelWithoutDefaultOpset() {
    ModelProto.Builder model = TestModels.mlp().proto().toBuilder().clearOpsetImport();
    assertThatThrownBy(() -> OnnxModel.of(model.build()))
        .hasMessageContaining("no opset of the default ONNX domain");
    model.addOpsetImportBuilder().setDomain("ai.onnx.ml").setVersion(3);
    assertThatThrownBy(() -> OnnxModel.of(model.build()))
        .hasMessageContaining("found [ai.onnx.ml]");
    model.addOpsetImportBuilder().setDomain("ai.onnx").setVersion(17);
    assertThat(OnnxModel.of(model.build()).opset()).isEqualTo(17);
  }

  @Test
  void shouldRefuseAnotherIrVersion() {
    for (long ir : new long[] {0, 2, 99}) {
      ModelProto model = TestModels.mlp().proto().toBuilder().setIrVersion(ir).build();
      assertThatThrownBy(() -> OnnxModel.of(model))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("unsupported ONNX IR version")
          .hasMessageContaining("found " + ir);
    }
  }

  @Test
  void shouldRefuseWhatIsNoModel() throws IOException {
    assertThatThrownBy(() -> OnnxModel.read(folder.resolve("absent.onnx")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("absent.onnx")
        .hasMessageContaining("no such file");
    assertThatThrownBy(() -> OnnxModel.read(folder)).isInstanceOf(BadInputException.class);
    byte[] whole = TestModels.mlp().toBytes();
    byte[] cut = Arrays.copyOf(whole, whole.length / 2);
    assertThatThrownBy(() -> OnnxModel.read(file(cut)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("not an ONNX model")
        .hasMessageContaining("model.onnx");
    byte[] text = "<html>404 Not Found</html>".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    assertThatThrownBy(() -> OnnxModel.read(file(text)))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("not an ONNX model");
    assertThatThrownBy(() -> OnnxModel.read(file(new byte[0])))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("found no graph");
    ModelProto empty = TestModels.mlp().proto().toBuilder().clearGraph().build();
    assertThatThrownBy(() -> OnnxModel.of(empty)).hasMessageContaining("found no graph");
  }

  @Test
  void shouldCountWhatASubgraphTakesFromOutside() {
    OnnxGraph graph = withIf().graph();
    NodeProto choice = requireNonNull(graph.producer("logits"));
    assertThat(graph.consumers("left")).containsExactly(choice);
    graph.removeDead();
    assertThat(graph.producer("left")).isNotNull();
    graph.append(Nodes.node("Neg", "negated", List.of("left")));
    NodeProto negation = requireNonNull(graph.producer("negated"));
    graph.replaceUses("left", "negated", negation);
    assertThat(graph.consumers("left")).containsExactly(negation);
    assertThat(graph.uniqueName("inner")).isEqualTo("inner_1");
    var x = java.util.Map.of("x", new TestRuntime.Feed(new float[] {1, 2}, 2));
    assertThat(TestRuntime.run(withIf(), x)).containsExactly(1, 2);
    assertThat(TestRuntime.run(graph.toModel(), x)).containsExactly(-1, -2);
  }

  /** logits = If(true): Identity(left) else Identity(right), both from outside. */
  private static OnnxModel withIf() {
    GraphBuilder b = new GraphBuilder(4);
    String x = b.input("x", 2);
    b.node("Relu", "left", List.of(x));
    b.node("Neg", "right", List.of(x));
    b.node(
        "Greater",
        "condition",
        List.of(
            b.initializer(Tensors.scalar("one", 1f)), b.initializer(Tensors.scalar("zero", 0f))));
    AttributeProto.Builder then = branch("then_branch", "left", "inner");
    AttributeProto.Builder otherwise = branch("else_branch", "right", "other");
    b.node("If", "logits", List.of("condition"), then.build(), otherwise.build());
    return b.output("logits", 2).model();
  }

  private static AttributeProto.Builder branch(String name, String from, String to) {
    AttributeProto.Builder branch =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.GRAPH);
    branch
        .getGBuilder()
        .setName(name)
        .addNode(Nodes.node("Identity", to, List.of(from)))
        .addOutput(GraphBuilder.valueInfo(to, 2));
    return branch;
  }
}
