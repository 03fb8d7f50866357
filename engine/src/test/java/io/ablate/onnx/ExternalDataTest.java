package io.ablate.onnx;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import io.ablate.base.BadInputException;
import io.ablate.onnx.TestRuntime.Feed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExternalDataTest {
  private static final String WEIGHT = "fc1.weight";
  private static final OnnxModel PLAIN = TestModels.mlp();
  private static final Map<String, Feed> X =
      Map.of("x", new Feed(new float[] {1, -2, 3, .5f}, 1, 4));

  @TempDir private Path root;

  /** Saves the MLP with one weight of 112 bytes at offset 8 of another file, and reads it. */
  private OnnxModel external(String location, String offset, String length) throws IOException {
    Path folder = Files.createDirectories(root.resolve("model"));
    ModelProto.Builder model = PLAIN.proto().toBuilder();
    for (TensorProto.Builder tensor : model.getGraphBuilder().getInitializerBuilderList()) {
      if (tensor.getName().equals(WEIGHT)) {
        byte[] data = new byte[8 + 112];
        tensor.getRawData().copyTo(data, 8);
        Files.write(folder.resolve("weights.bin"), data);
        Files.write(root.resolve("outside.bin"), data);
        tensor.clearRawData().setDataLocation(TensorProto.DataLocation.EXTERNAL);
        tensor.addExternalDataBuilder().setKey("location").setValue(location);
        tensor.addExternalDataBuilder().setKey("offset").setValue(offset);
        tensor.addExternalDataBuilder().setKey("length").setValue(length);
      }
    }
    Path file = folder.resolve("model.onnx");
    Files.write(file, model.build().toByteArray());
    return OnnxModel.read(file);
  }

  private static float[] weight(OnnxModel model) {
    return requireNonNull(Constants.resolve(model.graph(), WEIGHT)).floats();
  }

  @Test
  void shouldReadWeightsBesideTheModel() throws IOException {
    OnnxModel model = external("weights.bin", "8", "112");
    assertThat(weight(model)).isEqualTo(weight(PLAIN));
    assertThat(model.externalFolder()).isEqualTo(root.resolve("model"));
    assertThat(TestRuntime.run(model, X)).isEqualTo(TestRuntime.run(PLAIN, X));
  }

  @Test
  void shouldKeepReferencesInTheSameFolder() throws IOException {
    OnnxModel model = external("weights.bin", "8", "112");
    Path copy = root.resolve("model").resolve("copy.onnx");
    model.write(copy);
    assertThat(OnnxModel.read(copy).proto()).isEqualTo(model.proto());
  }

  @Test
  void shouldTakeTheWeightsAlongIntoAnotherFolder() throws IOException {
    Path copy = root.resolve("elsewhere").resolve("copy.onnx");
    external("weights.bin", "8", "112").write(copy);
    OnnxModel read = OnnxModel.read(copy);
    assertThat(read.hasExternalData()).isFalse();
    assertThat(read.proto()).isEqualTo(PLAIN.proto());
  }

  @Test
  void shouldNotLeaveTheFolderOfTheModel() throws IOException {
    Files.createDirectories(root.resolve("model"));
    Files.createSymbolicLink(root.resolve("model/link.bin"), root.resolve("outside.bin"));
    Files.createSymbolicLink(root.resolve("model/up"), root);
    String absolute = root.resolve("outside.bin").toString();
    for (String location :
        new String[] {
          "../outside.bin", "a/../../outside.bin", "link.bin", "up/outside.bin", absolute
        }) {
      OnnxModel model = external(location, "8", "112");
      assertThatThrownBy(() -> weight(model))
          .as(location)
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("external data outside the model's folder")
          .hasMessageContaining("initialiser " + WEIGHT);
    }
  }

  @Test
  void shouldRefuseDataThatDoesNotFit() throws IOException {
    refused("absent.bin", "8", "112", "absent.bin");
    refused("weights.bin", "9", "112", "external data beyond the end of its file");
    refused("weights.bin", "8", "111", "external data of the wrong length");
    refused("weights.bin", "-8", "112", "external data beyond the end of its file");
    refused("weights.bin", String.valueOf(Long.MAX_VALUE), "112", "beyond the end");
    refused("weights.bin", "eight", "112", "external data with an unreadable offset");
    refused("", "0", "112", "not a file");
  }

  private void refused(String location, String offset, String length, String message)
      throws IOException {
    OnnxModel model = external(location, offset, length);
    assertThatThrownBy(() -> weight(model))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }
}
