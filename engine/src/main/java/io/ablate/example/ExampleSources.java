package io.ablate.example;

import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.base.UserCache;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Opens what a DATA argument names. */
public final class ExampleSources {
  private static final String KINDS = "bundled, cifar10:DIR, imagefolder:DIR or npy:X.npy,Y.npy";

  private ExampleSources() {}

  /**
   * Opens {@code bundled}, {@code cifar10:DIR} ({@code cifar10} alone: the folder that {@code
   * ablate fetch cifar10} fills), {@code imagefolder:DIR} or {@code npy:X.npy,Y.npy}.
   *
   * @param data the argument
   * @param sidecar the model's preprocessing and classes
   * @param inputShape extents of the model's input without the batch axis; −1 where any extent will
   *     do
   * @throws UsageException if the argument is malformed
   * @throws io.ablate.base.BadInputException if there is no such data, or it does not suit the
   *     model
   */
  public static ExampleSource open(String data, ModelSidecar sidecar, long... inputShape) {
    ModelInput model = new ModelInput(sidecar, inputShape);
    int colon = data.indexOf(':');
    String kind = colon < 0 ? data : data.substring(0, colon);
    String rest = colon < 0 ? "" : data.substring(colon + 1);
    return switch (kind) {
      case "bundled" -> {
        if (colon >= 0) {
          throw malformed(data, "bundled, without a folder");
        }
        yield new ShapesSource(model);
      }
      case "cifar10" ->
          new Cifar10Source(
              colon < 0 ? Cifar10Download.folder(UserCache.folder()) : path(data, rest), model);
      case "imagefolder" -> new ImageFolderSource(path(data, rest), model);
      case "npy" -> {
        int comma = rest.lastIndexOf(',');
        if (comma < 0) {
          throw malformed(data, "two files, npy:X.npy,Y.npy");
        }
        yield new NpySource(
            path(data, rest.substring(0, comma)), path(data, rest.substring(comma + 1)), model);
      }
      default -> throw malformed(data, KINDS);
    };
  }

  private static Path path(String data, String text) {
    if (text.isBlank()) {
      throw malformed(data, KINDS);
    }
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw malformed(data, "a path: " + e.getMessage());
    }
  }

  private static UsageException malformed(String data, String expected) {
    return new UsageException(
        Problem.of("unknown data").expected(expected).found("'" + data + "'"));
  }
}
