package io.ablate.base;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** JSON in one configuration: the order of keys never depends on hashing. Thread-safe. */
public final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          // A field that is missing or of another type must not pass for 0.
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  public static ObjectMapper mapper() {
    return MAPPER;
  }

  /** Reads a file into a tree. */
  public static JsonNode read(Path file) {
    return read(file, JsonNode.class);
  }

  /** Reads a file into a value of the given type; unknown fields are ignored. */
  public static <T> T read(Path file, Class<T> type) {
    try {
      T value = MAPPER.readValue(Files.readAllBytes(file), type);
      if (value == null) {
        throw new BadInputException(
            Problem.of("not the expected JSON")
                .at(file)
                .expected(type.getSimpleName())
                .found("null"));
      }
      return value;
    } catch (JsonProcessingException e) {
      throw unexpected(file, e);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }

  /** A tree that was read from {@code file} as a value of the given type. */
  public static <T> T convert(Path file, JsonNode tree, Class<T> type) {
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw unexpected(file, e);
    }
  }

  private static BadInputException unexpected(Path file, JsonProcessingException e) {
    String field =
        e instanceof JsonMappingException mapping
            ? mapping.getPath().stream()
                .map(r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : r.getFieldName())
                .collect(Collectors.joining("."))
            : "";
    String found = e instanceof MismatchedInputException ? mismatch(e) : e.getOriginalMessage();
    return new BadInputException(
        Problem.of("not the expected JSON")
            .at(field.isEmpty() ? file : file + ", field \"" + field + "\"")
            // The parser's own word for where: only the line and column say more than the file's
            // name.
            .found(found.replaceAll("\\[Source: [^;]*; ", "[")),
        e);
  }

  /** Without the parser's advice on its own settings, which no user can follow. */
  private static String mismatch(JsonProcessingException e) {
    return e.getOriginalMessage().replaceFirst("\\s*\\(set [^)]*\\)$", "");
  }

  /** Indented JSON with a final line break. */
  public static String write(Object value) {
    try {
      return MAPPER.writeValueAsString(value) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("cannot write as JSON: " + value.getClass(), e);
    }
  }

  /** Writes indented JSON atomically. */
  public static void write(Path file, Object value) {
    AtomicFile.writeString(file, write(value));
  }
}
