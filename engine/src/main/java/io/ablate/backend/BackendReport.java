package io.ablate.backend;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What computes: for manifests, reports and {@code ablate doctor}. A plain value that {@link
 * io.ablate.base.Json} writes and reads.
 *
 * @param roles one entry per kind of work: linear algebra, networks, forward passes
 * @param environment Java, operating system, processors
 */
public record BackendReport(List<Role> roles, Environment environment) {
  public BackendReport {
    roles = List.copyOf(roles);
  }

  /** The roles, with the environment of this process. */
  public static BackendReport of(Role... roles) {
    return new BackendReport(List.of(roles), Environment.current());
  }

  /**
   * @param name {@code "linear-algebra"}, {@code "networks"} or {@code "forward"}
   * @param requested what was asked for, {@code "auto"} included
   * @param chosen the backend's name
   * @param version of the library that computes
   * @param rejected those preferred or asked for that cannot be used here
   */
  public record Role(
      String name, String requested, String chosen, String version, List<Rejected> rejected) {
    public Role {
      rejected = List.copyOf(rejected);
    }

    /** As a manifest keeps it. */
    public Map<String, Object> report() {
      return Map.of(
          "requested",
          requested,
          "chosen",
          chosen,
          "rejected",
          rejected.stream()
              .map(other -> Map.of("name", (Object) other.name(), "why", other.why()))
              .toList());
    }
  }

  /**
   * @param name the backend
   * @param why what stands in its way
   * @param remedy what mends that; null if nothing does
   */
  public record Rejected(String name, String why, @Nullable String remedy) {}

  /**
   * @param java version and vendor of the running Java
   * @param operatingSystem name and version
   * @param architecture the processor's, in Java's words
   * @param processors how many this process may use
   */
  public record Environment(
      String java, String operatingSystem, String architecture, int processors) {
    static Environment current() {
      return new Environment(
          Runtime.version() + " (" + System.getProperty("java.vendor") + ")",
          System.getProperty("os.name") + " " + System.getProperty("os.version"),
          System.getProperty("os.arch"),
          Runtime.getRuntime().availableProcessors());
    }
  }
}
