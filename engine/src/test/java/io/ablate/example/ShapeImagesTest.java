package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.base.Sha256;
import io.ablate.example.ShapeImages.Split;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShapeImagesTest {
  private final ShapeImages images = new ShapeImages(ShapeImages.SEED);

  /**
   * The bundled model was trained on these pixels: whoever changes one raises VERSION and trains
   * anew.
   */
  @Test
  void shouldDrawTheSamePixelsEverywhere() {
    assertThat(checksum(Split.TEST))
        .isEqualTo("d425e8b5be962d57b895bb06205f20ee67ac4cfe99002eb0f550d5e3e4a99e02");
    assertThat(checksum(Split.TRAIN))
        .isEqualTo("81671325a871956d26ca3debc44dea85b97a6bff30859a8bfd3b1cfee262a28c");
  }

  private String checksum(Split split) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    IntStream.range(0, 100).forEach(i -> all.writeBytes(images.pixels(split, i)));
    return Sha256.of(all.toByteArray());
  }

  @Test
  void shouldDrawEachImageOnItsOwn() {
    byte[] alone = new ShapeImages(ShapeImages.SEED).pixels(Split.TEST, 97);
    images.pixels(Split.TEST, 3);
    assertThat(images.pixels(Split.TEST, 97)).isEqualTo(alone);
    assertThat(alone).hasSize(32 * 32 * 3);
  }

  @Test
  void shouldDifferBySeedSplitAndIndex() {
    Set<Integer> seen = new HashSet<>();
    for (long seed = 0; seed < 5; seed++) {
      for (Split split : Split.values()) {
        for (int index = 0; index < 50; index += 10) {
          seen.add(Arrays.hashCode(new ShapeImages(seed).pixels(split, index)));
        }
      }
    }
    assertThat(seen).hasSize(5 * 2 * 5);
  }

  @Test
  void shouldNameTenClassesInTheOrderOfTheLabels() {
    assertThat(ShapeImages.CLASSES)
        .isEqualTo(
            List.of(
                "circle",
                "square",
                "triangle",
                "star",
                "cross",
                "ring",
                "crescent",
                "heart",
                "arrow",
                "hexagon"));
    assertThat(ShapeImages.label(0)).isZero();
    assertThat(ShapeImages.label(9_999)).isEqualTo(9);
  }
}
