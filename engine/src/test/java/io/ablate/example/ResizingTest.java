package io.ablate.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResizingTest {
  @Test
  void shouldAverageWhereItShrinksAndInterpolateWhereItGrows() {
    // By hand: shrinking by two, the triangle's weights over four pixels are 1:3:3:1, cut at the
    // borders.
    PixelImage row = new PixelImage(4, 1, 1, new byte[] {0, 70, (byte) 140, (byte) 210});
    assertThat(Resizing.resize(row, 1, 2).data()).containsExactly(50, (byte) 160);
    PixelImage pair = new PixelImage(2, 1, 1, new byte[] {0, 100});
    assertThat(Resizing.resize(pair, 1, 4).data()).containsExactly(0, 25, 75, 100);
    assertThat(Resizing.resize(new PixelImage(1, 2, 1, new byte[] {0, 100}), 4, 1).data())
        .containsExactly(0, 25, 75, 100);
  }

  @Test
  void shouldKeepAConstantPictureConstant() {
    byte[] data = new byte[7 * 13 * 3];
    Arrays.fill(data, (byte) 201);
    PixelImage resized = Resizing.resize(new PixelImage(13, 7, 3, data), 11, 5);
    assertThat(resized.width()).isEqualTo(5);
    assertThat(resized.height()).isEqualTo(11);
    assertThat(resized.data()).containsOnly((byte) 201);
  }

  @Test
  void shouldBringTheShorterSideToSize() {
    PixelImage wide = new PixelImage(7, 3, 1, new byte[21]);
    assertThat(Resizing.shorterSide(wide, 4))
        .extracting(PixelImage::width, PixelImage::height)
        .containsExactly(9, 4);
    PixelImage tall = new PixelImage(3, 7, 1, new byte[21]);
    assertThat(Resizing.shorterSide(tall, 1))
        .extracting(PixelImage::width, PixelImage::height)
        .containsExactly(1, 2);
    assertThat(Resizing.cover(wide, 5, 2))
        .extracting(PixelImage::width, PixelImage::height)
        .containsExactly(2, 5);
  }

  @Test
  void shouldCutTheMiddle() {
    PixelImage row = new PixelImage(5, 1, 1, new byte[] {1, 2, 3, 4, 5});
    assertThat(row.centre(1, 3).data()).containsExactly(2, 3, 4);
    // 1.5 columns on the left are rounded to even, 2.
    assertThat(row.centre(1, 2).data()).containsExactly(3, 4);
  }
}
