package io.ablate.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.DeviceProvider;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.FitDeviceProvider;
import io.ablate.estimate.LassoFold;
import io.ablate.estimate.LassoSolver;
import io.ablate.estimate.NetworkStart;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.estimate.SparseRows;
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
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Fits go where they were sent, and say where they went. */
@Isolated("standard error is redirected")
class FitBackendsTest {
  private static final Problem BROKEN = Problem.of("on fire").remedy("fetch water");
  private static final Devices SECOND = new Devices(List.of(false, true, true), true);

  /** Devices, of which some can be used. */
  private record Devices(List<Boolean> usable, boolean isExpected) implements FitDeviceProvider {
    @Override
    public String name() {
      return "cuda";
    }

    @Override
    public int rank() {
      return 2;
    }

    /** The first is not. */
    @Override
    public boolean isFastInDouble(int index) {
      return index > 0;
    }

    @Override
    public Optional<Problem> whyUnusable() {
      return usable.contains(true) ? Optional.empty() : Optional.of(BROKEN);
    }

    @Override
    public Optional<Problem> whyUnusable(int index) {
      return usable.get(index) ? Optional.empty() : Optional.of(BROKEN);
    }

    @Override
    public List<String> devices() {
      List<String> all = new ArrayList<>();
      usable.forEach(any -> all.add("number " + all.size()));
      return all;
    }

    @Override
    public String version() {
      return "driver 1";
    }

    @Override
    public LinearAlgebraProvider algebra(int index) {
      return new Algebra(this, index);
    }

    @Override
    public NetworkTrainer networks(List<Integer> indices) {
      return new Networks(indices);
    }

    @Override
    public LassoSolver lasso(List<Integer> indices) {
      return new Lassos(indices);
    }

    @Override
    public List<Integer> alike(int index) {
      return IntStream.range(index, usable.size()).filter(usable::get).boxed().toList();
    }
  }

  private record Algebra(Devices devices, int index) implements LinearAlgebraProvider {
    @Override
    public String name() {
      return "cuda";
    }

    @Override
    public int rank() {
      return 2;
    }

    @Override
    public Optional<Problem> whyUnusable() {
      return devices.whyUnusable(index);
    }

    @Override
    public boolean isExpected() {
      return devices.isExpected();
    }

    @Override
    public String version() {
      return "number " + index;
    }

    @Override
    public LinearAlgebra create(int threads) {
      return new EjmlLinearAlgebra();
    }
  }

  private record Networks(List<Integer> indices) implements NetworkTrainer {
    @Override
    public String name() {
      return "cuda";
    }

    @Override
    public int examplesTogether(int examples, int usual, long floats) {
      return usual;
    }

    @Override
    public int callsAtOnce(int threads) {
      return 1;
    }

    @Override
    public AdamNetworks adam(SparseRows rows, float[][] target, NetworkStart start, float rate) {
      throw new UnsupportedOperationException();
    }

    @Override
    public RegularisedNetworks pathNorm(SparseRows rows, float[][] target, double[][] scale) {
      throw new UnsupportedOperationException();
    }
  }

  private record Lassos(List<Integer> indices) implements LassoSolver {
    @Override
    public String name() {
      return "cuda";
    }

    @Override
    public int examplesTogether(int examples, long bytes) {
      return 1;
    }

    @Override
    public int callsAtOnce(int threads) {
      return 1;
    }

    @Override
    public Rows rows(List<LassoFold> folds) {
      throw new UnsupportedOperationException();
    }
  }

  private static FitBackends select(String device, String linalg, Devices devices) {
    List<LinearAlgebraProvider> algebras = new ArrayList<>(LinearAlgebras.providers());
    algebras.addFirst(new Algebra(devices, devices.usable().indexOf(true) < 0 ? 0 : 1));
    return FitBackends.select(device, linalg, 1, List.<DeviceProvider>of(devices), algebras);
  }

  @Test
  void shouldRunOnTheDeviceThatWasAskedFor() {
    FitBackends fits = select("cuda:2", "auto", SECOND);
    assertThat(fits.algebra().role().version()).isEqualTo("number 2");
    assertThat(fits.networks().backend()).isEqualTo(new Networks(List.of(2)));
    assertThat(fits.networks().role())
        .isEqualTo(
            new BackendReport.Role("networks", "cuda:2", "cuda", "number 2, driver 1", List.of()));
    assertThat(fits.device()).isEqualTo("number 2, driver 1");
    FitContext context = fits.context(5, Progress.NONE, 3);
    assertThat(context.networks()).isEqualTo(new Networks(List.of(2)));
    assertThat(context.lasso()).isEqualTo(new Lassos(List.of(2)));
    assertThat(context.quiet().networks()).isEqualTo(new Networks(List.of(2)));
    assertThat(context.quiet().lasso()).isEqualTo(new Lassos(List.of(2)));
    assertThat(context.seed()).isEqualTo(5);
    assertThat(select("cuda:2", "ejml", SECOND).algebra().role().chosen()).isEqualTo("ejml");
    assertThatThrownBy(() -> select("cuda", "auto", SECOND))
        .isInstanceOf(BadInputException.class)
        .hasMessage("device cuda cannot be used: on fire; fetch water");
  }

  @Test
  void shouldTakeAllDevicesLikeTheFirstWhereNoneIsNumbered() {
    Devices two = new Devices(List.of(true, false, true), true);
    FitBackends fits = select("cuda", "ejml", two);
    assertThat(fits.networks().backend()).isEqualTo(new Networks(List.of(0, 2)));
    assertThat(fits.lasso()).isEqualTo(new Lassos(List.of(0, 2)));
    assertThat(select("cuda:0", "ejml", two).lasso()).isEqualTo(new Lassos(List.of(0)));
  }

  @Test
  void shouldTakeTheFirstDeviceThatCanBeUsedWhereNoneWasNamed() {
    FitBackends fits = select("auto", "auto", SECOND);
    assertThat(fits.algebra().role().chosen()).isEqualTo("cuda");
    assertThat(fits.networks().backend()).isEqualTo(new Networks(List.of(1, 2)));
    assertThat(fits.device()).isEqualTo("number 1 and 1 like it, driver 1");
  }

  @Test
  void shouldLeaveLinearAlgebraToTheHostWhereTheDeviceIsSlowInDouble() {
    Devices slow = new Devices(List.of(true), true);
    FitBackends fits =
        FitBackends.select(
            "auto", "auto", 1, List.<DeviceProvider>of(slow), LinearAlgebras.providers());
    assertThat(fits.algebra().role().chosen()).isEqualTo("ejml");
    assertThat(fits.networks().backend()).isEqualTo(new Networks(List.of(0)));
    FitBackends fast =
        FitBackends.select(
            "auto", "auto", 1, List.<DeviceProvider>of(SECOND), LinearAlgebras.providers());
    assertThat(fast.algebra().role().version()).isEqualTo("number 1");
  }

  @Test
  void shouldStayOnTheProcessorWhereThatWasAskedFor() {
    FitBackends fits = select("cpu", "auto", SECOND);
    assertThat(fits.algebra().role().chosen()).isEqualTo("ejml");
    assertThat(fits.networks().backend()).isSameAs(NetworkTrainer.reference());
    assertThat(fits.lasso()).isSameAs(LassoSolver.reference());
    assertThat(fits.device()).isEqualTo("cpu");
    assertThatThrownBy(() -> select("cpu", "cuda", SECOND))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--linalg cuda")
        .hasMessageContaining("--device cpu");
  }

  @Test
  void shouldSayThatADeviceWasPassedOverOnlyWhereOneIsExpected() {
    assertThat(said(new Devices(List.of(false), false))).isEmpty();
    assertThat(said(new Devices(List.of(false), true))).containsOnlyOnce("on fire; fetch water");
  }

  private static String said(Devices devices) {
    PrintStream standardError = System.err;
    ByteArrayOutputStream captured = new ByteArrayOutputStream();
    FitBackends fits;
    System.setErr(new PrintStream(captured, true, StandardCharsets.UTF_8));
    try {
      select("auto", "auto", devices);
      fits = select("auto", "auto", devices);
    } finally {
      System.setErr(standardError);
    }
    assertThat(fits.algebra().role().chosen()).isEqualTo("ejml");
    assertThat(fits.networks().role().chosen()).isEqualTo("java");
    assertThat(fits.networks().role().rejected()).hasSize(1);
    return captured.toString(StandardCharsets.UTF_8);
  }
}
