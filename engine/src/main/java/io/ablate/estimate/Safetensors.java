package io.ablate.estimate;

import com.fasterxml.jackson.databind.SerializationFeature;
import io.ablate.base.AtomicFile;
import io.ablate.base.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes float32 tensors as a safetensors file: the length of the header as 8 bytes little-endian,
 * the header in JSON, padded with blanks to a multiple of 8, then the values.
 */
final class Safetensors {
  private final Map<String, Object> header = new LinkedHashMap<>();
  private final Map<String, float[][]> tensors = new LinkedHashMap<>();
  private long offset;

  /**
   * @param metadata strings for the file's {@code __metadata__}
   */
  Safetensors(Map<String, String> metadata) {
    header.put("__metadata__", metadata);
  }

  /** Adds a tensor given row by row. */
  Safetensors add(String name, long[] shape, float[]... rows) {
    long bytes = 0;
    for (float[] row : rows) {
      bytes += 4L * row.length;
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("dtype", "F32");
    entry.put("shape", shape);
    entry.put("data_offsets", new long[] {offset, offset + bytes});
    header.put(name, entry);
    tensors.put(name, rows);
    offset += bytes;
    return this;
  }

  void write(Path file) {
    AtomicFile.write(file, this::writeTo);
  }

  private void writeTo(OutputStream out) throws IOException {
    byte[] json =
        Json.mapper()
            .writer()
            .without(
                SerializationFeature.INDENT_OUTPUT, SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .writeValueAsString(header)
            .getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + 7) / 8 * 8;
    ByteBuffer start = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(padded).put(json);
    while (start.hasRemaining()) {
      start.put((byte) ' ');
    }
    out.write(start.array());
    for (float[][] rows : tensors.values()) {
      for (float[] row : rows) {
        ByteBuffer values = ByteBuffer.allocate(4 * row.length).order(ByteOrder.LITTLE_ENDIAN);
        values.asFloatBuffer().put(row);
        out.write(values.array());
      }
    }
  }
}
