package io.ablate.example;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.example.ImageFolderListing.Entry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * JPEG and PNG files in a folder; {@link ImageFolderListing} says which, in what order, with what
 * labels.
 */
final class ImageFolderSource implements ExampleSource {
  private final Path folder;
  private final ModelInput model;
  private final List<Entry> entries;
  private final String description;

  ImageFolderSource(Path folder, ModelInput model) {
    this.folder = folder;
    this.model = model;
    this.description = "imagefolder:" + folder;
    this.entries = new ImageFolderListing(folder, model).entries();
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public Example load(int index) {
    ExampleSelection.requireWithin(index, size(), description);
    Entry entry = entries.get(index);
    Path file = requireInside(folder, folder.resolve(entry.name()));
    PixelImage picture = PictureFile.read(file);
    return model.example(index, entry.name(), entry.label(), picture, true);
  }

  /**
   * Requires that a file does not lie elsewhere by way of {@code ..} or a symbolic link.
   *
   * @throws BadInputException if it does, or does not exist
   */
  static Path requireInside(Path folder, Path file) {
    try {
      Path real = file.toRealPath();
      Path home = folder.toRealPath();
      if (!real.startsWith(home)) {
        throw new BadInputException(
            Problem.of("file leads outside its folder")
                .at(file)
                .expected("a file within " + home)
                .found(real)
                .remedy("copy the file into the folder"));
      }
      return real;
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }

  @Override
  public String describe() {
    return description;
  }

  @Override
  public void close() {}
}
