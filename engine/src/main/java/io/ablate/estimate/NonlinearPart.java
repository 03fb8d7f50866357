package io.ablate.estimate;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.mask.MaskMatrix;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What component models predict beyond their attributions. Immutable and thread-safe. On disk it is
 * some arrays beside {@code attributions.npy} and the field {@code nonlinear} of the manifest.
 */
public sealed interface NonlinearPart permits LogitPart, PairPart {
  /** Files of all kinds. */
  List<String> FILES =
      List.of(
          LogitPart.ATTRIBUTIONS,
          LogitPart.INTERCEPTS,
          LogitPart.SLOPES,
          PairPart.FACTORS,
          PairPart.WEIGHTS,
          PairPart.CENTRE);

  /** What to add to the linear predictions: examples × rows. */
  double[][] correction(MaskMatrix masks);

  /** Writes the arrays. */
  void write(Path folder);

  /** The field of the manifest: {@code kind}, and what the arrays do not say. */
  Map<String, Object> manifest();

  /**
   * Reads the part that a manifest tells of; null if it tells of none.
   *
   * @param examples of the fit
   * @param columns of the fit
   * @throws BadInputException if a file is missing, malformed or of the wrong shape
   */
  static @Nullable NonlinearPart read(Path folder, JsonNode manifest, int examples, int columns) {
    JsonNode field = manifest.path("nonlinear");
    if (field.isMissingNode()) {
      return null;
    }
    return switch (field.path("kind").asText()) {
      case LogitPart.KIND -> LogitPart.read(folder, field, examples, columns);
      case PairPart.KIND -> PairPart.read(folder, field, examples, columns);
      default ->
          throw new BadInputException(
              Problem.of("unknown kind of model")
                  .at(folder.resolve("manifest.json"))
                  .expected(LogitPart.KIND + " or " + PairPart.KIND)
                  .found(field.path("kind"))
                  .remedy("read it with the version of Ablate that wrote it"));
    };
  }

  /** Removes what an earlier fit left in the folder. */
  static void delete(Path folder) {
    FILES.stream().map(folder::resolve).filter(Files::exists).forEach(FitFiles::delete);
  }
}
