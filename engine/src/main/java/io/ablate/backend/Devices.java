package io.ablate.backend;

import io.ablate.base.BadInputException;
import io.ablate.base.DeviceProvider;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.forward.ForwardBackendProvider;
import io.ablate.forward.ForwardBackends;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The devices that can be asked for, and whether they can be used here. Thread-safe. */
public final class Devices {
  private Devices() {}

  /** Devices that can be asked for besides the processor, usable or not. */
  public static List<DeviceProvider> providers() {
    return ServiceLoader.load(DeviceProvider.class, Devices.class.getClassLoader()).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /**
   * Checks that a device is there and usable, whatever is to run on it.
   *
   * @param device {@code "auto"}, {@code "cpu"}, {@code "cuda"} or {@code "cuda:INDEX"}
   * @throws UsageException if there is no such device
   * @throws BadInputException if it cannot be used here; the message says what is missing
   */
  public static void require(String device) {
    require(device, providers());
  }

  static void require(String device, List<DeviceProvider> devices) {
    require(device, whyUnusable(DevicePlace.of(device), devices));
  }

  /**
   * Checks that passes can run on a device.
   *
   * @param device as {@link #require} takes it
   * @throws UsageException if there is no such device
   * @throws BadInputException if it cannot be used here; the message names the first thing that is
   *     missing
   */
  public static void requirePasses(String device) {
    requirePasses(device, providers(), ForwardBackends.providers());
  }

  static void requirePasses(
      String device, List<DeviceProvider> devices, List<ForwardBackendProvider> backends) {
    DevicePlace place = DevicePlace.of(device);
    require(device, whyUnusable(place, devices).or(() -> passesMissing(place, backends)));
  }

  private static void require(String device, Optional<Problem> problem) {
    if (problem.isPresent()) {
      throw new BadInputException(
          Problem.of("device " + device + " cannot be used: " + problem.get().message()));
    }
  }

  private static Optional<Problem> whyUnusable(DevicePlace place, List<DeviceProvider> devices) {
    if (place.isProcessor()) {
      return Optional.empty();
    }
    return devices.stream()
        .filter(provider -> provider.name().equals(place.kind()))
        .findFirst()
        .map(provider -> provider.whyUnusable(place.index()))
        .orElseGet(
            () ->
                Optional.of(
                    Problem.of("no backend for it in this build")
                        .remedy(DevicePlace.ON_THE_PROCESSOR)));
  }

  private static Optional<Problem> passesMissing(
      DevicePlace place, List<ForwardBackendProvider> backends) {
    if (place.isProcessor()) {
      return Optional.empty();
    }
    return backends.stream()
        .filter(place::isOf)
        .findFirst()
        .map(backend -> backend.whyUnusable(place.index()))
        .orElseGet(
            () ->
                Optional.of(
                    Problem.of("this version runs no passes on it")
                        .remedy(DevicePlace.ON_THE_PROCESSOR)));
  }

  /** The INDEX of {@code cuda:INDEX}; where it is left out, those of all devices like the first. */
  static List<Integer> indices(String device, DeviceProvider provider) {
    DevicePlace place = DevicePlace.of(device);
    return place.alone() ? List.of(place.index()) : provider.alike(place.index());
  }
}
