package io.ablate.forward;

import ai.onnxruntime.OrtEnvironment;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.UserCache;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.jar.JarEntry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps ONNX Runtime's native libraries in the user's cache. By itself it extracts them to a new
 * temporary folder at every start, which a killed process leaves behind.
 */
final class OrtNatives {
  private static final Logger LOG = LoggerFactory.getLogger(OrtNatives.class);
  private static final String PROPERTY = "onnxruntime.native.path";
  private static final String[] LIBRARIES = {"onnxruntime", "onnxruntime4j_jni"};

  private OrtNatives() {}

  /**
   * Extracts the libraries unless the cache has them, and points ONNX Runtime there. Must come
   * before its first class is initialised; where it cannot work, ONNX Runtime extracts by itself.
   */
  static synchronized void prepare() {
    if (System.getProperty(PROPERTY) != null) {
      return;
    }
    try {
      Path folder = extract();
      if (folder != null) {
        System.setProperty(PROPERTY, folder.toString());
      }
    } catch (IOException | BadInputException e) {
      LOG.info("ONNX Runtime extracts its libraries to a temporary folder: {}", e.getMessage());
    }
  }

  private static @Nullable Path extract() throws IOException {
    String platform = platform();
    Path folder = null;
    for (String library : LIBRARIES) {
      String name = System.mapLibraryName(library);
      URL url = OrtEnvironment.class.getResource("/ai/onnxruntime/native/" + platform + "/" + name);
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

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    return (os.contains("win") ? "win" : os.contains("mac") ? "osx" : "linux")
        + "-"
        + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
  }
}
