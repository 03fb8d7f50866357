package io.ablate.cuda;

import static io.ablate.cuda.ElementType.F16;
import static io.ablate.cuda.ElementType.F32;
import static io.ablate.cuda.ElementType.I64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Masks drawn, expanded and turned by kernels are the engine's, bit for bit. */
class MaskKernelsTest extends KernelContract {
  @ParameterizedTest
  @CsvSource({
    "1,1,0,.5",
    "3,31,7,.9",
    "2,32,0,.1",
    "5,33,4294967290,.9",
    "4,63,1,.3",
    "2,64,9999999999,.9",
    "7,65,0,.95",
    "33,257,12,.9",
    "0,100,0,.9",
    "1,5000,3,.999999999999"
  })
  void shouldDrawTheBitsOfTheEngine(int rows, int columns, long first, double keep) {
    for (long seed : new long[] {0, 42, -1, 0x123456789ABCDEFL}) {
      BernoulliMasks design = new BernoulliMasks(seed, keep, columns);
      MaskMatrix expected = MaskMatrix.of(design, first, rows);
      DeviceArray words = scope.array("masks", I64, rows, expected.wordsPerRow());
      MaskKernels.draw(device, design, first, words);
      assertThat(device.readLongs(words)).isEqualTo(expected.words());
      long[] found = new long[expected.words().length];
      new DrawnMasks(device, Runnable::run, design).rows(first, rows, found);
      assertThat(found).isEqualTo(expected.words());
    }
  }

  @Test
  void shouldDrawOnTheHostWhatIsNotWorthALaunch() {
    BernoulliMasks design = new BernoulliMasks(3, .9, 70);
    DrawnMasks masks =
        new DrawnMasks(
            device,
            work -> {
              throw new AssertionError("the device");
            },
            design);
    assertThat(MaskMatrix.of(masks, 5, 8).words()).isEqualTo(MaskMatrix.of(design, 5, 8).words());
    long[] row = new long[2];
    masks.row(9, row, 0);
    assertThat(row).isEqualTo(MaskMatrix.of(design, 9, 1).words());
    assertThat(masks.columns()).isEqualTo(70);
    assertThat(masks.provenance()).isEqualTo(design.provenance());
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,31", "31,32", "33,33", "64,63", "5,64", "65,65", "63,257", "257,70", "0,9"})
  void shouldExpandAndTranspose(int rows, int columns) {
    MaskMatrix masks = masks(rows, columns);
    DeviceArray words = copy(masks);
    DeviceArray single = scope.array("singles", F32, rows, columns);
    MaskKernels.expand(device, words, single);
    float[] expected = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      masks.unpack(row, expected, row * columns);
    }
    assertThat(device.readFloats(single)).isEqualTo(expected);
    DeviceArray half = scope.array("halves", F16, rows, columns);
    MaskKernels.expand(device, words, half);
    MemorySegment halves = Arena.ofAuto().allocate(half.bytes());
    device.read(half, halves);
    for (int i = 0; i < expected.length; i++) {
      assertThat(Float.float16ToFloat(halves.getAtIndex(ValueLayout.JAVA_SHORT, i)))
          .isEqualTo(expected[i]);
    }

    DeviceArray turned = scope.array("turned", I64, columns, MaskMatrix.wordsPerRow(rows));
    MaskKernels.transpose(device, words, columns, turned);
    assertThat(device.readLongs(turned)).isEqualTo(transposed(masks).words());
  }

  @Test
  void shouldNameAnArrayOfAnotherShape() {
    DeviceArray words = scope.array("my masks", I64, 3, 2);
    assertThatThrownBy(() -> MaskKernels.transpose(device, words, 64, words))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("array my masks: expected I64 [3, 1], found I64 [3, 2]");
  }
}
