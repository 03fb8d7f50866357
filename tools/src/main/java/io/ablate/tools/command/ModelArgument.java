package io.ablate.tools.command;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.base.UserCache;
import io.ablate.models.BundledModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** The model that a command works on: a file, or one from the jar. */
public final class ModelArgument {
  private static final String BUNDLED = "bundled:";

  @Parameters(
      paramLabel = "MODEL",
      description = {
        "An ONNX file, opset 11 to 22, or bundled:NAME:",
        "shapes-resnet, resnet8-cifar10, resnet18-cifar10."
      })
  private @Nullable String model;

  /** Where the model lies. */
  Path file() {
    return file(Objects.requireNonNull(model), Path.of(""));
  }

  /**
   * Where a model lies; one from the jar is written to the user's cache first.
   *
   * @param model {@code bundled:NAME}, or a file
   * @param folder that a file is relative to
   * @throws BadInputException if there is no bundled model of that name, or the cache refuses it
   */
  public static Path file(String model, Path folder) {
    if (!model.startsWith(BUNDLED)) {
      return folder.resolve(model);
    }
    String name = model.substring(BUNDLED.length());
    if (!BundledModels.names().contains(name)) {
      throw new BadInputException(
          Problem.of("no bundled model of that name")
              .at(model)
              .expected("one of " + String.join(", ", BundledModels.names()))
              .found(name.isEmpty() ? "no name" : name));
    }
    return bundled(name);
  }

  /** The model that is used where none is named. */
  static Path standard() {
    return bundled(BundledModels.DEFAULT);
  }

  private static Path bundled(String name) {
    Path cache = UserCache.folder();
    try {
      return BundledModels.extract(name, cache);
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotWrite(cache, e), e);
    }
  }
}
