package io.ablate.dataset;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a store was made from and how. It holds no times, so that an interrupted and resumed run
 * ends with the same bytes as an undisturbed one.
 *
 * @param schema version of this format
 * @param model the model's file
 * @param masks the design and its parameters, enough to make every row again
 * @param rows the rows of the design that this store is about
 * @param components number of components, n
 * @param instrument what is masked and how: component rule, ablation
 * @param output the output function's name
 * @param precision of the forward passes
 * @param data where the examples come from
 * @param save what is stored besides the outputs
 * @param batch which rows share a forward pass; chosen once, kept on resuming
 * @param backend what computed the passes
 * @param versions of the software, for the record
 * @param gradients the gradient passes; null where the store is to hold none
 */
public record Manifest(
    int schema,
    Model model,
    Map<String, Object> masks,
    Rows rows,
    int components,
    Map<String, Object> instrument,
    String output,
    String precision,
    Data data,
    List<String> save,
    Batch batch,
    Backend backend,
    Map<String, String> versions,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Gradients gradients) {

  /** The version that this code reads and writes. */
  public static final int SCHEMA = 1;

  /**
   * @param file file name without its folder
   * @param sha256 of the file's bytes
   */
  public record Model(String file, String sha256) {}

  /** Rows {@code first} to {@code first + count − 1}. */
  public record Rows(long first, int count) {}

  /**
   * @param source the DATA argument, described
   * @param examples positions in the source, one per column of the outputs
   * @param labels class that the output function is about, one per example
   * @param sha256 of the examples' values as the model takes them
   */
  public record Data(String source, List<Integer> examples, List<Integer> labels, String sha256) {}

  /**
   * @param order {@code "masks"} or {@code "examples"}: which one fills the batch
   * @param size rows per forward pass
   */
  public record Batch(String order, int size) {}

  /**
   * @param name the backend
   * @param version of the library that computed
   * @param report how it was chosen
   */
  public record Backend(String name, String version, Map<String, Object> report) {}

  /**
   * Gradient passes {@code first} to {@code first + passes − 1} of every example.
   *
   * @param masks their design's parameters, enough to make every mask again
   * @param graph SHA-256 of the differentiated model
   * @param batch pairs of mask and example per run; chosen once, kept on resuming
   * @param cost what a gradient pass took, in ordinary passes; for the record
   */
  public record Gradients(
      int first, int passes, Map<String, Object> masks, String graph, int batch, double cost) {
    Gradients withRange(int otherFirst, int otherPasses) {
      return new Gradients(otherFirst, otherPasses, masks, graph, batch, cost);
    }

    Gradients withCost(double otherCost) {
      return new Gradients(first, passes, masks, graph, batch, otherCost);
    }
  }

  /** May differ without changing a value in the store. */
  private static final Set<String> INDIFFERENT =
      Set.of(
          "model.file", "batch", "versions", "backend.report", "gradients.batch", "gradients.cost");

  /** The manifest of the store in a folder; null if there is no store. */
  public static @Nullable Manifest ofStore(Path folder) {
    Path file = folder.resolve(StoreFiles.MANIFEST);
    return Files.exists(file) ? read(file) : null;
  }

  /**
   * Reads a manifest.
   *
   * @throws BadInputException if it is of another schema or malformed
   */
  public static Manifest read(Path file) {
    JsonNode tree = Json.read(file);
    if (tree.path("schema").asInt(-1) != SCHEMA) {
      throw new BadInputException(
          Problem.of("unknown store format")
              .at(file)
              .expected("schema " + SCHEMA)
              .found("schema " + tree.path("schema")));
    }
    return ManifestCheck.require(Json.convert(file, tree, Manifest.class), file);
  }

  /**
   * Requires the extents of the arrays that lie beside this manifest.
   *
   * @throws BadInputException if it describes others
   */
  void requireExtents(Path file, int arrayRows, int columns, int examples) {
    String described = extents(rows.count(), components, data.examples().size());
    String found = extents(arrayRows, columns, examples);
    if (!described.equals(found)) {
      throw new BadInputException(
          Problem.of("the arrays are not those of the manifest")
              .at(file)
              .expected(described)
              .found(found)
              .remedy("bring back the files that belong together"));
    }
  }

  private static String extents(int rows, int columns, int examples) {
    return rows + " rows, " + columns + " components and " + examples + " examples";
  }

  void write(Path file) {
    Json.write(file, this);
  }

  Manifest with(Rows otherRows, @Nullable Gradients otherGradients) {
    return new Manifest(
        schema,
        model,
        masks,
        otherRows,
        components,
        instrument,
        output,
        precision,
        data,
        save,
        batch,
        backend,
        versions,
        otherGradients);
  }

  /** The first field in which two manifests describe different values; null if there is none. */
  static @Nullable Difference difference(Manifest a, Manifest b) {
    return difference("", Json.mapper().valueToTree(a), Json.mapper().valueToTree(b));
  }

  /** As {@link #difference(Manifest, Manifest)}, of what two manifests say of gradient passes. */
  static @Nullable Difference difference(Gradients a, Gradients b) {
    return difference("gradients", Json.mapper().valueToTree(a), Json.mapper().valueToTree(b));
  }

  private static @Nullable Difference difference(String at, JsonNode a, JsonNode b) {
    if (INDIFFERENT.contains(at)) {
      return null;
    }
    if (!a.isObject() || !b.isObject()) {
      // As text: a number read back from a file may have another Java type.
      return a.toString().equals(b.toString()) ? null : new Difference(at, a, b);
    }
    // In the order of the fields: another model is named before what follows from it.
    Set<String> names = new LinkedHashSet<>();
    a.fieldNames().forEachRemaining(names::add);
    b.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      Difference found =
          difference(at.isEmpty() ? name : at + "." + name, a.path(name), b.path(name));
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  /** A field and its two values. */
  record Difference(String field, JsonNode first, JsonNode second) {
    Problem problem(String what, Path at) {
      return Problem.of(what)
          .at(at + ", field \"" + field + "\"")
          .expected(brief(first))
          .found(brief(second));
    }

    private static String brief(JsonNode value) {
      String text = value.isMissingNode() ? "nothing" : value.toString();
      return text.length() > 200 ? text.substring(0, 200) + "…" : text;
    }
  }
}
