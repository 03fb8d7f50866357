package io.ablate.example;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.example.ShapeImages.Split;
import java.util.List;

/** The bundled data: the test split of {@link ShapeImages}. */
final class ShapesSource implements ExampleSource {
  private final ShapeImages images = new ShapeImages(ShapeImages.SEED);
  private final ModelInput model;

  ShapesSource(ModelInput model) {
    this.model = model;
    List<String> classes = model.classes();
    if (!classes.isEmpty() && !classes.equals(ShapeImages.CLASSES)) {
      throw new BadInputException(
          Problem.of("the model was not made for the bundled data")
              .at("bundled")
              .expected("the classes " + String.join(", ", ShapeImages.CLASSES))
              .found(String.join(", ", classes.subList(0, Math.min(10, classes.size()))))
              .remedy("name the model's own data with --data"));
    }
  }

  @Override
  public int size() {
    return ShapeImages.TEST_IMAGES;
  }

  @Override
  public Example load(int index) {
    ExampleSelection.requireWithin(index, size(), "bundled");
    PixelImage picture =
        new PixelImage(ShapeImages.SIZE, ShapeImages.SIZE, 3, images.pixels(Split.TEST, index));
    return model.example(
        index, "bundled test image " + index, ShapeImages.label(index), picture, false);
  }

  @Override
  public String describe() {
    return "bundled (shapes version "
        + ShapeImages.VERSION
        + ", seed "
        + ShapeImages.SEED
        + ", test)";
  }

  @Override
  public void close() {}
}
