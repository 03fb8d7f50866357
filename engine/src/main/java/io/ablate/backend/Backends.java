package io.ablate.backend;

import io.ablate.backend.BackendReport.Rejected;
import io.ablate.backend.BackendReport.Role;
import io.ablate.base.BackendProvider;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.ForwardBackends;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraProvider;
import io.ablate.linalg.LinearAlgebras;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one place where backends are chosen. A backend asked for by name that cannot be used is an
 * error; only {@link #AUTO} falls back, and says so once. Thread-safe.
 */
public final class Backends {
  /** Asks for the best backend that can be used here. */
  public static final String AUTO = "auto";

  private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
  private static final Set<String> ALREADY_SAID = ConcurrentHashMap.newKeySet();

  private Backends() {}

  /**
   * Linear algebra by name, or the best usable for {@link #AUTO}.
   *
   * @param threads how many threads a call may use, at least 1
   * @throws UsageException if nothing has that name
   * @throws BadInputException if it cannot be used here
   */
  public static Selection<LinearAlgebra> linearAlgebra(String requested, int threads) {
    return linearAlgebra(requested, threads, LinearAlgebras.providers());
  }

  static Selection<LinearAlgebra> linearAlgebra(
      String requested, int threads, List<LinearAlgebraProvider> providers) {
    if (threads < 1) {
      throw new UsageException(
          Problem.of("impossible number of threads")
              .at("--threads")
              .expected("at least 1")
              .found(threads));
    }
    List<Rejected> rejected = new ArrayList<>();
    for (LinearAlgebraProvider provider : providers) {
      if (!requested.equals(AUTO) && !requested.equals(provider.name())) {
        continue;
      }
      Optional<Problem> problem = provider.whyUnusable();
      if (problem.isEmpty()) {
        rejected.stream()
            .filter(other -> isExpected(other, providers))
            .forEach(other -> sayOnce(other, provider.name()));
        return new Selection<>(
            requested.equals(AUTO) ? provider.createForAuto(threads) : provider.create(threads),
            new Role("linear-algebra", requested, provider.name(), provider.version(), rejected));
      }
      if (!requested.equals(AUTO)) {
        throw new BadInputException(
            Problem.of("backend " + requested + " cannot be used: " + problem.get().message()));
      }
      rejected.add(rejection(provider.name(), problem.get()));
    }
    throw new UsageException(
        Problem.of("unknown backend for linear algebra")
            .expected(
                providers.stream()
                    .map(LinearAlgebraProvider::name)
                    .collect(Collectors.joining(", ", AUTO + ", ", "")))
            .found(requested));
  }

  /**
   * What runs the passes of a model on whatever device: a backend by name, or the best that can run
   * it for {@link #AUTO}.
   *
   * @throws UsageException if nothing has that name
   * @throws BadInputException if it cannot be used here, or not for this model
   */
  public static Selection<ForwardBackend> forward(
      String requested, InstrumentedModel model, ForwardOptions options) {
    return forward(requested, AUTO, model, options);
  }

  /**
   * What runs the passes of a model on a device. Only {@code "auto"} as the device falls back.
   *
   * @param device as {@link Devices#require} takes it
   * @throws UsageException if nothing has that name, or what has it runs elsewhere
   * @throws BadInputException if it cannot be used there, or not for this model
   */
  public static Selection<ForwardBackend> forward(
      String requested, String device, InstrumentedModel model, ForwardOptions options) {
    return forward(requested, device, model, options, ForwardBackends.providers());
  }

  static Selection<ForwardBackend> forward(
      String requested,
      String device,
      InstrumentedModel model,
      ForwardOptions options,
      List<ForwardBackendProvider> providers) {
    requireForward(requested, providers);
    DevicePlace place = DevicePlace.of(device);
    List<Rejected> rejected = new ArrayList<>();
    for (ForwardBackendProvider provider : providers) {
      if (!requested.equals(AUTO) && !requested.equals(provider.name())) {
        continue;
      }
      if (!place.isOf(provider)) {
        if (!requested.equals(AUTO)) {
          throw new UsageException(
              Problem.of("backend " + requested + " runs on another device")
                  .at("--device")
                  .expected(provider.device())
                  .found(device));
        }
        continue;
      }
      Optional<Problem> problem = provider.whyUnusable(place.index());
      if (problem.isEmpty()) {
        ForwardBackend backend = place.alone() ? provider.create(place.index()) : provider.create();
        problem = backend.whyNot(model, options);
        if (problem.isEmpty()) {
          rejected.stream()
              .filter(other -> isExpected(other, providers))
              .forEach(other -> sayOnce(other, provider.name()));
          return new Selection<>(
              backend,
              new Role("forward", requested, provider.name(), backend.version(), rejected));
        }
      }
      if (!requested.equals(AUTO)) {
        throw new BadInputException(
            Problem.of("backend " + requested + " cannot be used: " + problem.get().message()));
      }
      rejected.add(rejection(provider.name(), problem.get()));
    }
    // The processor has the reference, which is never rejected in float32.
    boolean rounded = options.precision() != Precision.FP32;
    throw new BadInputException(
        Problem.of(
                "no backend runs the model's passes"
                    + (rounded ? " in " + options.precision().label() : "")
                    + " on device "
                    + device)
            .found(
                rejected.isEmpty()
                    ? "no backend for it in this build"
                    : rejected.stream()
                        .map(other -> other.name() + ": " + other.why())
                        .collect(Collectors.joining("; ")))
            .remedy(
                rounded
                    ? "use --precision auto to take what is there"
                    : DevicePlace.ON_THE_PROCESSOR));
  }

  /**
   * Checks the name of a backend for passes.
   *
   * @throws UsageException if nothing has that name
   */
  public static void requireForward(String requested) {
    requireForward(requested, ForwardBackends.providers());
  }

  private static void requireForward(String requested, List<ForwardBackendProvider> providers) {
    List<String> names = providers.stream().map(ForwardBackendProvider::name).toList();
    if (!requested.equals(AUTO) && !names.contains(requested)) {
      throw new UsageException(
          Problem.of("unknown backend for forward passes")
              .expected(AUTO + ", " + String.join(", ", names))
              .found(requested));
    }
  }

  /** Whether one that was rejected is worth a word. */
  private static boolean isExpected(Rejected rejected, List<? extends BackendProvider> providers) {
    return providers.stream()
        .filter(provider -> provider.name().equals(rejected.name()))
        .anyMatch(BackendProvider::isExpected);
  }

  static Rejected rejection(String name, Problem problem) {
    Problem why =
        new Problem(problem.what(), problem.where(), problem.expected(), problem.found(), null);
    return new Rejected(name, why.message(), problem.remedy());
  }

  static void sayOnce(Rejected rejected, String chosen) {
    if (ALREADY_SAID.add(rejected.name())) {
      LOG.info(
          "{} instead of {}: {}{}",
          chosen,
          rejected.name(),
          rejected.why(),
          rejected.remedy() == null ? "" : "; " + rejected.remedy());
    }
  }
}
