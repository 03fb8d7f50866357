package io.ablate.example;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import java.util.List;
import java.util.Locale;

/** Turns pictures and labels into examples that suit one model, or says why they do not. */
final class ModelInput {
  /** Of a picture that is resized; its intermediate values take 8 bytes each. */
  private static final int MOST_VALUES = 1 << 27;

  private static final String OVERRIDE = "correct MODEL.json, or override it with flags";

  private final ModelSidecar sidecar;
  private final long[] shape;

  ModelInput(ModelSidecar sidecar, long[] shape) {
    this.sidecar = sidecar;
    this.shape = shape.clone();
  }

  /** The model's extents without the batch axis; −1 where any extent will do. */
  long[] shape() {
    return shape.clone();
  }

  List<String> classes() {
    return sidecar.classes();
  }

  /** Requires a label of the model's, where the number of its classes is known. */
  int requireLabel(long label, String where) {
    int count = sidecar.classes().size();
    if (label < 0 || label > Integer.MAX_VALUE || count > 0 && label >= count) {
      throw new BadInputException(
          Problem.of("label out of range")
              .at(where)
              .expected(count > 0 ? "0 to " + (count - 1) + ", the model's classes" : "0 or more")
              .found(label));
    }
    return (int) label;
  }

  /**
   * Preprocesses a picture.
   *
   * @param fit whether a picture of another size is brought to the model's where the sidecar says
   *     neither resize nor crop
   */
  Example example(int index, String name, int label, PixelImage original, boolean fit) {
    Preprocessing how = requirePictures(name);
    PixelImage picture = resized(withModelChannels(original, how, name), how, name, fit);
    long[] found = how.layout().shape(picture.channels(), picture.height(), picture.width());
    if (!InputShape.fits(found, shape)) {
      throw new BadInputException(
          Problem.of("picture does not fit the model's input")
              .at(name)
              .expected(InputShape.text(shape))
              .found(InputShape.text(found) + " (" + how.layout() + " without the batch)")
              .remedy("give resize and crop in MODEL.json or as flags"));
    }
    PixelImage thumbnail =
        picture.channels() == 1 || picture.channels() == 3 ? picture.withChannels(3) : null;
    return new Example(index, name, label, how.apply(picture), found, thumbnail);
  }

  private Preprocessing requirePictures(String where) {
    Preprocessing how = sidecar.preprocessing();
    if (how == null) {
      throw new BadInputException(
          Problem.of("unknown how to turn pixels into the model's input")
              .at(where)
              .expected("\"input\" with range, mean and std in MODEL.json beside the model")
              .found("none")
              .remedy("write MODEL.json, or give the preprocessing as flags"));
    }
    if (shape.length != 3) {
      throw new BadInputException(
          Problem.of("the model does not take pictures")
              .at(where)
              .expected("an input of 3 axes beside the batch")
              .found(InputShape.text(shape))
              .remedy("give arrays in the model's own shape: npy:X.npy,Y.npy"));
    }
    return how;
  }

  private PixelImage withModelChannels(PixelImage picture, Preprocessing how, String where) {
    long channels = how.layout().channels(shape);
    int found = picture.channels();
    PixelImage converted = picture;
    if (channels > 0 && channels != found) {
      boolean colours = (channels == 1 || channels == 3) && (found == 1 || found == 3);
      if (!colours) {
        throw new BadInputException(
            Problem.of("picture does not fit the model's input")
                .at(where)
                .expected(channels + " channels (" + how.layout() + ")")
                .found(found)
                .remedy("check layout; " + OVERRIDE));
      }
      converted = picture.withChannels((int) channels);
    }
    if (!how.suits(converted.channels())) {
      throw new BadInputException(
          Problem.of("mean and std do not suit the model's input")
              .at(where)
              .expected("1 or " + converted.channels() + " values each")
              .found(how.mean().size() + " and " + how.std().size())
              .remedy(OVERRIDE));
    }
    return converted;
  }

  private PixelImage resized(PixelImage original, Preprocessing how, String where, boolean fit) {
    Integer resize = how.resize();
    Integer crop = how.crop();
    if (resize != null) {
      requireRoom(original, resize, resize, where);
    }
    PixelImage picture = resize == null ? original : Resizing.shorterSide(original, resize);
    if (crop != null) {
      if (picture.height() < crop || picture.width() < crop) {
        throw new BadInputException(
            Problem.of("picture is smaller than the crop")
                .at(where)
                .expected("at least " + crop + " × " + crop)
                .found(picture.height() + " × " + picture.width())
                .remedy("set resize to " + crop + " or more; " + OVERRIDE));
      }
      return picture.centre(crop, crop);
    }
    long height = how.layout().height(shape);
    long width = how.layout().width(shape);
    if (fit && resize == null && height > 0 && width > 0) {
      requireRoom(picture, height, width, where);
      return Resizing.cover(picture, Math.toIntExact(height), Math.toIntExact(width));
    }
    return picture;
  }

  /** Refuses to enlarge a long strip until its shorter side covers the model's input. */
  private static void requireRoom(PixelImage picture, long rows, long columns, String where) {
    double scale = Math.max((double) rows / picture.height(), (double) columns / picture.width());
    double values = scale * scale * picture.height() * picture.width() * picture.channels();
    if (scale > 1 && values > MOST_VALUES) {
      throw new BadInputException(
          Problem.of("picture becomes too large")
              .at(where)
              .expected("at most " + MOST_VALUES + " values after resizing")
              .found(
                  String.format(
                      Locale.ROOT,
                      "%d × %d pixels, enlarged %.1f times",
                      picture.height(),
                      picture.width(),
                      scale))
              .remedy("cut the picture, or choose a smaller resize"));
    }
  }
}
