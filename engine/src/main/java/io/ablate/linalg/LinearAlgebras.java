package io.ablate.linalg;

import io.ablate.base.BackendProvider;
import io.ablate.base.Problem;
import java.util.List;
import java.util.Optional;

/** Finds the implementations of {@link LinearAlgebra} on the class path. */
public final class LinearAlgebras {
  private LinearAlgebras() {}

  /** All providers, the preferred first; the EJML reference is always among them. */
  public static List<LinearAlgebraProvider> providers() {
    return BackendProvider.all(LinearAlgebraProvider.class, new Reference());
  }

  private static final class Reference implements LinearAlgebraProvider {
    @Override
    public String name() {
      return "ejml";
    }

    @Override
    public int rank() {
      return 0;
    }

    @Override
    public Optional<Problem> whyUnusable() {
      return Optional.empty();
    }

    @Override
    public String version() {
      return "EJML " + org.ejml.EjmlVersion.VERSION;
    }

    @Override
    public LinearAlgebra create(int threads) {
      return new EjmlLinearAlgebra();
    }
  }
}
