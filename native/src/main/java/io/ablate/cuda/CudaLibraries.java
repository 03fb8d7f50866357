package io.ablate.cuda;

import static io.ablate.nativelib.LibraryFile.bundled;

import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.nativelib.FetchedLibraries;
import io.ablate.nativelib.FetchedLibraries.Artifact;
import io.ablate.nativelib.LibraryUnavailableException;
import io.ablate.nativelib.Platform;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The libraries of CUDA 12 and cuDNN 9 that ONNX Runtime's CUDA provider needs: the system's, if it
 * has them all, else those that were fetched into the cache, all of them, so that versions do not
 * mix. They are NVIDIA's and come under NVIDIA's terms: only the user's own command fetches them.
 * Thread-safe.
 */
public final class CudaLibraries {
  /** Whose they are and under which terms. */
  public static final String TERMS =
      "CUDA's and cuDNN's libraries are NVIDIA's. By fetching them you take them under its terms,"
          + " which are not in the archives: the CUDA Toolkit End User License Agreement"
          + " (docs.nvidia.com/cuda/eula) and the cuDNN Software License Agreement"
          + " (docs.nvidia.com/deeplearning/cudnn). Ablate does not pass them on.";

  /** Bytes that are downloaded and kept. */
  static final long DOWNLOADED = 2_388_960_967L;

  static final long KEPT = 1_747_758_848L;

  /**
   * A library as the system's loader takes it.
   *
   * @param function of a version that is new enough; null if any will do
   */
  record SystemLibrary(String name, @Nullable String function) {}

  /**
   * What the provider of ONNX Runtime 1.29.0 is linked against, and cuDNN, which it opens by
   * itself. It calls a function that CUDA 12.6 lacks and 12.9 has.
   */
  private static final List<SystemLibrary> NEEDED =
      List.of(
          new SystemLibrary("libcudart.so.12", "cudaLibraryLoadData"),
          new SystemLibrary("libcublasLt.so.12", null),
          new SystemLibrary("libcublas.so.12", null),
          new SystemLibrary("libcurand.so.10", null),
          new SystemLibrary("libcudnn.so.9", null));

  /** For messages. */
  private static final String PROVIDER = "a library that ONNX Runtime's CUDA provider needs";

  private static final String FOLDER = "org/bytedeco/cuda/linux-x86_64";

  /**
   * CUDA's runtime of 12.9, for what the provider needs of it is not in 12.6; cuBLAS of 12.6 and
   * cuDNN 9.5, which have all that it needs. cuDNN opens its parts, and the compiler that it uses,
   * by name: loaded before, they are found.
   */
  private static final List<Artifact> ARTIFACTS =
      List.of(
          new Artifact(
              "org.bytedeco:cuda-redist:12.9-9.10-1.5.12:jar:linux-x86_64",
              FOLDER,
              List.of(
                  bundled(
                      "libcudart.so.12",
                      "256e6409e4f06f618e1fb53d4844a6b81cdded1013afa8ade40c22f99eb133b7"),
                  bundled(
                      "libcurand.so.10",
                      "ab8c07338fa663c018b16df5b3f3878c84aaae98bda930e9e8bad340427b0faa"),
                  bundled(
                      "libnvrtc-builtins.so.12.9",
                      "6507cf33450cfb22970c2c1e7aa8e7c0a33e39d864720277b05f61a92791e2e8"),
                  bundled(
                      "libnvrtc.so.12",
                      "c3430e8b6b0d8d3a74f5f839118a85e13e3ad6e4d6203ea1b6a27a0c0b4fe10a"))),
          new Artifact(
              "org.bytedeco:cuda:12.6-9.5-1.5.11:jar:linux-x86_64-redist",
              FOLDER,
              List.of(
                  bundled(
                      "libcublasLt.so.12",
                      "dd8e52dba3944b07d9d264c0bb58a27cbb96ec3ce8979c51d75d5de893d02a8e"),
                  bundled(
                      "libcublas.so.12",
                      "ba1f6659accd9dddfd434f90a8cae7f0cd750fa8302c5125b94e17783b4e9944"),
                  bundled(
                      "libcudnn_graph.so.9",
                      "6f390b6c078a22e32e7adcbfb3fb24dce482623d51d9be258b41bdcdd1ab7bd5"),
                  bundled(
                      "libcudnn_ops.so.9",
                      "82e966fdb3e3bcaff7a3878ac43e6201b2e5f37668668b5e68901615dac55610"),
                  bundled(
                      "libcudnn_cnn.so.9",
                      "a2f6cf8c921b1f823d7011831255abf095f01c4f0043995147670a41cee3ef9b"),
                  bundled(
                      "libcudnn_adv.so.9",
                      "4da37b8c261e66beef9278e38a2fb1c39cfe707e41cbd9a48da8f4f8edc8ea03"),
                  bundled(
                      "libcudnn_heuristic.so.9",
                      "c1ae60fd1dabe11fe1157a856c69e937e13a4fe87b231e80cc8c6926090c803b"),
                  bundled(
                      "libcudnn_engines_precompiled.so.9",
                      "c578e8a9c5f77a62440d5c53302c8076797c70fdb177f1a9d6b012a28c1ce4eb"),
                  bundled(
                      "libcudnn_engines_runtime_compiled.so.9",
                      "d7631f24df9626adcbb99bf8322476426f147f833de376e817f9b7b3f2f06999"),
                  bundled(
                      "libcudnn.so.9",
                      "cf06ffbd2c4343c3569c269adb48f280778e7105ce15037cdf044042b3c5e134"))));

  private static final CudaLibraries HERE =
      new CudaLibraries(Platform.current(), NEEDED, new FetchedLibraries("cuda", KEPT, ARTIFACTS));

  private final String platform;
  private final List<SystemLibrary> system;
  private final FetchedLibraries fetched;
  private boolean loaded;

  CudaLibraries(String platform, List<SystemLibrary> system, FetchedLibraries fetched) {
    this.platform = platform;
    this.system = List.copyOf(system);
    this.fetched = fetched;
  }

  /** Those of this process. Nothing is looked for yet. */
  public static CudaLibraries here() {
    return HERE;
  }

  /** Why they cannot be used here; empty if they are there. Loads nothing for good. */
  public Optional<Problem> whyUnusable() {
    if (!platform.equals("linux-x86_64")) {
      return Optional.of(Problem.of("no CUDA for this platform").at(platform));
    }
    Problem lacking = lacking();
    return lacking == null || fetched.isComplete() ? Optional.empty() : Optional.of(lacking);
  }

  /** Where they come from; asked only where they are there. */
  public String source() {
    return lacking() == null ? "the system's" : fetched.folder().toString();
  }

  /**
   * Loads them for the life of the process, once.
   *
   * @return why that cannot be; empty if they are loaded
   */
  public synchronized Optional<Problem> load() {
    if (loaded) {
      return Optional.empty();
    }
    Optional<Problem> problem = whyUnusable();
    if (problem.isPresent()) {
      return problem;
    }
    try {
      if (lacking() == null) {
        lookUp(system, PROVIDER, Arena.global());
      } else {
        fetched.load();
      }
      loaded = true;
      return Optional.empty();
    } catch (LibraryUnavailableException e) {
      return Optional.of(e.problem());
    }
  }

  /**
   * Loads cuBLAS alone for the life of the process: that which {@link #load} would, and where that
   * would load nothing, the system's.
   *
   * @return why that cannot be; empty if it is loaded
   */
  synchronized Optional<Problem> loadCublas() {
    if (loaded) {
      return Optional.empty();
    }
    if (lacking() != null && fetched.isComplete()) {
      try {
        fetched.load(file -> isCublas(file.name()));
        return Optional.empty();
      } catch (LibraryUnavailableException e) {
        return Optional.of(e.problem());
      }
    }
    List<SystemLibrary> alone =
        system.stream().filter(library -> isCublas(library.name())).toList();
    return Optional.ofNullable(lookUp(alone, "cuBLAS", Arena.global()));
  }

  private static boolean isCublas(String library) {
    return library.startsWith("libcublas");
  }

  /**
   * Fetches those of the cache, unless they are there.
   *
   * @throws io.ablate.base.BadInputException saying what is in the way
   */
  public void fetch(Progress progress) {
    fetched.fetch(progress);
  }

  /** Whether those of the cache are there. */
  public boolean isFetched() {
    return fetched.isComplete();
  }

  /** The first that the system lacks, or null; what was opened to see it is closed again. */
  private @Nullable Problem lacking() {
    try (Arena arena = Arena.ofConfined()) {
      return lookUp(system, PROVIDER, arena);
    }
  }

  @SuppressWarnings("restricted") // loading native code is the purpose
  private static @Nullable Problem lookUp(List<SystemLibrary> system, String what, Arena arena) {
    String remedy =
        String.format(
            java.util.Locale.ROOT,
            "fetch them with: ablate doctor --fix cuda (%.1f GB by Maven); or install CUDA 12.9 or"
                + " a later 12 and cuDNN 9, or name their folders in LD_LIBRARY_PATH",
            DOWNLOADED * 1e-9);
    for (SystemLibrary library : system) {
      SymbolLookup symbols;
      try {
        symbols = SymbolLookup.libraryLookup(library.name(), arena);
      } catch (IllegalArgumentException e) {
        return Problem.of(what + " cannot be loaded").at(library.name()).remedy(remedy);
      }
      if (library.function() != null && symbols.find(library.function()).isEmpty()) {
        return Problem.of(what + " is too old")
            .at(library.name())
            .expected("one with the function " + library.function())
            .remedy(remedy);
      }
    }
    return null;
  }
}
