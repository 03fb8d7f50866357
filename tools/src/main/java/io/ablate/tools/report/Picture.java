package io.ablate.tools.report;

import io.ablate.example.PixelImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/** Pictures inside the page. */
public final class Picture {
  private Picture() {}

  /** An RGB picture as a PNG in a {@code data:} address. */
  public static String dataAddress(PixelImage picture) {
    BufferedImage image =
        new BufferedImage(picture.width(), picture.height(), BufferedImage.TYPE_INT_RGB);
    for (int row = 0; row < picture.height(); row++) {
      for (int column = 0; column < picture.width(); column++) {
        image.setRGB(
            column,
            row,
            picture.value(row, column, 0) << 16
                | picture.value(row, column, 1) << 8
                | picture.value(row, column, 2));
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png.toByteArray());
  }
}
