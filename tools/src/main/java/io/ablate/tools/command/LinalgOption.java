package io.ablate.tools.command;

import io.ablate.backend.Backends;
import io.ablate.backend.FitBackends;
import picocli.CommandLine.Option;

/** Which matrix backend the fits use. */
final class LinalgOption {
  @Option(
      names = "--linalg",
      order = 70,
      paramLabel = "NAME",
      defaultValue = Backends.AUTO,
      description = "auto, ejml, openblas or cuda (default: auto).")
  private String name = Backends.AUTO;

  /** What fits compute with, on the device that was asked for. */
  FitBackends select(CommonOptions common) {
    return FitBackends.select(common.device(), name, common.threads());
  }
}
