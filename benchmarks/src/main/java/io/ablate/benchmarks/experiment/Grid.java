package io.ablate.benchmarks.experiment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A file of experiments.
 *
 * @param schemaVersion version of this format
 * @param experiments each with a name of its own
 */
@JsonNaming(SnakeCaseStrategy.class)
record Grid(int schemaVersion, List<Experiment> experiments) {
  /** The version that this code reads. */
  static final int SCHEMA = 1;

  /**
   * Reads a grid and checks it.
   *
   * @throws BadInputException if it is of another schema, has unknown or missing fields, or
   *     impossible values
   */
  static Grid read(Path file) {
    Grid grid;
    try {
      grid =
          Json.mapper()
              .readerFor(Grid.class)
              .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
              .with(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
              .readValue(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new BadInputException(
          Problem.of("not a grid of experiments").at(file).found(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
    if (grid.schemaVersion != SCHEMA || grid.experiments == null || grid.experiments.isEmpty()) {
      throw new BadInputException(
          Problem.of("not a grid of experiments")
              .at(file)
              .expected("schema_version " + SCHEMA + " and at least one experiment")
              .found("schema_version " + grid.schemaVersion));
    }
    grid.experiments.forEach(experiment -> experiment.check(file));
    long names = grid.experiments.stream().map(Experiment::name).distinct().count();
    if (names < grid.experiments.size()) {
      throw new BadInputException(Problem.of("two experiments of one name").at(file));
    }
    return grid;
  }

  /**
   * All experiments, or the one of that name.
   *
   * @throws UsageException naming them if there is none
   */
  List<Experiment> chosen(@Nullable String only) {
    List<Experiment> found =
        experiments.stream().filter(e -> only == null || e.name().equals(only)).toList();
    if (found.isEmpty()) {
      throw new UsageException(
          Problem.of("no such experiment")
              .at("--only")
              .expected(String.join(", ", experiments.stream().map(Experiment::name).toList()))
              .found(only == null ? "none" : only));
    }
    return found;
  }
}
