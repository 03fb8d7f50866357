package io.ablate.nativelib;

import java.util.Locale;

/** Operating system and processor, in the words that Maven classifiers of native jars use. */
public final class Platform {
  private Platform() {}

  /** For example {@code linux-x86_64}, {@code macosx-arm64}, {@code windows-x86_64}. */
  public static String current() {
    return of(System.getProperty("os.name", ""), System.getProperty("os.arch", ""));
  }

  static String of(String osName, String osArch) {
    String os = osName.toLowerCase(Locale.ROOT);
    String system =
        os.startsWith("mac") ? "macosx" : os.startsWith("windows") ? "windows" : os.strip();
    String processor =
        switch (osArch.toLowerCase(Locale.ROOT)) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm64";
          default -> osArch;
        };
    return system + "-" + processor;
  }
}
