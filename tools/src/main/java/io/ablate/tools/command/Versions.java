package io.ablate.tools.command;

import org.jspecify.annotations.Nullable;

/** Versions as the jars' manifests state them. */
final class Versions {
  private Versions() {}

  static String ablate() {
    return of(Versions.class);
  }

  /** The implementation version of the jar that holds {@code type}. */
  static String of(Class<?> type) {
    @Nullable String version = type.getPackage().getImplementationVersion();
    return version == null ? "unknown (not from a jar)" : version;
  }
}
