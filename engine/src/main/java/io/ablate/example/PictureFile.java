package io.ablate.example;

import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.InputFile;
import io.ablate.base.Problem;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes JPEG and PNG as image data sets are usually read: stored samples without colour
 * management, grey as three equal channels, transparency and EXIF orientation ignored.
 */
final class PictureFile {
  private static final long MOST_PIXELS = 200_000_000;

  private PictureFile() {}

  /**
   * Reads a picture as 8-bit RGB.
   *
   * @throws BadInputException if it cannot be read or decoded, or is implausibly large, naming the
   *     file
   */
  static PixelImage read(Path file) {
    // By way of NIO: ImageIO says of a missing or unreadable file only that it cannot make a
    // stream.
    try (var bytes = Files.newInputStream(InputFile.require(file));
        ImageInputStream in = new MemoryCacheImageInputStream(bytes)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw undecodable(file, "neither of them");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in);
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        if (pixels > MOST_PIXELS) {
          throw undecodable(file, reader.getHeight(0) + " × " + reader.getWidth(0) + " pixels");
        }
        // The JPEG reader fills what is missing with grey and only warns.
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        BufferedImage image = reader.read(0);
        if (warnings.stream().anyMatch(w -> w.contains("Truncated") || w.contains("premature"))) {
          throw undecodable(file, "a truncated file");
        }
        int space = image.getColorModel().getColorSpace().getType();
        if (space != ColorSpace.TYPE_RGB && space != ColorSpace.TYPE_GRAY) {
          throw undecodable(file, space == ColorSpace.TYPE_CMYK ? "CMYK" : "another colour space");
        }
        return rgb(image);
      } catch (IIOException | RuntimeException e) {
        if (e instanceof BadInputException known) {
          throw known;
        }
        throw new BadInputException(problem(file, String.valueOf(e.getMessage())), e);
      } finally {
        reader.dispose();
      }
    } catch (IOException e) {
      throw new BadInputException(AtomicFile.cannotRead(file, e), e);
    }
  }

  private static BadInputException undecodable(Path file, String found) {
    return new BadInputException(problem(file, found));
  }

  private static Problem problem(Path file, String found) {
    return Problem.of("cannot decode picture")
        .at(file)
        .expected(
            "JPEG or PNG, grey or RGB, of at most " + MOST_PIXELS / 1_000_000 + " million pixels")
        .found(found)
        .remedy("convert it to an RGB PNG or leave it out");
  }

  private static PixelImage rgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] data = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    if (image.getColorModel() instanceof IndexColorModel) {
      int[] line = new int[width];
      for (int y = 0; y < height; y++) {
        image.getRGB(0, y, width, 1, line, 0, width);
        for (int x = 0; x < width; x++) {
          int at = (y * width + x) * 3;
          data[at] = (byte) (line[x] >> 16);
          data[at + 1] = (byte) (line[x] >> 8);
          data[at + 2] = (byte) line[x];
        }
      }
      return new PixelImage(width, height, 3, data);
    }
    // The raster, not getRGB: that would take grey for linear light and brighten it.
    Raster raster = image.getRaster();
    boolean colours = raster.getNumBands() >= 3;
    for (int c = 0; c < 3; c++) {
      int band = colours ? c : 0;
      int most = (1 << raster.getSampleModel().getSampleSize(band)) - 1;
      int[] line = new int[width];
      for (int y = 0; y < height; y++) {
        raster.getSamples(0, y, width, 1, band, line);
        for (int x = 0; x < width; x++) {
          data[(y * width + x) * 3 + c] = (byte) (most == 255 ? line[x] : line[x] * 255L / most);
        }
      }
    }
    return new PixelImage(width, height, 3, data);
  }
}
