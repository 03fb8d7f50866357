package io.ablate.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.Json;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraProvider;
import io.ablate.linalg.LinearAlgebras;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Linear algebra is what was asked for, or the reference and why. */
@Isolated("standard error is redirected")
class BackendsTest {
  private static final Problem MISSING =
      Problem.of("library not on the class path").at("libfast.so").remedy("add the fast jar");

  @Test
  void shouldFallBackOnTheReferenceWhereNothingElseIsPresent() {
    Selection<LinearAlgebra> selection = Backends.linearAlgebra("auto", 1);
    assertThat(selection.backend().name()).isEqualTo("ejml");
    assertThat(selection.role().rejected()).isEmpty();
    assertThat(selection.role().version()).startsWith("EJML 0.");
  }

  @Test
  void shouldPreferTheFirstUsableProvider() {
    Selection<LinearAlgebra> selection =
        Backends.linearAlgebra("auto", 1, with(provider("quick", null)));
    assertThat(selection.role().chosen()).isEqualTo("quick");
    assertThat(selection.role().requested()).isEqualTo("auto");
    assertThat(Backends.linearAlgebra("ejml", 1, with(provider("quick", null))).role().chosen())
        .isEqualTo("ejml");
  }

  @Test
  void shouldSayOnceWhyAutoFellBack() {
    PrintStream standardError = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    Selection<LinearAlgebra> selection;
    System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      selection = Backends.linearAlgebra("auto", 1, with(provider("fast", MISSING)));
      Backends.linearAlgebra("auto", 1, with(provider("fast", MISSING)));
    } finally {
      System.setErr(standardError);
    }
    assertThat(captured.toString(StandardCharsets.UTF_8))
        .containsOnlyOnce(
            "ejml instead of fast: library not on the class path: libfast.so; add the fast jar");
    assertThat(selection.role().chosen()).isEqualTo("ejml");
    assertThat(selection.role().rejected())
        .containsExactly(
            new BackendReport.Rejected(
                "fast", "library not on the class path: libfast.so", "add the fast jar"));
  }

  @Test
  void shouldNotFallBackFromARequestedBackend() {
    assertThatThrownBy(() -> Backends.linearAlgebra("fast", 1, with(provider("fast", MISSING))))
        .isInstanceOfSatisfying(BadInputException.class, e -> assertThat(e.exitCode()).isEqualTo(3))
        .hasMessage(
            "backend fast cannot be used: library not on the class path: libfast.so;"
                + " add the fast jar");
  }

  @Test
  void shouldListTheKnownNamesForAnUnknownOne() {
    assertThatThrownBy(() -> Backends.linearAlgebra("nag", 1))
        .isInstanceOf(UsageException.class)
        .hasMessage("unknown backend for linear algebra; expected auto, ejml, found nag");
  }

  @Test
  void shouldRefuseNoThreads() {
    assertThatThrownBy(() -> Backends.linearAlgebra("auto", 0))
        .isInstanceOf(UsageException.class)
        .hasMessage("impossible number of threads: --threads; expected at least 1, found 0");
  }

  @Test
  void shouldSurviveJson() {
    BackendReport report =
        BackendReport.of(
            Backends.linearAlgebra("auto", 1, with(provider("absent", MISSING))).role());
    String json = Json.write(report);
    assertThat(json).contains("\"chosen\" : \"ejml\"", "\"processors\" : ");
    assertThat(Json.mapper().convertValue(Json.mapper().valueToTree(report), BackendReport.class))
        .isEqualTo(report);
  }

  private static List<LinearAlgebraProvider> with(LinearAlgebraProvider first) {
    List<LinearAlgebraProvider> providers = new ArrayList<>(List.of(first));
    providers.addAll(LinearAlgebras.providers());
    return providers;
  }

  private static LinearAlgebraProvider provider(String name, @Nullable Problem problem) {
    return new LinearAlgebraProvider() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public int rank() {
        return 1;
      }

      @Override
      public Optional<Problem> whyUnusable() {
        return Optional.ofNullable(problem);
      }

      @Override
      public String version() {
        return "1";
      }

      @Override
      public LinearAlgebra create(int threads) {
        return new EjmlLinearAlgebra();
      }
    };
  }
}
