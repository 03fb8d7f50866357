package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageFolderSourceTest {
  private static final ModelSidecar UNIT = ModelSidecar.NONE.withPreprocessing(Preprocessing.UNIT);

  @TempDir Path folder;

  @Test
  void shouldLabelBySortedFoldersAndOrderByName() throws IOException {
    picture("dog/b.png", BufferedImage.TYPE_INT_RGB, 0x0000ff);
    picture("dog/A.PNG", BufferedImage.TYPE_INT_RGB, 0x00ff00);
    picture("cat/z.png", BufferedImage.TYPE_INT_RGB, 0xff0000);
    Files.writeString(folder.resolve("cat/notes.txt"), "no picture");
    picture("cat/.hidden.png", BufferedImage.TYPE_INT_RGB, 0);
    try (ExampleSource source = open(UNIT)) {
      assertThat(names(source)).containsExactly("cat/z.png 0", "dog/A.PNG 1", "dog/b.png 1");
      assertThat(source.load(0).input()).startsWith(1, 1, 1, 1).endsWith(0, 0);
      assertThat(source.describe()).isEqualTo("imagefolder:" + folder);
    }
  }

  @Test
  void shouldTakeTheLabelFromTheClassOfTheFoldersName() throws IOException {
    picture("dog/a.png", BufferedImage.TYPE_INT_RGB, 0);
    picture("cat/a.png", BufferedImage.TYPE_INT_RGB, 0);
    try (ExampleSource source = open(UNIT.withClasses(List.of("dog", "bird", "cat")))) {
      assertThat(names(source)).containsExactly("cat/a.png 2", "dog/a.png 0");
    }
    refused(UNIT.withClasses(List.of("dog", "bird")), "folder is none of the model's classes");
    refused(UNIT.withClasses(List.of("x", "y", "z")), "or as many as classes, 3, found 2 folders");
    try (ExampleSource source = open(UNIT.withClasses(List.of("x", "y")))) {
      assertThat(names(source)).containsExactly("cat/a.png 0", "dog/a.png 1");
    }
  }

  @Test
  void shouldReadAFlatFolderWithLabels() throws IOException {
    picture("one two.png", BufferedImage.TYPE_INT_RGB, 0);
    picture("three,.png", BufferedImage.TYPE_INT_RGB, 0);
    ModelSidecar sidecar = UNIT.withClasses(List.of("dog", "cat"));
    Path csv = folder.resolve("labels.csv");
    Files.writeString(csv, "file,label\nthree,.png,cat\none two.png, 0\n");
    try (ExampleSource source = open(sidecar)) {
      assertThat(names(source)).containsExactly("three,.png 1", "one two.png 0");
    }
    // Where both are present labels.txt counts.
    Path txt = folder.resolve("labels.txt");
    Files.writeString(txt, "# by hand\n\none two.png dog\nthree,.png\t1\n");
    try (ExampleSource source = open(sidecar)) {
      assertThat(names(source)).containsExactly("one two.png 0", "three,.png 1");
    }
    Files.writeString(txt, "none.png 1\n");
    refused(sidecar, "labels.txt, line 1; expected a file in " + folder);
    Files.writeString(txt, "one two.png 2\n");
    refused(sidecar, "line 1; expected 0 to 1, the model's classes, found 2");
    Files.writeString(txt, "one two.png 0\none two.png 0\n");
    refused(sidecar, "line 2; expected each file once, found one two.png again");
    Files.writeString(txt, "one\n");
    refused(sidecar, "line 1; expected FILE and LABEL, found one");
    Files.writeString(txt, "one two.png bird\n");
    refused(sidecar, "line 1; expected a class's number or name, found 'bird'");
  }

  @Test
  void shouldBringPicturesToTheModelsSize() throws IOException {
    BufferedImage wide = new BufferedImage(40, 10, BufferedImage.TYPE_INT_RGB);
    IntStream.range(10, 30)
        .forEach(x -> IntStream.range(0, 10).forEach(y -> wide.setRGB(x, y, 0xffffff)));
    write(wide, "a/wide.png");
    try (ExampleSource source = open(UNIT)) {
      assertThat(source.load(0).shape()).containsExactly(3, 2, 2);
      assertThat(source.load(0).input()).containsOnly(1);
    }
    ModelSidecar resized = UNIT.withPreprocessing(Preprocessing.UNIT.withResize(5));
    try (ExampleSource source = open(resized)) {
      assertThatThrownBy(() -> source.load(0))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("a/wide.png; expected [3, 2, 2], found [3, 5, 20]");
    }
  }

  @Test
  void shouldRefuseAStripThatBecomesTooLarge() throws IOException {
    write(new BufferedImage(1, 60_000, BufferedImage.TYPE_INT_RGB), "a/strip.png");
    ModelSidecar resized = UNIT.withPreprocessing(Preprocessing.UNIT.withResize(224).withCrop(2));
    try (ExampleSource source = open(resized)) {
      assertThatThrownBy(() -> source.load(0))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("a/strip.png")
          .hasMessageContaining("found 60000 × 1 pixels, enlarged 224.0 times");
    }
  }

  @Test
  void shouldReadGreyPaletteAlphaAndJpegAlike() throws IOException {
    picture("a/alpha.png", BufferedImage.TYPE_INT_ARGB, 0x80646464);
    picture("a/grey.png", BufferedImage.TYPE_BYTE_GRAY, 0);
    BufferedImage grey = new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < 4; i++) {
      grey.getRaster().setSample(i % 2, i / 2, 0, 100);
    }
    write(grey, "a/grey.png");
    ImageIO.write(grey, "jpg", folder.resolve("a/grey.jpg").toFile());
    picture("a/palette.png", BufferedImage.TYPE_BYTE_INDEXED, 0xff336699);
    BufferedImage deep = new BufferedImage(2, 2, BufferedImage.TYPE_USHORT_GRAY);
    for (int i = 0; i < 4; i++) {
      deep.getRaster().setSample(i % 2, i / 2, 0, 100 * 257);
    }
    write(deep, "a/sixteen.png");
    try (ExampleSource source = open(UNIT)) {
      for (int i = 0; i < source.size(); i++) {
        byte[] pixels = Objects.requireNonNull(source.load(i).thumbnail()).data();
        if (source.load(i).name().equals("a/palette.png")) {
          assertThat(Arrays.copyOf(pixels, 3)).containsExactly(0x33, 0x66, 0x99);
        } else {
          assertThat(pixels).as(source.load(i).name()).hasSize(12).containsOnly(100);
        }
      }
      assertThat(source.size()).isEqualTo(5);
    }
  }

  @Test
  void shouldNameThePictureThatCannotBeDecoded() throws IOException {
    Files.createDirectories(folder.resolve("a"));
    Files.writeString(folder.resolve("a/1.png"), "this is text");
    byte[] whole = Files.readAllBytes(picture("b/x.png", BufferedImage.TYPE_INT_RGB, 0x123456));
    Files.write(folder.resolve("a/2.png"), Arrays.copyOf(whole, whole.length / 2));
    writeCmyk(folder.resolve("a/3.jpg"));
    Path jpeg = folder.resolve("a/4.jpg");
    ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "jpg", jpeg.toFile());
    Files.write(jpeg, Arrays.copyOf(Files.readAllBytes(jpeg), (int) Files.size(jpeg) - 20));
    Files.write(folder.resolve("a/5.png"), new byte[0]);
    List<String> found =
        List.of("neither of them", "", "CMYK", "a truncated file", "neither of them");
    try (ExampleSource source = open(UNIT)) {
      for (int i = 0; i < found.size(); i++) {
        int index = i;
        assertThatThrownBy(() -> source.load(index))
            .isInstanceOf(BadInputException.class)
            .hasMessageContaining("cannot decode picture: ")
            .hasMessageContaining("a/" + (i + 1) + ".")
            .hasMessageContaining("found " + found.get(i));
      }
    }
  }

  private static void writeCmyk(Path file) throws IOException {
    WritableRaster raster = Raster.createInterleavedRaster(0, 8, 8, 4, null);
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(out);
      writer.write(new IIOImage(raster, null, null));
    } finally {
      writer.dispose();
    }
  }

  @Test
  void shouldNotFollowLinksOutOfTheFolder() throws IOException {
    Path outside = picture("elsewhere/secret.png", BufferedImage.TYPE_INT_RGB, 0);
    Path inside = Files.createDirectories(folder.resolve("data/cat"));
    Files.createSymbolicLink(inside.resolve("a.png"), outside);
    try (ExampleSource source =
        ExampleSources.open("imagefolder:" + folder.resolve("data"), UNIT, 3, 2, 2)) {
      assertThatThrownBy(() -> source.load(0))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("file leads outside its folder: " + inside.resolve("a.png"));
    }
    Files.createSymbolicLink(folder.resolve("data/dog"), outside.getParent());
    assertThatThrownBy(
            () -> ExampleSources.open("imagefolder:" + folder.resolve("data"), UNIT, 3, 2, 2))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("file leads outside its folder");
    Path flat = Files.createDirectories(folder.resolve("flat"));
    Files.writeString(flat.resolve("labels.txt"), "../elsewhere/secret.png 0\n");
    try (ExampleSource source = ExampleSources.open("imagefolder:" + flat, UNIT, 3, 2, 2)) {
      assertThatThrownBy(() -> source.load(0))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining("file leads outside its folder");
    }
  }

  @Test
  void shouldRefuseAFolderWithoutPictures() throws IOException {
    refused(UNIT, "no pictures: " + folder + "; expected one folder per class");
    Files.writeString(folder.resolve("labels.csv"), "file,label\n");
    refused(UNIT, "no pictures: " + folder.resolve("labels.csv"));
    assertThatThrownBy(
            () -> ExampleSources.open("imagefolder:" + folder.resolve("none"), UNIT, 3, 2, 2))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("no such folder of pictures");
  }

  private void refused(ModelSidecar sidecar, String message) {
    assertThatThrownBy(() -> open(sidecar))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining(message);
  }

  private ExampleSource open(ModelSidecar sidecar) {
    return ExampleSources.open("imagefolder:" + folder, sidecar, 3, 2, 2);
  }

  private static List<String> names(ExampleSource source) {
    return IntStream.range(0, source.size())
        .mapToObj(source::load)
        .map(example -> example.name() + " " + example.label())
        .toList();
  }

  private Path picture(String name, int type, int argb) throws IOException {
    BufferedImage image = new BufferedImage(2, 2, type);
    for (int i = 0; i < 4; i++) {
      image.setRGB(i % 2, i / 2, argb);
    }
    return write(image, name);
  }

  private Path write(BufferedImage image, String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    File target = file.toFile();
    assertThat(ImageIO.write(image, "png", target)).isTrue();
    return file;
  }
}
