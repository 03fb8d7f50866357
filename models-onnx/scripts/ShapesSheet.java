import io.ablate.example.ShapeImages;
import io.ablate.example.ShapeImages.Split;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import javax.imageio.ImageIO;

/** Draws the contact sheet of the bundled test images, a row for each class: {@code OUT.png}. */
public final class ShapesSheet {
  private static final int COLUMNS = 14;
  private static final int ZOOM = 2;
  private static final int CELL = ShapeImages.SIZE * ZOOM + 2;

  private ShapesSheet() {}

  public static void main(String[] args) throws IOException {
    int rows = ShapeImages.CLASSES.size();
    BufferedImage sheet =
        new BufferedImage(COLUMNS * CELL, rows * CELL, BufferedImage.TYPE_INT_RGB);
    ShapeImages images = new ShapeImages(ShapeImages.SEED);
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        byte[] pixels = images.pixels(Split.TEST, column * rows + row);
        draw(sheet, pixels, column * CELL, row * CELL);
      }
    }
    ImageIO.write(sheet, "png", new File(args[0]));
  }

  private static void draw(BufferedImage sheet, byte[] pixels, int left, int top) {
    int side = ShapeImages.SIZE * ZOOM;
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        int at = (y / ZOOM * ShapeImages.SIZE + x / ZOOM) * 3;
        int red = pixels[at] & 0xff;
        int green = pixels[at + 1] & 0xff;
        int blue = pixels[at + 2] & 0xff;
        sheet.setRGB(left + x + 1, top + y + 1, red << 16 | green << 8 | blue);
      }
    }
  }
}
