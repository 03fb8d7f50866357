package io.ablate.tools;

import static io.ablate.tools.Cli.USAGE;
import static io.ablate.tools.Cli.fails;
import static io.ablate.tools.Cli.json;
import static io.ablate.tools.Cli.ok;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.Json;
import io.ablate.base.NpyFile;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.estimate.FitFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code collect --until-lds} and {@code fit --intervals} on a small model. */
class UntilCommandTest extends SmallModelFixture {
  private static final int MOST = 600;

  private Object[] job = {};

  @BeforeEach
  void nameTheJob() {
    Object[] asked = {"collect", model, "--data", data, "--examples", "0-3", "--masks", MOST};
    job = Cli.with(asked, "--batch", 8, "--order", "masks");
  }

  @Test
  void shouldStopWhereTheTargetIsReachedAndSayWhatItCost() throws IOException {
    JsonNode done = json(with("--until-lds", ".6", "--out", store, "--json"));
    int rows = done.path("rows").asInt();
    assertThat(rows).isBetween(64, MOST - 1);
    // Equal masks are run once per look.
    assertThat(done.path("passes").asInt() % 4).isZero();
    assertThat(done.path("passes").asInt()).isPositive().isLessThan(4 * rows);
    assertThat(done.at("/until_lds/reached").asBoolean()).isTrue();
    JsonNode file = Json.read(store.resolve("until_lds.json"));
    assertThat(file).isEqualTo(done.path("until_lds"));
    assertThat(file.path("rows").asInt()).isEqualTo(rows);
    JsonNode last = file.path("looks").get(file.path("looks").size() - 1);
    assertThat(last.at("/lds_ci/0").asDouble()).isGreaterThanOrEqualTo(.6);
    assertThat(sum(store.resolve("_completed.npy"))).isEqualTo(rows);
    // Fitting uses all that was spent.
    Path fit = temp.resolve("fit");
    ok("fit", store, "--method", "ridge", "--out", fit);
    assertThat(FitFiles.read(fit).manifest().path("samples").asInt()).isEqualTo(rows);
  }

  @Test
  void shouldStopAtTheSameRowAfterAKillThatLeftPartOfTheRows() throws IOException {
    ok(with("--until-lds", ".6", "--out", store));
    Path killed = temp.resolve("killed");
    Files.createDirectories(killed);
    for (String name :
        new String[] {
          "manifest.json", "components.json", "labels.npy", "masks.npy", "outputs.npy"
        }) {
      Files.copy(store.resolve(name), killed.resolve(name));
    }
    // What a killed process leaves: rows written but not flagged, and no word of an end.
    ByteArrayOutputStream flags = new ByteArrayOutputStream();
    flags.write(NpyWriter.header(NpyType.BOOL, MOST));
    byte[] completed = new byte[MOST];
    Arrays.fill(completed, 0, 37, (byte) 1);
    flags.write(completed);
    Files.write(killed.resolve("_completed.npy"), flags.toByteArray());
    ok(with("--until-lds", ".6", "--out", killed, "--resume"));
    try (var files = Files.list(store)) {
      for (Path file : files.toList()) {
        assertThat(killed.resolve(file.getFileName())).hasSameBinaryContentAs(file);
      }
    }
  }

  @Test
  void shouldSayWhereTheTargetWasNotReached() {
    Cli.Outcome done = ok(with("--until-lds", ".9999", "--method", "ridge", "--out", store));
    assertThat(done.out())
        .contains("LDS 0.9999 NOT reached with all masks", "ridge, 5-fold", "600 passes")
        .contains("and one for the activation scale");
    JsonNode file = Json.read(store.resolve("until_lds.json"));
    assertThat(file.path("reached").asBoolean(true)).isFalse();
    assertThat(file.path("rows").asInt()).isEqualTo(MOST);
  }

  @Test
  void shouldGiveAMethodOfLogitsTheStoredLogits() throws IOException {
    double[] last = new double[2];
    String[] methods = {"hierarchical", "hierarchical-logits"};
    for (int i = 0; i < 2; i++) {
      JsonNode done =
          json(
              with(
                  "--until-lds",
                  ".01",
                  "--method",
                  methods[i],
                  "--save",
                  "activation-scale,logits",
                  "--out",
                  temp.resolve(methods[i]),
                  "--json"));
      last[i] = done.at("/until_lds/looks/0/lds_mean").asDouble();
    }
    assertThat(last[1]).isNotEqualTo(last[0]);
  }

  @Test
  void shouldRefuseWhatDoesNotGoTogether() {
    fails(USAGE, with("--until-lds", ".5", "--gradients", 4, "--out", store))
        .contains("--until-lds looks at forward passes only");
    fails(USAGE, with("--method", "ridge", "--out", store)).contains("--method is for --until-lds");
    fails(USAGE, with("--until-lds", "1", "--out", store)).contains("between 0 and 1");
    fails(USAGE, with("--until-lds", ".5", "--method", "mask-gradient", "--out", store))
        .contains("needs gradient passes");
    assertThat(store).doesNotExist();
  }

  @Test
  void shouldWriteIntervalsOfAnyMethodAndForgetThemWithTheNextFit() throws IOException {
    ok(with("--out", store));
    Path fit = temp.resolve("fit");
    ok("fit", store, "--method", "ridge", "--samples", 80, "--intervals", 20, "--out", fit);
    double[] theta = NpyFile.readDoubles(fit.resolve("attributions.npy"));
    double[] errors = NpyFile.readDoubles(fit.resolve("attributions_se.npy"));
    double[] bounds = NpyFile.readDoubles(fit.resolve("attributions_ci.npy"));
    assertThat(bounds).hasSize(2 * theta.length);
    for (int i = 0; i < theta.length; i++) {
      assertThat(errors[i]).isPositive();
      assertThat(bounds[i]).isLessThan(theta[i]);
      assertThat(bounds[theta.length + i]).isGreaterThan(theta[i]);
    }
    JsonNode manifest = FitFiles.read(fit).manifest();
    assertThat(manifest.at("/intervals/refits").asInt()).isEqualTo(20);
    assertThat(manifest.at("/intervals/subsample").asInt()).isEqualTo(64);
    ok("fit", store, "--method", "ridge", "--samples", 80, "--out", fit);
    assertThat(fit.resolve("attributions_ci.npy")).doesNotExist();
    assertThat(fit.resolve("attributions_se.npy")).doesNotExist();
    fails(USAGE, "fit", store, "--method", "ridge", "--intervals", 3, "--out", fit)
        .contains("too few refits for intervals");
  }

  private Object[] with(Object... more) {
    return Cli.with(job, more);
  }

  private static double sum(Path npy) {
    return Arrays.stream(NpyFile.readDoubles(npy)).sum();
  }
}
