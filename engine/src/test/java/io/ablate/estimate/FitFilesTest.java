package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FitFilesTest {
  private static final ComponentModels MODELS =
      new ComponentModels(
          "ridge",
          new double[][] {{1.5, -2, .25}, {0, 4, 8}},
          new double[] {7, -.5},
          Map.of("lambda", new double[] {3, 4}));

  @TempDir Path folder;

  @Test
  void shouldReadWhatItWrites() {
    FitFiles.write(folder, MODELS, Map.of("samples", 100));
    FitFiles.Fit fit = FitFiles.read(folder);
    assertThat(fit.models().method()).isEqualTo("ridge");
    assertThat(fit.models().attributions()).isDeepEqualTo(MODELS.attributions());
    assertThat(fit.models().intercepts()).isEqualTo(MODELS.intercepts());
    assertThat(fit.manifest().path("samples").asInt()).isEqualTo(100);
    assertThat(fit.manifest().path("diagnostics").path("lambda").path(1).asDouble()).isEqualTo(4);
  }

  @Test
  void shouldKeepStandardErrorsAndForgetThoseOfAnEarlierFit() {
    double[][] errors = {{.5, .25, 1}, {2, 4, 8}};
    FitFiles.write(
        folder,
        new ComponentModels(
            "x", MODELS.attributions(), MODELS.intercepts(), errors, MODELS.diagnostics()),
        Map.of());
    assertThat(FitFiles.read(folder).models().standardErrors()).isDeepEqualTo(errors);
    FitFiles.write(folder, MODELS, Map.of());
    assertThat(FitFiles.read(folder).models().standardErrors()).isNull();
  }

  @Test
  void shouldWriteIntervalsAndForgetThoseOfAnEarlierFit() throws IOException {
    double[][] errors = {{.5, .25, 1}, {2, 4, 8}};
    double[][] lower = {{.5, -2.5, -1.75}, {-4, -4, -8}};
    double[][] upper = {{2.5, -1.5, 2.25}, {4, 12, 24}};
    FitFiles.write(folder, MODELS, new Intervals(20, 80, errors, lower, upper), Map.of());
    FitFiles.Fit fit = FitFiles.read(folder);
    assertThat(fit.models().standardErrors()).isDeepEqualTo(errors);
    assertThat(fit.manifest().path("intervals").toString())
        .isEqualTo("{\"refits\":20,\"subsample\":80}");
    try (NpyFile bounds =
        NpyFile.open(folder.resolve("attributions_ci.npy")).requireShape(2, 2, 3)) {
      assertThat(bounds.rows(0, 1)).containsExactly(.5, -2.5, -1.75, -4, -4, -8);
      assertThat(bounds.rows(1, 1)).containsExactly(2.5, -1.5, 2.25, 4, 12, 24);
    }
    FitFiles.write(folder, MODELS, Map.of());
    assertThat(folder.resolve("attributions_ci.npy")).doesNotExist();
    assertThat(FitFiles.read(folder).manifest().has("intervals")).isFalse();
  }

  @Test
  void shouldWriteSafetensorsAsTheFormatSays() throws IOException {
    FitFiles.write(folder, MODELS, Map.of());
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(folder.resolve("attributions.safetensors")))
            .order(ByteOrder.LITTLE_ENDIAN);
    int length = (int) file.getLong();
    assertThat(length % 8).isZero();
    JsonNode header =
        Json.mapper().readTree(new String(file.array(), 8, length, StandardCharsets.UTF_8));
    assertThat(header.path("__metadata__").path("method").asText()).isEqualTo("ridge");
    assertThat(header.path("attributions").toString())
        .isEqualTo("{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}");
    assertThat(header.path("intercepts").toString())
        .isEqualTo("{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]}");
    assertThat(file.capacity()).isEqualTo(8 + length + 32);
    assertThat(file.getFloat(8 + length + 4)).isEqualTo(-2);
    assertThat(file.getFloat(8 + length + 28)).isEqualTo(-.5f);
  }

  @Test
  void shouldRefuseAFolderThatHoldsNoFit() {
    assertThatThrownBy(() -> FitFiles.read(folder.resolve("none")))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("none")
        .hasMessageContaining("no such file");
    Json.write(folder.resolve("manifest.json"), Map.of("schema_version", 99));
    assertThatThrownBy(() -> FitFiles.read(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("expected schema_version 1")
        .hasMessageContaining("99");
  }

  @Test
  void shouldRefuseArraysThatDoNotBelongTogether() {
    FitFiles.write(folder, MODELS, Map.of());
    NpyWriter.writeFloats(folder.resolve("intercepts.npy"), new float[] {1, 2, 3});
    assertThatThrownBy(() -> FitFiles.read(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("intercepts.npy; expected [2], found [3]");
    NpyWriter.writeFloats(folder.resolve("intercepts.npy"), new float[] {1, Float.NaN});
    assertThatThrownBy(() -> FitFiles.read(folder))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("NaN");
  }
}
