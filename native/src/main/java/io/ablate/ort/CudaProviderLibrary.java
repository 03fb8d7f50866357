package io.ablate.ort;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.forward.OrtNatives;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The part of ONNX Runtime that computes on CUDA devices: libraries beside the main one, which
 * looks for them in its own folder. The artifact onnxruntime_gpu brings them; they are extracted
 * when a device is first used, for they have half a gigabyte.
 */
final class CudaProviderLibrary {
  /** Without the system's prefix and suffix. */
  private static final List<String> PARTS =
      List.of("onnxruntime_providers_shared", "onnxruntime_providers_cuda");

  /** What the provider of 1.29.0 is linked against, and cuDNN, which it needs at a convolution. */
  private static final List<String> NEEDED =
      List.of(
          "libcudart.so.12",
          "libcublasLt.so.12",
          "libcublas.so.12",
          "libcurand.so.10",
          "libcudnn.so.9");

  private final Path folder;
  private final String resources;
  private final List<String> needed;

  /**
   * @param folder where ONNX Runtime's main library lies
   * @param resources folder of its libraries on the class path, without a leading or final slash
   * @param needed names of other libraries, as the system's loader takes them
   */
  CudaProviderLibrary(Path folder, String resources, List<String> needed) {
    this.folder = folder;
    this.resources = resources;
    this.needed = List.copyOf(needed);
  }

  /** That of the ONNX Runtime of this process. */
  static CudaProviderLibrary here() {
    Path folder = OrtNatives.library().getParent();
    return new CudaProviderLibrary(
        folder == null ? Path.of("") : folder, OrtNatives.resources(), NEEDED);
  }

  /** The first thing that is missing; empty if nothing is. */
  Optional<Problem> problem() {
    for (String part : PARTS) {
      String name = System.mapLibraryName(part);
      if (!Files.isRegularFile(folder.resolve(name)) && resource(name) == null) {
        return Optional.of(
            Problem.of("ONNX Runtime's CUDA provider is not here")
                .at(name)
                .expected("it on the class path, or in " + folder)
                .remedy(
                    "build with the Maven profile cuda, which takes onnxruntime_gpu in place of"
                        + " onnxruntime"));
      }
    }
    return needed.stream().filter(name -> !isLoadable(name)).findFirst().map(this::lacking);
  }

  private Problem lacking(String name) {
    return Problem.of("a library that ONNX Runtime's CUDA provider needs cannot be loaded")
        .at(name)
        .remedy("install CUDA 12 and cuDNN 9, or name their folder in LD_LIBRARY_PATH");
  }

  @SuppressWarnings("restricted") // loading native code is the purpose
  private static boolean isLoadable(String name) {
    try {
      SymbolLookup.libraryLookup(name, Arena.global());
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private @Nullable URL resource(String name) {
    return CudaProviderLibrary.class.getClassLoader().getResource(resources + "/" + name);
  }

  /**
   * Puts the libraries beside the main one where they are not yet.
   *
   * @throws BadInputException if that folder cannot be written
   */
  void install() {
    for (String part : PARTS) {
      String name = System.mapLibraryName(part);
      Path file = folder.resolve(name);
      URL resource = resource(name);
      if (Files.isRegularFile(file) || resource == null) {
        continue;
      }
      try (InputStream in = resource.openStream()) {
        AtomicFile.write(file, in::transferTo);
      } catch (IOException e) {
        throw new BadInputException(
            Problem.of("cannot extract ONNX Runtime's CUDA provider").at(file).found(e), e);
      }
    }
  }
}
