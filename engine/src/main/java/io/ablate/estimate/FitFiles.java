package io.ablate.estimate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyWriter;
import io.ablate.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A fit on disk: {@code attributions.npy} (float32, examples × n), {@code intercepts.npy} (float32,
 * examples), {@code manifest.json}, and both arrays again in {@code attributions.safetensors}. A
 * method that knows its standard errors adds {@code attributions_se.npy} (float32, examples × n),
 * and {@link Intervals} add {@code attributions_ci.npy} (float32, 2 × examples × n); one whose
 * models are not linear adds what {@link NonlinearPart} tells.
 */
public final class FitFiles {
  /** Version of {@code manifest.json}. */
  public static final int SCHEMA_VERSION = 1;

  private static final String STANDARD_ERRORS = "attributions_se.npy";
  private static final String BOUNDS = "attributions_ci.npy";

  private FitFiles() {}

  /**
   * A fit as read from disk.
   *
   * @param models the models; diagnostics are in the manifest only
   * @param manifest {@code manifest.json}
   */
  public record Fit(ComponentModels models, JsonNode manifest) {}

  /**
   * Writes a fit; the manifest comes last, so that its presence marks a complete one.
   *
   * @param provenance further fields of the manifest: samples, seed, the store's manifest, …
   */
  public static void write(Path folder, ComponentModels models, Map<String, Object> provenance) {
    write(folder, models, null, provenance);
  }

  /**
   * As {@link #write(Path, ComponentModels, Map)}.
   *
   * @param intervals whose standard errors go before those of the models; null for none
   */
  public static void write(
      Path folder,
      ComponentModels models,
      @Nullable Intervals intervals,
      Map<String, Object> provenance) {
    delete(folder.resolve("manifest.json"));
    delete(folder.resolve(STANDARD_ERRORS));
    delete(folder.resolve(BOUNDS));
    NonlinearPart.delete(folder);
    int examples = models.attributions().length;
    int columns = examples == 0 ? 0 : models.attributions()[0].length;
    float[][] attributions = floats(models.attributions());
    float[] intercepts = floats(models.intercepts());
    NpyWriter.writeFloats(folder.resolve("attributions.npy"), attributions);
    NpyWriter.writeFloats(folder.resolve("intercepts.npy"), intercepts);
    double[][] errors = intervals == null ? models.standardErrors() : intervals.standardErrors();
    if (errors != null) {
      writeRows(folder.resolve(STANDARD_ERRORS), errors);
    }
    if (intervals != null) {
      writeCube(folder.resolve(BOUNDS), new double[][][] {intervals.lower(), intervals.upper()});
    }
    NonlinearPart nonlinear = models.nonlinear();
    if (nonlinear != null) {
      nonlinear.write(folder);
    }
    new Safetensors(Map.of("method", models.method()))
        .add("attributions", new long[] {examples, columns}, attributions)
        .add("intercepts", new long[] {examples}, intercepts)
        .write(folder.resolve("attributions.safetensors"));
    ObjectNode manifest = Json.mapper().createObjectNode();
    manifest.put("schema_version", SCHEMA_VERSION);
    manifest.put("method", models.method());
    manifest.put("examples", examples);
    manifest.put("components", columns);
    manifest.set("diagnostics", Json.mapper().valueToTree(models.diagnostics()));
    if (intervals != null) {
      manifest
          .putObject("intervals")
          .put("refits", intervals.refits())
          .put("subsample", intervals.subsample());
    }
    if (nonlinear != null) {
      manifest.set("nonlinear", Json.mapper().valueToTree(nonlinear.manifest()));
    }
    provenance.forEach((key, value) -> manifest.set(key, Json.mapper().valueToTree(value)));
    Json.write(folder.resolve("manifest.json"), manifest);
  }

  /**
   * Reads a fit.
   *
   * @throws BadInputException if a file is missing, malformed, of the wrong shape or version, or
   *     holds values that are no numbers
   */
  public static Fit read(Path folder) {
    Path manifestFile = folder.resolve("manifest.json");
    JsonNode manifest = Json.read(manifestFile);
    int version = manifest.path("schema_version").asInt(-1);
    if (version != SCHEMA_VERSION || !manifest.path("method").isTextual()) {
      throw new BadInputException(
          Problem.of("not the manifest of a fit")
              .at(manifestFile)
              .expected("schema_version " + SCHEMA_VERSION + " and a method")
              .found("schema_version " + manifest.path("schema_version")));
    }
    double[][] attributions = readRows(folder.resolve("attributions.npy"), -1, -1);
    double[] intercepts;
    Path file = folder.resolve("intercepts.npy");
    try (NpyFile npy = NpyFile.open(file).requireShape(attributions.length)) {
      intercepts = requireFinite(npy.rows(0, npy.rows()), file);
    }
    String method = manifest.path("method").asText();
    Path errors = folder.resolve(STANDARD_ERRORS);
    double[][] read = Files.exists(errors) ? readRows(errors, attributions.length, -1) : null;
    int columns = attributions.length == 0 ? 0 : attributions[0].length;
    NonlinearPart nonlinear = NonlinearPart.read(folder, manifest, attributions.length, columns);
    return new Fit(
        new ComponentModels(method, attributions, intercepts, read, nonlinear, Map.of()), manifest);
  }

  /** Writes float32 [rows × columns]. */
  static void writeRows(Path file, double[][] rows) {
    NpyWriter.writeFloats(file, floats(rows));
  }

  /** Writes float32 [slabs × rows × columns]. */
  static void writeCube(Path file, double[][][] slabs) {
    float[][][] narrow = new float[slabs.length][][];
    Arrays.setAll(narrow, s -> floats(slabs[s]));
    NpyWriter.writeFloats(file, narrow);
  }

  /** Reads [slabs × any × columns] of finite numbers. */
  static double[][][] readCube(Path file, int slabs, int columns) {
    try (NpyFile npy = NpyFile.open(file).requireShape(slabs, -1, columns)) {
      int rows = (int) npy.shape()[1];
      double[][][] cube = new double[slabs][rows][];
      for (int s = 0; s < slabs; s++) {
        double[] flat = requireFinite(npy.rows(s, 1), file);
        Arrays.setAll(cube[s], r -> Arrays.copyOfRange(flat, r * columns, (r + 1) * columns));
      }
      return cube;
    }
  }

  /** Reads [rows × columns] of finite numbers; −1 stands for any extent. */
  static double[][] readRows(Path file, int rows, int columns) {
    try (NpyFile npy = NpyFile.open(file).requireShape(rows, columns)) {
      double[][] values = new double[(int) npy.rows()][];
      for (int e = 0; e < values.length; e++) {
        values[e] = requireFinite(npy.rows(e, 1), file);
      }
      return values;
    }
  }

  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(file, e), e);
    }
  }

  private static double[] requireFinite(double[] values, Path file) {
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw new BadInputException(Problem.of("not a finite number").at(file).found(value));
      }
    }
    return values;
  }

  private static float[][] floats(double[][] rows) {
    float[][] narrow = new float[rows.length][];
    Arrays.setAll(narrow, r -> floats(rows[r]));
    return narrow;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
