import io.ablate.base.AtomicFile;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.example.ShapeImages;
import io.ablate.example.ShapeImages.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * Writes the bundled images for the training script: {@code FOLDER TRAIN TEST} gives {@code
 * x_train.npy} (uint8, N × 32 × 32 × 3), {@code y_train.npy} (uint8, N) and the same for the test
 * split.
 */
public final class ShapesToNpy {
  private ShapesToNpy() {}

  public static void main(String[] args) throws IOException {
    Path folder = Files.createDirectories(Path.of(args[0]));
    write(folder, Split.TRAIN, "train", Integer.parseInt(args[1]));
    write(folder, Split.TEST, "test", Integer.parseInt(args[2]));
  }

  private static void write(Path folder, Split split, String name, int count) throws IOException {
    ShapeImages images = new ShapeImages(ShapeImages.SEED);
    int size = ShapeImages.SIZE;
    int pixels = size * size * 3;
    byte[] all = new byte[Math.multiplyExact(count, pixels)];
    byte[] labels = new byte[count];
    IntStream.range(0, count)
        .parallel()
        .forEach(
            i -> {
              System.arraycopy(images.pixels(split, i), 0, all, i * pixels, pixels);
              labels[i] = (byte) ShapeImages.label(i);
            });
    save(folder.resolve("x_" + name + ".npy"), all, count, size, size, 3);
    save(folder.resolve("y_" + name + ".npy"), labels, count);
  }

  private static void save(Path file, byte[] data, long... shape) {
    AtomicFile.write(
        file,
        out -> {
          out.write(NpyWriter.header(NpyType.UINT8, shape));
          out.write(data);
        });
  }
}
