package io.ablate.base;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Something that may compute here or not. Constructing a provider must neither load native code nor
 * fail.
 */
public interface BackendProvider {
  /** For options, manifests and reports. */
  String name();

  /** The usable provider of the highest rank is preferred; the reference has rank 0. */
  int rank();

  /**
   * Why it cannot be used here, and what mends that; empty if it can. The first call may probe
   * (load libraries); later calls are cheap.
   */
  Optional<Problem> whyUnusable();

  /**
   * Whether somebody may expect it to be used here, so that taking another is worth a word; asked
   * only where {@link #whyUnusable()} is not empty.
   */
  default boolean isExpected() {
    return true;
  }

  /** Version of the library that computes; asked only where {@link #whyUnusable()} is empty. */
  String version();

  /**
   * All providers of a kind that the engine's own class loader sees, the preferred first. The
   * calling thread's may be another: in a container, or on a thread of a pool.
   *
   * @param reference always among them
   */
  static <P extends BackendProvider> List<P> all(Class<P> kind, P reference) {
    List<P> providers = new ArrayList<>();
    ServiceLoader.load(kind, BackendProvider.class.getClassLoader()).forEach(providers::add);
    providers.add(reference);
    providers.sort(
        Comparator.<P>comparingInt(BackendProvider::rank)
            .reversed()
            .thenComparing(BackendProvider::name));
    return providers;
  }
}
