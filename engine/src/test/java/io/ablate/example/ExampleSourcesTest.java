package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.BadInputException;
import io.ablate.base.UsageException;
import io.ablate.example.ShapeImages.Split;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExampleSourcesTest {
  private static final ModelSidecar UNIT = ModelSidecar.NONE.withPreprocessing(Preprocessing.UNIT);

  @Test
  void shouldGiveTheBundledTestImages() {
    ModelSidecar sidecar = UNIT.withClasses(ShapeImages.CLASSES);
    try (ExampleSource source = ExampleSources.open("bundled", sidecar, 3, 32, 32)) {
      assertThat(source.size()).isEqualTo(10_000);
      Example example = source.load(13);
      byte[] pixels = new ShapeImages(ShapeImages.SEED).pixels(Split.TEST, 13);
      assertThat(example.label()).isEqualTo(3);
      assertThat(example.shape()).containsExactly(3, 32, 32);
      assertThat(Objects.requireNonNull(example.thumbnail()).data()).isEqualTo(pixels);
      // Green at row 1, column 2.
      assertThat(example.input()[1024 + 34])
          .isEqualTo((float) ((pixels[34 * 3 + 1] & 0xff) / 255.0));
      assertThat(source.describe()).isEqualTo("bundled (shapes version 1, seed 20261122, test)");
      assertThatThrownBy(() -> source.load(10_000))
          .isInstanceOf(UsageException.class)
          .hasMessage("example index out of range: bundled; expected 0 to 9999, found 10000");
      assertThatThrownBy(() -> source.load(-1)).isInstanceOf(UsageException.class);
    }
  }

  @Test
  void shouldScaleThenStandardiseInEitherLayout() {
    PixelImage picture = new PixelImage(2, 1, 3, new byte[] {0, 51, (byte) 255, 102, 0, 51});
    Preprocessing how =
        Preprocessing.UNIT
            .withRange(-1, 1)
            .withMean(List.of(0.0, 0.5, 1.0))
            .withStd(List.of(1.0, 0.5, 2.0));
    assertThat(how.apply(picture)).containsExactly(-1f, -0.2f, -2.2f, -3f, 0f, -0.8f);
    assertThat(how.withLayout(Layout.NHWC).apply(picture))
        .containsExactly(-1f, -2.2f, 0f, -0.2f, -3f, -0.8f);
  }

  @Test
  void shouldFeedAGreyModelWithLuma() {
    try (ExampleSource source = ExampleSources.open("bundled", UNIT, 1, 32, 32)) {
      byte[] pixels = new ShapeImages(ShapeImages.SEED).pixels(Split.TEST, 0);
      double luma =
          0.299 * (pixels[0] & 0xff) + 0.587 * (pixels[1] & 0xff) + 0.114 * (pixels[2] & 0xff);
      assertThat(source.load(0).input()[0] * 255.0).isBetween(luma - 0.6, luma + 0.6);
    }
  }

  @Test
  void shouldRefuseTheBundledDataForAnotherModelsClasses() {
    assertThatThrownBy(
            () ->
                ExampleSources.open("bundled", UNIT.withClasses(List.of("cat", "dog")), 3, 32, 32))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("not made for the bundled data")
        .hasMessageContaining("found cat, dog");
  }

  @Test
  void shouldSayWhyAPictureCannotBeFed() {
    refused(ModelSidecar.NONE, "unknown how to turn pixels into the model's input", 3, 32, 32);
    refused(UNIT, "the model does not take pictures", 784);
    refused(UNIT, "expected [3, 224, 224], found [3, 32, 32]", 3, 224, 224);
    refused(UNIT, "expected 32 channels (NCHW), found 3", 32, 32, 3);
    Preprocessing two = Preprocessing.UNIT.withMean(List.of(1.0, 2.0));
    refused(UNIT.withPreprocessing(two), "expected 1 or 3 values each, found 2 and 1", 3, 32, 32);
    Preprocessing crop = Preprocessing.UNIT.withCrop(40);
    refused(UNIT.withPreprocessing(crop), "expected at least 40 × 40, found 32 × 32", 3, 40, 40);
  }

  private static void refused(ModelSidecar sidecar, String message, long... shape) {
    try (ExampleSource source = ExampleSources.open("bundled", sidecar, shape)) {
      assertThatThrownBy(() -> source.load(0))
          .isInstanceOf(BadInputException.class)
          .hasMessageContaining(message)
          .hasMessageContaining("bundled test image 0");
    }
  }

  @Test
  void shouldResizeAndCropWhereTheSidecarSaysSo() {
    Preprocessing how = Preprocessing.UNIT.withResize(40).withCrop(36);
    try (ExampleSource source =
        ExampleSources.open("bundled", UNIT.withPreprocessing(how), 3, -1, -1)) {
      assertThat(source.load(0).shape()).containsExactly(3, 36, 36);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "imagenet:/x", "bundled:x", "cifar10:", "imagefolder: ", "npy:a.npy", "npy:,"})
  void shouldNameTheKindsOfDataWhereOneIsUnknown(String data) {
    assertThatThrownBy(() -> ExampleSources.open(data, UNIT, 3, 32, 32))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("unknown data; expected ")
        .hasMessageEndingWith("found '" + data + "'");
  }
}
