package io.ablate.base;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** JSON in one configuration: the order of keys never depends on hashing. Thread-safe. */
public final class Json {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
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
      throw new BadInputException(
          Problem.of("not the expected JSON")
              .at(file)
              .found(e.getOriginalMessage().replaceAll("\\[Source: [^;]*; ", "[")),
          e);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
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
