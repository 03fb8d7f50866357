package io.ablate.openblas;

import io.ablate.base.Problem;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraProvider;
import java.util.Optional;

/** Offers OpenBLAS to the engine. The library is looked for at the first question about it. */
public final class OpenBlasProvider implements LinearAlgebraProvider {
  @Override
  public String name() {
    return "openblas";
  }

  @Override
  public int rank() {
    return 100;
  }

  @Override
  public Optional<Problem> whyUnusable() {
    return Optional.ofNullable(OpenBlasNative.problem());
  }

  @Override
  public String version() {
    return OpenBlasNative.config();
  }

  @Override
  public LinearAlgebra create(int threads) {
    return new OpenBlasLinearAlgebra(threads);
  }
}
