package io.ablate.tools;

import static io.ablate.tools.Cli.BAD_INPUT;
import static io.ablate.tools.Cli.USAGE;
import static io.ablate.tools.Cli.fails;
import static io.ablate.tools.Cli.ok;
import static io.ablate.tools.Cli.with;

import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Command lines that ask for what cannot be: each with its message and its exit code. */
class WrongUsageTest extends SmallModelFixture {
  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "-0.5", "1.5", "NaN"})
  void shouldRefuseKeepOutsideTheUnitInterval(String keep) {
    fails(USAGE, with(collect(model, data, "0", 4, store), "--keep=" + keep))
        .contains("--keep")
        .contains("strictly between 0 and 1");
  }

  @Test
  void shouldRefuseDesignsThatCannotBe() {
    fails(USAGE, with(collect(model), "--design", "balanced"))
        .contains("--design")
        .contains("bernoulli, fixed-size, block-balanced or leave-one-out")
        .contains("found balanced");
    for (String design : List.of("fixed-size", "block-balanced")) {
      fails(USAGE, with(collect(model), "--design", design, "--keep", .95))
          .contains("--keep")
          .contains("13 components from 1 to 12")
          .contains("found 0.650")
          .contains("--design bernoulli");
    }
    Object[] compare = {"compare", model, "--data", data, "--out", store, "--samples", 20};
    fails(USAGE, with(compare, "--design", "leave-one-out"))
        .contains("--samples")
        .contains("at most 14")
        .contains("found 20");
  }

  @Test
  void shouldNotScoreOnMasksThatWereLearntFrom() {
    ok(
        with(
            new Object[] {"compare", model, "--data", data, "--examples", "0", "--out", store},
            "--methods",
            "ridge",
            "--keep",
            .8,
            "--samples",
            20,
            "--held-out",
            10,
            "--design",
            "fixed-size"));
    Object[] again = {"compare", store.resolve("store"), "--methods", "ridge"};
    fails(USAGE, with(again, "--held-out", 11, "--out", temp.resolve("report")))
        .contains("--held-out")
        .contains("at most 10")
        .contains("found 11");
  }

  @Test
  void shouldRefuseMoreSamplesThanTheStoreHolds() {
    ok(collect(model));
    fails(USAGE, "fit", store, "--method", "ridge", "--samples", 41, "--out", temp.resolve("fit"))
        .contains("expected 1 to 40")
        .contains("found 41");
    fails(BAD_INPUT, "compare", store, "--methods", "ridge", "--samples", "10,41", "--held-out", 10)
        .contains("41");
  }

  @Test
  void shouldRefuseAStoreWithoutCompletedRows() throws IOException {
    ok(collect(model));
    ByteArrayOutputStream none = new ByteArrayOutputStream();
    none.write(NpyWriter.header(NpyType.BOOL, 40));
    none.write(new byte[40]);
    Files.write(store.resolve("_completed.npy"), none.toByteArray());
    fails(USAGE, "fit", store, "--method", "ridge", "--out", temp.resolve("fit"))
        .contains("not as many samples");
    fails(USAGE, "compare", store, "--methods", "ridge", "--out", temp.resolve("report"))
        .contains("too few completed rows");
  }

  @Test
  void shouldRefuseAnExampleOutOfRange() {
    fails(USAGE, collect(model, data, "0-4", 4, store))
        .contains("example index out of range")
        .contains("expected 0 to 3, found 4");
  }

  @Test
  void shouldRefuseTestRowsThatWereFitted() {
    ok(collect(model));
    Path fit = temp.resolve("fit");
    ok("fit", store, "--method", "ridge", "--samples", 30, "--out", fit);
    fails(USAGE, "evaluate", store, fit, "--test-rows", "29:40")
        .contains("test rows overlap the rows fitted")
        .contains("rows from 30 on")
        .contains("29:40");
    fails(USAGE, "evaluate", store, fit, "--test-rows", "30:41").contains("rows outside the store");
    fails(USAGE, "evaluate", store, fit, "--test-rows", "40:30").contains("A:B with A < B");
    ok("evaluate", store, fit, "--test-rows", "30:40");
  }

  @Test
  void shouldExplainWrongUsage() {
    fails(USAGE).contains("Usage: ablate");
    fails(USAGE, "colect").contains("'colect'").contains("collect");
    fails(USAGE, "collect", model, "--data", data, "--out", store).contains("--masks");
    fails(USAGE, "fit", store, "--method", "ridge").contains("--out");
    fails(USAGE, "inspect", model, "--components", "nothing*").contains("nothing*");
    fails(USAGE, "inspect", model, "--backend", "torch")
        .contains("unknown backend for forward passes", "onnxruntime-cpu", "found torch");
    fails(USAGE, "collect", model, "--masks", "many", "--out", store).contains("--masks");
    fails(USAGE, "inspect", model, "--ablation", "constant").contains("--constant FILE.npy");
    fails(USAGE, "inspect", model, "--reference", "bundled").contains("--ablation mean");
    fails(USAGE, "fetch", "imagenet").contains("expected cifar10");
    fails(USAGE, "fetch", "cifar10", "--from", "ftp:there").contains("--from");
    fails(USAGE, "fit", store, "--method", "magic", "--out", store).contains("least-squares");
  }
}
