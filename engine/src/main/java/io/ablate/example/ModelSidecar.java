package io.ablate.example;

import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What MODEL.json says of MODEL.onnx: how pictures become its input, which output holds the logits,
 * what the classes are called.
 *
 * @param inputName the graph input that takes the example; null: the only one
 * @param preprocessing how pixels become the input; null: unknown, and only arrays in the model's
 *     own shape can be fed
 * @param output the graph output that holds the logits; null: the only one
 * @param classes names by label; empty: unknown
 * @param source where the model comes from and how good it is; null: unknown
 */
public record ModelSidecar(
    @Nullable String inputName,
    @Nullable Preprocessing preprocessing,
    @Nullable String output,
    List<String> classes,
    @Nullable String source) {

  /** Nothing is known. */
  public static final ModelSidecar NONE = new ModelSidecar(null, null, null, List.of(), null);

  public ModelSidecar {
    classes = List.copyOf(classes);
  }

  /** The path beside a model: {@code MODEL.json} for {@code MODEL.onnx}. */
  public static Path pathFor(Path model) {
    Path fileName = model.getFileName();
    String name = fileName == null ? "" : fileName.toString();
    return model.resolveSibling(name.replaceFirst("\\.onnx$", "") + ".json");
  }

  /**
   * Reads the sidecar of a model; {@link #NONE} if there is no such file.
   *
   * @throws BadInputException if the file is malformed, naming file and field
   */
  public static ModelSidecar of(Path model) {
    Path file = pathFor(model);
    return Files.exists(file) ? read(file) : NONE;
  }

  /**
   * Reads a sidecar.
   *
   * @throws BadInputException if the file is missing or malformed, naming file and field
   */
  public static ModelSidecar read(Path file) {
    SidecarFields root = new SidecarFields(file, Json.read(file));
    SidecarFields input = root.child("input");
    List<String> classes = root.strings("classes");
    Set<String> seen = new HashSet<>();
    for (String name : classes) {
      if (!seen.add(name)) {
        throw new BadInputException(
            Problem.of("malformed sidecar")
                .at(file + ", field classes")
                .expected("distinct names")
                .found("'" + name + "' twice"));
      }
    }
    return new ModelSidecar(
        input == null ? null : input.string("name"),
        input == null ? null : preprocessing(input),
        root.string("output"),
        classes,
        root.string("source"));
  }

  private static Preprocessing preprocessing(SidecarFields input) {
    Preprocessing unit = Preprocessing.UNIT;
    String layout = input.string("layout");
    if (layout != null && !layout.equals("NCHW") && !layout.equals("NHWC")) {
      throw input.wrong("layout", "NCHW or NHWC", "'" + layout + "'");
    }
    List<Double> range = input.numbers("range", List.of(unit.low(), unit.high()));
    if (range.size() != 2 || range.get(0) >= range.get(1)) {
      throw input.wrong("range", "two numbers, the smaller first", range);
    }
    List<Double> mean = input.numbers("mean", unit.mean());
    List<Double> std = input.numbers("std", unit.std());
    if (std.stream().anyMatch(s -> s <= 0)) {
      throw input.wrong("std", "positive numbers", std);
    }
    if (mean.size() != std.size() && mean.size() != 1 && std.size() != 1) {
      throw input.wrong("std", "as many numbers as mean, " + mean.size(), std.size());
    }
    return new Preprocessing(
        layout == null ? unit.layout() : Layout.valueOf(layout),
        range.get(0),
        range.get(1),
        mean,
        std,
        input.pixels("resize"),
        input.pixels("crop"));
  }

  /** The same with other preprocessing, where flags override the file. */
  public ModelSidecar withPreprocessing(Preprocessing value) {
    return new ModelSidecar(inputName, value, output, classes, source);
  }

  public ModelSidecar withInputName(String value) {
    return new ModelSidecar(value, preprocessing, output, classes, source);
  }

  public ModelSidecar withOutput(String value) {
    return new ModelSidecar(inputName, preprocessing, value, classes, source);
  }

  public ModelSidecar withClasses(List<String> value) {
    return new ModelSidecar(inputName, preprocessing, output, value, source);
  }

  /** The name of a class where it is known, else its number. */
  public String className(int label) {
    return label >= 0 && label < classes.size() ? classes.get(label) : Integer.toString(label);
  }
}
