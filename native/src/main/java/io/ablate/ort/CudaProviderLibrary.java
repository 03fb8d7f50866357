package io.ablate.ort;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.cuda.CudaLibraries;
import io.ablate.forward.OrtNatives;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
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

  private final Path folder;
  private final String resources;
  private final Supplier<Optional<Problem>> needed;

  /**
   * @param folder where ONNX Runtime's main library lies
   * @param resources folder of its libraries on the class path, without a leading or final slash
   * @param needed loads the libraries that it needs, and says what is in the way
   */
  CudaProviderLibrary(Path folder, String resources, Supplier<Optional<Problem>> needed) {
    this.folder = folder;
    this.resources = resources;
    this.needed = needed;
  }

  /** That of the ONNX Runtime of this process. */
  static CudaProviderLibrary here() {
    Path folder = OrtNatives.library().getParent();
    return new CudaProviderLibrary(
        folder == null ? Path.of("") : folder,
        OrtNatives.resources(),
        () -> CudaLibraries.here().load());
  }

  /** The first thing that is missing; empty if nothing is. Loads what the provider needs. */
  Optional<Problem> problem() {
    String absent = absent();
    return absent == null
        ? needed.get()
        : Optional.of(
            Problem.of("ONNX Runtime's CUDA provider is not here")
                .at(absent)
                .expected("it on the class path, or in " + folder)
                .remedy(
                    "build with the Maven profile cuda, which takes onnxruntime_gpu in place of"
                        + " onnxruntime"));
  }

  /** Whether this ONNX Runtime brings it. */
  boolean isPresent() {
    return absent() == null;
  }

  private @Nullable String absent() {
    for (String part : PARTS) {
      String name = System.mapLibraryName(part);
      if (!Files.isRegularFile(folder.resolve(name)) && resource(name) == null) {
        return name;
      }
    }
    return null;
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
