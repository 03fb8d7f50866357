package io.ablate.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ablate.base.Json;
import io.ablate.base.NpyWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stores and fits that were edited or lost a part: the field or file is named, with code 3. */
class DamagedFilesTest {
  @TempDir static Path whole;
  @TempDir Path temp;
  private Path store;
  private Path fit;

  @BeforeAll
  static void collect() throws IOException {
    Path model = Cli.model(whole, 1);
    String data = Cli.data(whole, 4);
    for (int part = 0; part < 2; part++) {
      Cli.ok(
          "collect",
          model,
          "--data",
          data,
          "--examples",
          "0-1",
          "--first-row",
          40 * part,
          "--masks",
          40,
          "--gradients",
          4,
          "--first-gradient",
          4 * part,
          "--save",
          "activation-scale,logits",
          "--out",
          whole.resolve("store" + part));
    }
    Path store = whole.resolve("store0");
    Cli.ok("fit", store, "--method", "ridge", "--samples", 30, "--out", whole.resolve("fit"));
  }

  @BeforeEach
  void copy() throws IOException {
    store = copy("store0");
    fit = copy("fit");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/model|null|\"model\"; expected a value, found nothing",
        "/model/sha256|null|\"model.sha256\"",
        "/rows|null|\"rows\"",
        "/rows/count|null|\"rows.count\"",
        "/rows/count|-1|\"rows.count\"; expected 0 or more, found -1",
        "/rows/count|39|expected 39 rows, 13 components and 2 examples, found 40 rows",
        "/rows/first|9223372036854775807|\"rows.first\"",
        "/components|0|\"components\"; expected 1 or more, found 0",
        "/components|13.5|\"components\"",
        "/components|14|14 components",
        "/data|{}|\"data.examples\"",
        "/data/examples/0|null|\"data.examples\"; expected a list without null",
        "/data/labels|[0]|\"data.labels\"; expected one per example, 2, found 1",
        "/batch/size|0|\"batch.size\"",
        "/gradients|{}|\"gradients.first\"",
        "/gradients/masks|null|\"gradients.masks\"",
        "/gradients/masks/keep|2|unknown masks of gradient passes",
        "/gradients/masks/seed|0.5|unknown masks of gradient passes",
        "/gradients/passes|-1|\"gradients.passes\"; expected 1 or more, found -1",
        "/gradients/passes|2147483647|\"gradients.passes\"; expected passes up to 16777216",
      })
  void shouldNameTheFieldOfAManifest(String field, String value, String message)
      throws IOException {
    edit(store.resolve("manifest.json"), field, value);
    Cli.fails(
            Cli.BAD_INPUT,
            "fit",
            store,
            "--method",
            "mask-gradient",
            "--samples",
            30,
            "--out",
            temp.resolve("o"))
        .contains("manifest.json")
        .contains(message);
    assertThat(temp.resolve("o")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/columns/0/index|null|\"columns.[0].index\"",
        "/columns/0/index|-1|column 0 with an impossible index or slices",
        "/columns/0/slices|[]|column 0 with an impossible index or slices",
        "/columns/0/slices|[null]|column 0 with an impossible index or slices",
        "/columns/0/slices/0/tensor|null|column 0 with an impossible index or slices",
      })
  void shouldNameTheColumn(String field, String value, String message) throws IOException {
    edit(store.resolve("components.json"), field, value);
    Cli.fails(Cli.BAD_INPUT, "evaluate", store, fit).contains("components.json").contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/rows_end|-1|\"rows_end\", one past the last row, found -1",
        "/samples|null|field \"samples\"",
        "/samples|[]|field \"samples\"",
        "/data_sha256|[]|field \"data_sha256\"",
      })
  void shouldNameTheFieldOfAFit(String field, String value, String message) throws IOException {
    edit(fit.resolve("manifest.json"), field, value);
    Cli.fails(Cli.BAD_INPUT, "evaluate", store, fit).contains("manifest.json").contains(message);
  }

  @Test
  void shouldNotTakeAStoreWithoutItsComponentsForOneLayer() throws IOException {
    Files.delete(store.resolve("components.json"));
    Cli.fails(
            Cli.BAD_INPUT,
            "fit",
            store,
            "--method",
            "hierarchical",
            "--samples",
            30,
            "--out",
            temp.resolve("o"))
        .contains("components.json", "no such file");
  }

  @Test
  void shouldNotMergeWithoutTheLogitsThatWerePlanned() throws IOException {
    Path other = copy("store1");
    Files.delete(store.resolve("logits.npy"));
    for (Path[] order : new Path[][] {{store, other}, {other, store}}) {
      Cli.fails(Cli.BAD_INPUT, "merge", order[0], order[1], "--out", temp.resolve("merged"))
          .contains("logits.npy", "no such file");
    }
  }

  @Test
  void shouldNotRoundLabels() {
    NpyWriter.writeFloats(store.resolve("labels.npy"), new float[] {0, .5f});
    Cli.fails(Cli.BAD_INPUT, "evaluate", store, fit, "--output", "loss")
        .contains("labels.npy; expected a whole number, found 0.5");
  }

  @Test
  void shouldNotReadOnWhereJsonEnds() throws IOException {
    Files.writeString(store.resolve("manifest.json"), "{}", StandardOpenOption.APPEND);
    Cli.fails(Cli.BAD_INPUT, "evaluate", store, fit).contains("manifest.json");
  }

  private Path copy(String name) throws IOException {
    Path target = Files.createDirectories(temp.resolve(name));
    try (Stream<Path> files = Files.list(whole.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, target.resolve(file.getFileName()));
      }
    }
    return target;
  }

  private static void edit(Path file, String field, String value) throws IOException {
    JsonNode root = Json.read(file);
    int last = field.lastIndexOf('/');
    String name = field.substring(last + 1);
    JsonNode parent = root.at(field.substring(0, last));
    JsonNode edited = Json.mapper().readTree(value);
    if (parent instanceof ArrayNode array) {
      array.set(Integer.parseInt(name), edited);
    } else {
      ((ObjectNode) parent).set(name, edited);
    }
    Files.writeString(file, root.toString());
  }
}
