package io.ablate.models;

import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The ONNX models in this jar, each with a sidecar that describes its input and classes.
 * Thread-safe; several processes may extract into one folder at a time.
 */
public final class BundledModels {
  /** The model that is used where none is named. */
  public static final String DEFAULT = "shapes-resnet";

  /** SHA-256 by file name, in the order of SHA256SUMS. */
  private static final Map<String, String> SUMS = readSums();

  private BundledModels() {}

  /** The names, without {@code .onnx}. */
  public static List<String> names() {
    return SUMS.keySet().stream()
        .filter(file -> file.endsWith(".onnx"))
        .map(file -> file.substring(0, file.length() - ".onnx".length()))
        .toList();
  }

  /**
   * The model file as a stream, for the caller to close.
   *
   * @throws IllegalArgumentException if there is no such model
   */
  public static InputStream open(String name) throws IOException {
    return resource(known(name) + ".onnx");
  }

  /**
   * Writes the model and its sidecar into a folder named by their SHA-256 below {@code cache},
   * unless they are there already with the right contents.
   *
   * @return the path of {@code NAME.onnx}; {@code NAME.json} lies beside it
   * @throws IllegalArgumentException if there is no such model
   */
  public static Path extract(String name, Path cache) throws IOException {
    String model = known(name) + ".onnx";
    String sidecar = name + ".json";
    String address = sha256((sum(model) + sum(sidecar)).getBytes(StandardCharsets.US_ASCII));
    Path folder =
        Files.createDirectories(cache.resolve("models").resolve(address.substring(0, 16)));
    write(sidecar, folder);
    return write(model, folder);
  }

  private static Path write(String file, Path folder) throws IOException {
    Path target = folder.resolve(file);
    if (Files.isRegularFile(target) && sha256(Files.readAllBytes(target)).equals(sum(file))) {
      return target;
    }
    byte[] bytes;
    try (InputStream in = resource(file)) {
      bytes = in.readAllBytes();
    }
    if (!sha256(bytes).equals(sum(file))) {
      throw new IOException(
          "bundled "
              + file
              + " is damaged: expected SHA-256 "
              + sum(file)
              + ", found "
              + sha256(bytes)
              + "; build or install the jar anew");
    }
    Path partial = Files.createTempFile(folder, file, ".part");
    try {
      Files.write(partial, bytes);
      try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      return Files.move(
          partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static String known(String name) {
    if (!SUMS.containsKey(name + ".onnx")) {
      throw new IllegalArgumentException(
          "no bundled model '" + name + "'; there are: " + String.join(", ", names()));
    }
    return name;
  }

  private static String sum(String file) throws FileNotFoundException {
    String sum = SUMS.get(file);
    if (sum == null) {
      throw new FileNotFoundException("SHA256SUMS does not list " + file);
    }
    return sum;
  }

  private static InputStream resource(String file) throws FileNotFoundException {
    InputStream in = BundledModels.class.getResourceAsStream(file);
    if (in == null) {
      throw new FileNotFoundException("the jar lacks io/ablate/models/" + file);
    }
    return in;
  }

  private static Map<String, String> readSums() {
    Map<String, String> sums = new LinkedHashMap<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(resource("SHA256SUMS"), StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        List<String> parts = Arrays.asList(line.split(" +"));
        sums.put(parts.getLast(), parts.getFirst());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Collections.unmodifiableMap(sums);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
