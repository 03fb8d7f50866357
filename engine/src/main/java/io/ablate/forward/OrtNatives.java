package io.ablate.forward;

import ai.onnxruntime.OrtEnvironment;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.jar.JarEntry;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps ONNX Runtime's native libraries in the user's cache. By itself it extracts them to a new
 * temporary folder at every start, which a killed process leaves behind.
 */
public final class OrtNatives {
  private static final Logger LOG = LoggerFactory.getLogger(OrtNatives.class);
  private static final String PROPERTY = "onnxruntime.native.path";

  /** Set once a class loader has taken the cached files: Java loads a file into one only. */
  private static final String TAKEN = "ablate.onnxruntime.taken";

  private static final String[] LIBRARIES = {"onnxruntime", "onnxruntime4j_jni"};

  /**
   * Bytes of a command line with which ONNX Runtime 1.29.0 loads; from 3,981 on it was seen to
   * crash on Linux, whatever the arguments, unless its telemetry is off.
   */
  private static final int LONGEST_COMMAND_LINE = 3800;

  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private static final Path MAPPED = Path.of("/proc/self/maps");

  private static @Nullable Path cached;

  private OrtNatives() {}

  /**
   * The library that ONNX Runtime's Java classes compute with, once they have loaded it, wherever
   * they did so from. Whoever binds more of its functions opens this file, so that no copy of it is
   * loaded. Thread-safe.
   *
   * @throws BadInputException if it cannot be loaded here, or from where is not known
   */
  public static Path library() {
    OrtSessions.environment();
    String name = System.mapLibraryName(LIBRARIES[0]);
    String given = System.getProperty(PROPERTY);
    Path folder = given == null ? cached : Path.of(given);
    // Who used ONNX Runtime before this class was asked has loaded it from a temporary folder.
    Path file =
        Files.isReadable(MAPPED) ? mapped(name) : folder == null ? null : folder.resolve(name);
    if (file == null || !Files.isRegularFile(file)) {
      throw new BadInputException(
          Problem.of("cannot tell where ONNX Runtime was loaded from")
              .at(name)
              .remedy("make " + UserCache.folder() + " writable, or use " + OrtCpuBackend.NAME));
    }
    return file.toAbsolutePath();
  }

  /** The file of that name in this process's memory; null if there is none. */
  private static @Nullable Path mapped(String name) {
    try (Stream<String> lines = Files.lines(MAPPED)) {
      return lines
          .filter(line -> line.endsWith("/" + name))
          .findFirst()
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .orElse(null);
    } catch (IOException | UncheckedIOException e) {
      return null;
    }
  }

  /**
   * Refuses to load the library where that would crash the process.
   *
   * @throws BadInputException if the command line is too long for it and its telemetry is on
   */
  static void requireLoadable() {
    String off = System.getenv("ORT_DISABLE_TELEMETRY");
    if (off != null && !off.isEmpty() && !off.equals("0") || !Files.isReadable(COMMAND_LINE)) {
      return;
    }
    int length;
    try {
      length = Files.readAllBytes(COMMAND_LINE).length;
    } catch (IOException e) {
      return; // no such system: nothing is known of a crash
    }
    if (length > LONGEST_COMMAND_LINE) {
      throw new BadInputException(
          Problem.of(
                  "ONNX Runtime would crash: it cannot load in a process with a long command line")
              .at(COMMAND_LINE)
              .expected("at most " + LONGEST_COMMAND_LINE + " bytes")
              .found(length)
              .remedy(
                  "set ORT_DISABLE_TELEMETRY=1 before Java starts, or give the class path in the"
                      + " variable CLASSPATH or in an @file"));
    }
  }

  /**
   * Runs the first use of ONNX Runtime's classes with its libraries in the cache, where they are
   * extracted to unless they are there. Where that cannot work, and in every class loader but the
   * first, ONNX Runtime extracts by itself.
   */
  static <T> T load(Supplier<T> firstUse) {
    // A literal: the same object in every class loader.
    synchronized (TAKEN) {
      boolean ours = System.getProperty(PROPERTY) == null && prepare();
      try {
        return firstUse.get();
      } finally {
        if (ours) {
          // It holds for the whole process, and whoever else uses ONNX Runtime in it.
          System.clearProperty(PROPERTY);
        }
      }
    }
  }

  private static boolean prepare() {
    if (System.getProperties().putIfAbsent(TAKEN, "true") != null) {
      LOG.info(
          "ONNX Runtime is loaded again, from a temporary folder: another class loader has it");
      return false;
    }
    try {
      cached = extract();
      if (cached != null) {
        System.setProperty(PROPERTY, cached.toString());
      }
    } catch (IOException | BadInputException e) {
      LOG.info("ONNX Runtime extracts its libraries to a temporary folder: {}", e.getMessage());
    }
    return cached != null;
  }

  private static @Nullable Path extract() throws IOException {
    String platform = platform();
    Path folder = null;
    for (String library : LIBRARIES) {
      String name = System.mapLibraryName(library);
      URL url = OrtEnvironment.class.getResource("/" + resources() + "/" + name);
      if (url == null) {
        return null;
      }
      URLConnection connection = url.openConnection();
      if (!(connection instanceof JarURLConnection jar)) {
        return null;
      }
      JarEntry entry = jar.getJarEntry();
      if (folder == null) {
        // The archive's own checksum names the content without reading it.
        String content = Long.toHexString(entry.getCrc()) + "-" + entry.getSize();
        folder = UserCache.folder().resolve("onnxruntime").resolve(platform + "-" + content);
      }
      Path file = folder.resolve(name);
      if (!Files.exists(file) || Files.size(file) != entry.getSize()) {
        try (InputStream in = connection.getInputStream()) {
          AtomicFile.write(file, in::transferTo);
        }
      }
    }
    return folder;
  }

  /** Folder of this platform's libraries on the class path, without a leading or final slash. */
  public static String resources() {
    return "ai/onnxruntime/native/" + platform();
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    return (os.contains("win") ? "win" : os.contains("mac") ? "osx" : "linux")
        + "-"
        + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
  }
}
