package io.ablate.linalg;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** Finds the implementations of {@link LinearAlgebra} on the classpath. */
public final class LinearAlgebras {
  /** Asks for the usable implementation of the highest rank. */
  public static final String AUTO = "auto";

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

  /**
   * The implementation of that name, or the best usable one for {@link #AUTO}.
   *
   * @throws UsageException if no implementation has that name
   * @throws BadInputException if it cannot be used here
   */
  public static LinearAlgebra select(String name) {
    List<LinearAlgebraProvider> providers = providers();
    for (LinearAlgebraProvider provider : providers) {
      if (name.equals(AUTO) && provider.whyUnusable().isEmpty()) {
        return provider.create();
      }
      if (name.equals(provider.name())) {
        Optional<String> why = provider.whyUnusable();
        if (why.isPresent()) {
          throw new BadInputException(
              Problem.of("linear algebra backend cannot be used").at(name).found(why.get()));
        }
        return provider.create();
      }
    }
    throw new UsageException(
        Problem.of("unknown linear algebra backend")
            .expected(
                AUTO
                    + ", "
                    + String.join(
                        ", ", providers.stream().map(LinearAlgebraProvider::name).toList()))
            .found(name));
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
    public Optional<String> whyUnusable() {
      return Optional.empty();
    }

    @Override
    public LinearAlgebra create() {
      return new EjmlLinearAlgebra();
    }
  }
}
