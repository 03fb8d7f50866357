package io.ablate.tools.bench;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Results of JMH ({@code -rf json}): of every benchmark with its parameters, and of every counter
 * beside it, one value per fork.
 *
 * @param metrics by name, in the order of the file
 */
public record JmhResults(Map<String, Metric> metrics) {

  /** What a value means. */
  public enum Kind {
    /** Work per time: more is better. */
    THROUGHPUT,
    /** Time: less is better. */
    TIME,
    /** An LDS, the same in every run: more is better. */
    LDS,
    /** How much of something is needed, the same in every run: less is better. */
    COUNT,
    /** Anything else: shown, not judged. */
    OTHER
  }

  /**
   * One figure.
   *
   * @param unit as JMH names it
   * @param forks a value for each fork, in the order in which they ran
   */
  public record Metric(Kind kind, String unit, List<Double> forks) {}

  /**
   * Reads a file, or all files {@code *.json} of a folder in the order of their names: rounds of
   * the same benchmarks, whose forks follow each other.
   *
   * @throws BadInputException if there is none, or one is not of JMH
   */
  public static JmhResults read(Path place) {
    Map<String, Metric> all = new LinkedHashMap<>();
    for (Path file : files(place)) {
      JsonNode results = Json.read(file);
      if (!results.isArray() || results.isEmpty()) {
        throw notJmh(file, results.isArray() ? "an empty list" : results.getNodeType());
      }
      for (JsonNode result : results) {
        add(all, result, file);
      }
    }
    return new JmhResults(all);
  }

  private static List<Path> files(Path place) {
    if (!Files.isDirectory(place)) {
      return List.of(place);
    }
    try (Stream<Path> inside = Files.list(place)) {
      List<Path> files = inside.filter(file -> file.toString().endsWith(".json")).sorted().toList();
      if (files.isEmpty()) {
        throw new BadInputException(
            Problem.of("no results in the folder").at(place).expected("files *.json of JMH"));
      }
      return files;
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(place, e), e);
    }
  }

  private static BadInputException notJmh(Path file, Object found) {
    return new BadInputException(
        Problem.of("not results of JMH")
            .at(file)
            .expected("a list of benchmarks with primaryMetric.rawData")
            .found(found)
            .remedy("run the benchmarks with -rf json -rff FILE"));
  }

  private static void add(Map<String, Metric> all, JsonNode result, Path file) {
    String name = name(result);
    JsonNode primary = result.path("primaryMetric");
    if (!primary.path("rawData").isArray()) {
      throw notJmh(file, name.isEmpty() ? "no name" : name + " without it");
    }
    Kind kind = result.path("mode").asText().equals("thrpt") ? Kind.THROUGHPUT : Kind.TIME;
    add(all, name, kind, primary);
    result
        .path("secondaryMetrics")
        .properties()
        .forEach(
            counter ->
                add(
                    all,
                    name + " : " + counter.getKey(),
                    kindOf(counter.getKey()),
                    counter.getValue()));
  }

  private static Kind kindOf(String counter) {
    return counter.startsWith("lds")
        ? Kind.LDS
        : counter.startsWith("passesTo") || counter.startsWith("count") ? Kind.COUNT : Kind.OTHER;
  }

  private static void add(Map<String, Metric> all, String name, Kind kind, JsonNode metric) {
    List<Double> forks = new ArrayList<>();
    for (JsonNode fork : metric.path("rawData")) {
      double sum = 0;
      for (JsonNode iteration : fork) {
        sum += iteration.asDouble(Double.NaN);
      }
      forks.add(sum / fork.size());
    }
    Metric known = all.get(name);
    if (known != null) {
      forks.addAll(0, known.forks());
    }
    all.put(name, new Metric(kind, metric.path("scoreUnit").asText(), List.copyOf(forks)));
  }

  /** Class and method with the parameters that were set. */
  private static String name(JsonNode result) {
    String full = result.path("benchmark").asText();
    String[] parts = full.split("\\.");
    String shortened =
        parts.length > 1 ? parts[parts.length - 2] + "." + parts[parts.length - 1] : full;
    Map<String, String> parameters = new TreeMap<>();
    result
        .path("params")
        .properties()
        .forEach(p -> parameters.put(p.getKey(), p.getValue().asText()));
    return parameters.isEmpty() ? shortened : shortened + " " + parameters;
  }
}
