package io.ablate.benchmarks.experiment;

import io.ablate.base.Json;
import io.ablate.base.Sha256;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.Spending;
import io.ablate.evaluate.PlannedFit;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The cells of one design and output function: computed once, then read. */
final class Cells {
  private final Path folder;
  private final CellInputs inputs;
  private final FitContext context;
  private final String commit;

  Cells(Path folder, CellInputs inputs, FitContext context, String commit) {
    this.folder = folder;
    this.inputs = inputs;
    this.context = context;
    this.commit = commit;
  }

  /** The cell if it is there and was computed from the same; one of a changed entry is not. */
  Optional<Cell> finished(PlannedFit fit) {
    Path file = file(fit);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Cell cell = Json.read(file, Cell.class);
    return cell.schemaVersion() == Cell.SCHEMA && key(fit).equals(cell.key())
        ? Optional.of(cell)
        : Optional.empty();
  }

  /** Fits, scores, and keeps the cell. */
  Cell compute(PlannedFit fit) {
    PlannedFit.Outcome outcome = fit.run(inputs.data(), inputs.bootstrap(), context);
    Cell cell =
        new Cell(
            Cell.SCHEMA,
            key(fit),
            commit,
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
            outcome.scored().point(),
            outcome.scored().draws(),
            inputs.shift(outcome.models()),
            outcome.models().diagnostics());
    Json.write(file(fit), cell);
    return cell;
  }

  private Path file(PlannedFit fit) {
    Spending spending = fit.spending();
    return folder.resolve(
        fit.method().name()
            + "-"
            + spending.rows()
            + "-"
            + spending.gradientPasses()
            + (spending.unablated() ? "u" : "")
            + (spending.activationScale() ? "s" : "")
            + ".json");
  }

  private String key(PlannedFit fit) {
    Map<String, Object> identity = new LinkedHashMap<>(inputs.identity());
    if (!fit.method().usesGradients()) {
      identity.remove(CellInputs.GRADIENTS);
    }
    identity.put("method", fit.method().name());
    identity.put("spending", fit.spending());
    return Sha256.of(Json.write(identity).getBytes(StandardCharsets.UTF_8));
  }
}
