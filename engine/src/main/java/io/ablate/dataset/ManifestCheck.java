package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whether a manifest that was read says all that it must, in numbers that are possible. */
final class ManifestCheck {
  private final Path file;

  private ManifestCheck(Path file) {
    this.file = file;
  }

  /**
   * @throws BadInputException naming the first field that is missing or impossible
   */
  static Manifest require(Manifest manifest, Path file) {
    new ManifestCheck(file).check(manifest);
    return manifest;
  }

  private void check(Manifest manifest) {
    present("model", manifest.model());
    present("model.sha256", manifest.model().sha256());
    present("masks", manifest.masks());
    present("rows", manifest.rows());
    atLeast("rows.first", 0, manifest.rows().first());
    atLeast("rows.count", 0, manifest.rows().count());
    if (manifest.rows().first() > Long.MAX_VALUE - manifest.rows().count()) {
      throw wrong("rows.first", "rows below 2^63", manifest.rows().first());
    }
    atLeast("components", 1, manifest.components());
    present("instrument", manifest.instrument());
    present("output", manifest.output());
    present("precision", manifest.precision());
    check(manifest.data());
    elements("save", manifest.save());
    present("batch", manifest.batch());
    present("batch.order", manifest.batch().order());
    atLeast("batch.size", 1, manifest.batch().size());
    present("backend", manifest.backend());
    present("backend.name", manifest.backend().name());
    present("backend.version", manifest.backend().version());
    if (manifest.gradients() != null) {
      check(manifest.gradients());
    }
  }

  private void check(Manifest.Data data) {
    present("data", data);
    elements("data.examples", data.examples());
    elements("data.labels", data.labels());
    present("data.sha256", data.sha256());
    int examples = data.examples().size();
    atLeast("data.examples", 1, examples);
    if (data.labels().size() != examples) {
      throw wrong("data.labels", "one per example, " + examples, data.labels().size());
    }
    Stream.concat(data.examples().stream(), data.labels().stream())
        .forEach(number -> atLeast("data", 0, number));
  }

  private void check(Manifest.Gradients gradients) {
    present("gradients.masks", gradients.masks());
    present("gradients.graph", gradients.graph());
    atLeast("gradients.first", 0, gradients.first());
    atLeast("gradients.passes", 1, gradients.passes());
    atLeast("gradients.batch", 1, gradients.batch());
    if (gradients.passes() > GradientSegments.MOST_PASSES - gradients.first()) {
      throw wrong(
          "gradients.passes",
          "passes up to " + GradientSegments.MOST_PASSES,
          gradients.passes() + " from pass " + gradients.first());
    }
  }

  private void elements(String field, @Nullable List<?> values) {
    present(field, values);
    if (values == null || values.stream().anyMatch(value -> value == null)) {
      throw wrong(field, "a list without null", "null");
    }
  }

  /** Jackson leaves null what a file does not name. */
  private void present(String field, @Nullable Object value) {
    if (value == null) {
      throw wrong(field, "a value", "nothing");
    }
  }

  private void atLeast(String field, long least, long value) {
    if (value < least) {
      throw wrong(field, least + " or more", value);
    }
  }

  private BadInputException wrong(String field, String expected, Object found) {
    return new BadInputException(
        Problem.of("damaged manifest")
            .at(file + ", field \"" + field + "\"")
            .expected(expected)
            .found(found));
  }
}
