package io.ablate.base;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The folder for downloads and extracted files: {@code $XDG_CACHE_HOME/ablate} or {@code
 * ~/.cache/ablate}.
 */
public final class UserCache {
  private UserCache() {}

  public static Path folder() {
    @Nullable String configured = System.getenv("XDG_CACHE_HOME");
    Path base =
        configured == null || configured.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(configured);
    return base.resolve("ablate");
  }
}
