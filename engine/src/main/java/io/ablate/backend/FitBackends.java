package io.ablate.backend;

import io.ablate.backend.BackendReport.Rejected;
import io.ablate.backend.BackendReport.Role;
import io.ablate.base.DeviceProvider;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.base.UsageException;
import io.ablate.estimate.FitContext;
import io.ablate.estimate.FitDeviceProvider;
import io.ablate.estimate.LassoSolver;
import io.ablate.estimate.NetworkTrainer;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.linalg.LinearAlgebraProvider;
import io.ablate.linalg.LinearAlgebras;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What fits compute with: linear algebra on one device, networks and lassos there or on all like
 * it. Thread-safe.
 *
 * @param algebra with the account of its choice
 * @param networks likewise
 * @param lasso where the networks are
 */
public record FitBackends(
    Selection<LinearAlgebra> algebra, Selection<NetworkTrainer> networks, LassoSolver lasso) {
  private static final String CPU = "cpu";
  private static final String NETWORKS = "networks";

  /**
   * Chooses by device and by name.
   *
   * @param device {@code "auto"}, {@code "cpu"}, {@code "cuda"}, which is all devices like the
   *     first, or {@code "cuda:INDEX"}; auto takes the first device that can be used, and the
   *     processor where there is none
   * @param linalg {@code "auto"} or the name of a backend for linear algebra
   * @param threads how many threads a call may use, at least 1
   * @throws UsageException if there is no such device or backend, or the two exclude each other
   * @throws io.ablate.base.BadInputException if what was asked for by name cannot be used here
   */
  public static FitBackends select(String device, String linalg, int threads) {
    return select(device, linalg, threads, Devices.providers(), LinearAlgebras.providers());
  }

  static FitBackends select(
      String device,
      String linalg,
      int threads,
      List<DeviceProvider> devices,
      List<LinearAlgebraProvider> algebras) {
    Devices.require(device, devices);
    if (device.equals(CPU)) {
      if (devices.stream().anyMatch(other -> other.name().equals(linalg))) {
        throw new UsageException(
            Problem.of("linear algebra of a device, but not the device")
                .at("--linalg " + linalg)
                .found("--device cpu")
                .remedy("leave one of the two out"));
      }
      return java(
          Backends.linearAlgebra(linalg, threads, ofProcessor(devices, algebras)),
          device,
          List.of());
    }
    if (device.equals(Backends.AUTO)) {
      return onAnyDevice(linalg, threads, devices, algebras);
    }
    FitDeviceProvider provider =
        fitting(devices).stream()
            .filter(other -> device.split(":", 2)[0].equals(other.name()))
            .findFirst()
            .orElseThrow(
                () ->
                    new UsageException(
                        Problem.of("no fits run on this device").at("--device").found(device)));
    List<Integer> indices = Devices.indices(device, provider);
    List<LinearAlgebraProvider> withDevice = new ArrayList<>(ofProcessor(devices, algebras));
    withDevice.addFirst(provider.algebra(indices.getFirst()));
    return onDevice(Backends.linearAlgebra(linalg, threads, withDevice), device, provider, indices);
  }

  private static List<LinearAlgebraProvider> ofProcessor(
      List<DeviceProvider> devices, List<LinearAlgebraProvider> algebras) {
    return algebras.stream()
        .filter(algebra -> devices.stream().noneMatch(d -> d.name().equals(algebra.name())))
        .toList();
  }

  private static FitBackends onAnyDevice(
      String linalg,
      int threads,
      List<DeviceProvider> devices,
      List<LinearAlgebraProvider> algebras) {
    List<Rejected> rejected = new ArrayList<>();
    for (FitDeviceProvider provider : fitting(devices)) {
      Optional<Problem> problem = provider.whyUnusable();
      if (problem.isEmpty()) {
        int index =
            IntStream.range(0, provider.devices().size())
                .filter(i -> provider.whyUnusable(i).isEmpty())
                .findFirst()
                .orElseThrow();
        List<LinearAlgebraProvider> candidates = new ArrayList<>(algebras);
        if (provider.isFastInDouble(index)) {
          candidates.removeIf(algebra -> algebra.name().equals(provider.name()));
          candidates.addFirst(provider.algebra(index));
        }
        return onDevice(
            Backends.linearAlgebra(linalg, threads, candidates),
            Backends.AUTO,
            provider,
            provider.alike(index));
      }
      Rejected other = Backends.rejection(provider.name(), problem.get());
      rejected.add(other);
      if (provider.isExpected()) {
        Backends.sayOnce(other, CPU);
      }
    }
    return java(Backends.linearAlgebra(linalg, threads, algebras), Backends.AUTO, rejected);
  }

  private static List<FitDeviceProvider> fitting(List<DeviceProvider> devices) {
    return devices.stream()
        .filter(FitDeviceProvider.class::isInstance)
        .map(FitDeviceProvider.class::cast)
        .toList();
  }

  private static FitBackends onDevice(
      Selection<LinearAlgebra> algebra,
      String requested,
      FitDeviceProvider provider,
      List<Integer> indices) {
    NetworkTrainer trainer = provider.networks(indices);
    Role role =
        new Role(NETWORKS, requested, trainer.name(), version(provider, indices), List.of());
    return new FitBackends(algebra, new Selection<>(trainer, role), provider.lasso(indices));
  }

  private static FitBackends java(
      Selection<LinearAlgebra> algebra, String requested, List<Rejected> rejected) {
    NetworkTrainer trainer = NetworkTrainer.reference();
    String version = "Java " + Runtime.version().feature();
    Role role = new Role(NETWORKS, requested, trainer.name(), version, rejected);
    return new FitBackends(algebra, new Selection<>(trainer, role), LassoSolver.reference());
  }

  private static String version(FitDeviceProvider provider, List<Integer> indices) {
    String others = indices.size() == 1 ? "" : " and " + (indices.size() - 1) + " like it";
    return provider.devices().get(indices.getFirst()) + others + ", " + provider.version();
  }

  /** Where networks are trained: {@code "cpu"}, or a device with its name and driver. */
  public String device() {
    return networks.backend().equals(NetworkTrainer.reference()) ? CPU : networks.role().version();
  }

  /** What a fit may use. */
  public FitContext context(long seed, Progress progress, int threads) {
    return new FitContext(algebra.backend(), seed, progress, threads, networks.backend(), lasso);
  }
}
