package io.ablate.tools.command;

import io.ablate.backend.Backends;
import io.ablate.backend.Selection;
import io.ablate.linalg.LinearAlgebra;
import picocli.CommandLine.Option;

/** Which matrix backend the fits use. */
final class LinalgOption {
  @Option(
      names = "--linalg",
      order = 70,
      paramLabel = "NAME",
      defaultValue = Backends.AUTO,
      description = "auto, ejml or openblas (default: auto).")
  private String name = Backends.AUTO;

  Selection<LinearAlgebra> select(int threads) {
    return Backends.linearAlgebra(name, threads);
  }
}
