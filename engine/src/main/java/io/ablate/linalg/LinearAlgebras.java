package io.ablate.linalg;

import io.ablate.base.Problem;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** Finds the implementations of {@link LinearAlgebra} on the class path. */
public final class LinearAlgebras {
  private LinearAlgebras() {}

  /** All providers, the preferred first; the EJML reference is always among them. */
  public static List<LinearAlgebraProvider> providers() {
    List<LinearAlgebraProvider> providers = new ArrayList<>();
    ServiceLoader.load(LinearAlgebraProvider.class).forEach(providers::add);
    providers.add(new Reference());
    providers.sort(
        Comparator.comparingInt(LinearAlgebraProvider::rank)
            .reversed()
            .thenComparing(LinearAlgebraProvider::name));
    return providers;
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
