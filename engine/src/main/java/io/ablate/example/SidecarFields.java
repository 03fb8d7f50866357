package io.ablate.example;

import com.fasterxml.jackson.databind.JsonNode;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Typed fields of a sidecar object, with one wording for what is wrong with them. A field that is
 * null counts as absent.
 */
final class SidecarFields {
  private final Path file;
  private final String prefix;
  private final JsonNode node;

  SidecarFields(Path file, JsonNode node) {
    this(file, "", node);
  }

  private SidecarFields(Path file, String prefix, JsonNode node) {
    this.file = file;
    this.prefix = prefix;
    this.node = node;
    if (!node.isObject()) {
      throw new BadInputException(
          Problem.of("malformed sidecar").at(file).expected("a JSON object").found(kind(node)));
    }
  }

  @Nullable SidecarFields child(String field) {
    JsonNode value = node.path(field);
    if (isAbsent(value)) {
      return null;
    }
    if (!value.isObject()) {
      throw wrong(field, "an object", value);
    }
    return new SidecarFields(file, prefix + field + ".", value);
  }

  @Nullable String string(String field) {
    JsonNode value = node.path(field);
    if (isAbsent(value)) {
      return null;
    }
    if (!value.isTextual()) {
      throw wrong(field, "a string", value);
    }
    return value.textValue();
  }

  @Nullable Integer pixels(String field) {
    JsonNode value = node.path(field);
    if (isAbsent(value)) {
      return null;
    }
    if (!value.isInt() || value.intValue() < 1) {
      throw wrong(field, "a positive whole number of pixels", value);
    }
    return value.intValue();
  }

  List<String> strings(String field) {
    JsonNode value = node.path(field);
    List<String> strings = new ArrayList<>();
    if (!isAbsent(value) && !value.isArray()) {
      throw wrong(field, "a list of strings", value);
    }
    for (JsonNode element : value) {
      if (!element.isTextual()) {
        throw wrong(field, "a list of strings", element);
      }
      strings.add(element.textValue());
    }
    return strings;
  }

  List<Double> numbers(String field, List<Double> absent) {
    JsonNode value = node.path(field);
    if (isAbsent(value)) {
      return absent;
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonNode element : value.isNumber() ? List.of(value) : value) {
      if (!element.isNumber() || !Double.isFinite(element.doubleValue())) {
        throw wrong(field, "a list of numbers", element);
      }
      numbers.add(element.doubleValue());
    }
    if (!value.isArray() && !value.isNumber() || numbers.isEmpty()) {
      throw wrong(field, "a list of numbers", value);
    }
    return numbers;
  }

  BadInputException wrong(String field, String expected, Object found) {
    return new BadInputException(
        Problem.of("malformed sidecar")
            .at(file + ", field " + prefix + field)
            .expected(expected)
            .found(found));
  }

  private static boolean isAbsent(JsonNode value) {
    return value.isMissingNode() || value.isNull();
  }

  private static String kind(JsonNode node) {
    return node.getNodeType().toString().toLowerCase(java.util.Locale.ROOT);
  }
}
