package io.ablate.tools.command;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.backend.FitBackends;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.dataset.ComponentDataset;
import io.ablate.dataset.Manifest;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a fit's manifest says of where it comes from.
 *
 * @param samples number of rows fitted
 * @param rowsEnd one past the last row fitted, 0 if none was; all completed rows before it were
 *     used
 * @param seed of whatever the method drew
 * @param linearAlgebra name of the matrix backend
 * @param networks name of what trained networks, where the method has some; null in fits of older
 *     versions
 * @param device {@code "cpu"}, or the device with its name and driver; null in fits of older
 *     versions
 * @param output the output function's name; null where the store did not say
 * @param modelSha256 digest of the model's file; null where the store did not say
 * @param dataSha256 digest of the examples' values; null where the store did not say
 * @param seconds time of the fit
 */
@JsonNaming(SnakeCaseStrategy.class)
record FitProvenance(
    int samples,
    int rowsEnd,
    long seed,
    String linearAlgebra,
    @Nullable String networks,
    @Nullable String device,
    @Nullable String output,
    @Nullable String modelSha256,
    @Nullable String dataSha256,
    double seconds) {

  static FitProvenance of(
      ComponentDataset dataset, int[] rows, long seed, FitBackends backends, double seconds) {
    @Nullable Manifest origin = dataset.manifest();
    return new FitProvenance(
        rows.length,
        rows.length == 0 ? 0 : rows[rows.length - 1] + 1,
        seed,
        backends.algebra().role().chosen(),
        backends.networks().role().chosen(),
        backends.device(),
        dataset.output() == null ? null : dataset.output().label(),
        origin == null ? null : origin.model().sha256(),
        origin == null ? null : origin.data().sha256(),
        seconds);
  }

  /**
   * Reads what {@code ablate fit} wrote.
   *
   * @throws BadInputException if the manifest does not say which rows were fitted
   */
  static FitProvenance read(Path folder, JsonNode manifest) {
    Path file = folder.resolve("manifest.json");
    JsonNode end = manifest.path("rows_end");
    if (!end.isInt() || end.intValue() < 0) {
      throw new BadInputException(
          Problem.of("the fit does not say which rows it saw")
              .at(file)
              .expected("\"rows_end\", one past the last row")
              .found(end.isMissingNode() ? "no such field" : end)
              .remedy("fit again with ablate fit"));
    }
    return Json.convert(file, manifest, FitProvenance.class);
  }

  Map<String, Object> asMap() {
    return Json.mapper().convertValue(this, new TypeReference<Map<String, Object>>() {});
  }
}
