package io.ablate.jit;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.jit.MaskBackward.Elements;
import io.ablate.jit.MaskBackward.Form;
import io.ablate.jit.MaskBackward.Residual;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against the formulas in plain Java. */
class MaskBackwardTest {
  private final SplittableRandom random = new SplittableRandom(2);

  @BeforeAll
  static void needsTheInstructions() {
    assumeTrue(WinogradTransforms.isPossible(), "Linux on x86-64");
  }

  static Stream<Arguments> forms() {
    List<Arguments> all = new ArrayList<>();
    for (boolean rectified : new boolean[] {false, true}) {
      for (boolean masked : new boolean[] {false, true}) {
        for (Residual residual : Residual.values()) {
          for (int[] extents : new int[][] {{8, 1}, {16, 3}, {40, 7}, {72, 20}}) {
            for (Elements elements : Elements.values()) {
              all.add(
                  Arguments.of(
                      new Form(rectified, masked, residual), extents[0], extents[1], elements));
            }
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("forms")
  void shouldEqualTheFormulas(Form form, int channels, int positions, Elements elements) {
    float[] gradient = stored(values(channels * positions), elements);
    float[] result = stored(values(channels * positions), elements);
    float[] input = stored(values(channels * positions), elements);
    float[] mask = values(channels);
    float[] residual = stored(values(channels * positions), elements);
    result[0] = 0;
    try (Arena arena = Arena.ofConfined();
        MaskBackward code = new MaskBackward(channels, positions, form, elements)) {
      MemorySegment g = copy(arena, gradient, elements);
      MemorySegment r = copy(arena, residual, elements);
      MemorySegment m = copy(arena, new float[channels]);
      code.run(
          new MaskBackward.Image(
              g.address(),
              copy(arena, result, elements).address(),
              copy(arena, input, elements).address(),
              copy(arena, mask).address(),
              r.address(),
              m.address()));
      for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (int p = 0; p < positions; p++) {
          int i = p * channels + c;
          float cut = form.rectified() && !(result[i] > 0) ? 0 : gradient[i];
          sum += (double) cut * input[i];
          assertThat(at(g, i, elements))
              .isEqualTo(stored(form.masked() ? cut * mask[c] : cut, elements));
          assertThat(at(r, i, elements))
              .isEqualTo(
                  stored(
                      switch (form.residual()) {
                        case NONE -> residual[i];
                        case STORED -> cut;
                        case ADDED -> cut + residual[i];
                      },
                      elements));
        }
        assertThat((double) at(m, c))
            .isCloseTo(form.masked() ? sum : 0, Offset.offset(1e-7 * positions));
      }
    }
  }

  @Test
  void shouldRefuseChannelsThatFillNoVector() {
    assertThatThrownBy(
            () -> new MaskBackward(12, 3, new Form(true, true, Residual.NONE), Elements.FLOAT32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("12 channels are no multiple of 8");
  }

  @Test
  void shouldRoundToEvenAndKeepWhatIsNotANumber() {
    float[] odd = {
      1 + 1f / 256,
      1 + 3f / 256,
      1 + 1.001f / 256,
      -1 - 3f / 256,
      Float.NaN,
      Float.intBitsToFloat(0x7F800001),
      Float.NEGATIVE_INFINITY,
      Float.MAX_VALUE
    };
    float[] expected = {
      1,
      1 + 4f / 256,
      1 + 2f / 256,
      -1 - 4f / 256,
      Float.NaN,
      Float.NaN,
      Float.NEGATIVE_INFINITY,
      Float.POSITIVE_INFINITY
    };
    float[] mask = odd.clone();
    float[] ones = new float[8];
    Arrays.fill(ones, 1);
    try (Arena arena = Arena.ofConfined();
        MaskBackward code =
            new MaskBackward(8, 1, new Form(false, true, Residual.NONE), Elements.BFLOAT16)) {
      MemorySegment g = copy(arena, ones, Elements.BFLOAT16);
      long values = copy(arena, ones, Elements.BFLOAT16).address();
      long sums = copy(arena, ones).address();
      code.run(
          new MaskBackward.Image(
              g.address(), values, values, copy(arena, mask).address(), values, sums));
      for (int c = 0; c < 8; c++) {
        assertThat(at(g, c, Elements.BFLOAT16)).isEqualTo(Float.valueOf(expected[c]));
        assertThat(Bfloat16.rounded(odd[c])).isEqualTo(Float.valueOf(expected[c]));
      }
    }
  }

  private static float stored(float value, Elements elements) {
    return elements == Elements.FLOAT32 ? value : Bfloat16.rounded(value);
  }

  private static float[] stored(float[] values, Elements elements) {
    for (int i = 0; i < values.length; i++) {
      values[i] = stored(values[i], elements);
    }
    return values;
  }

  private static MemorySegment copy(Arena arena, float[] values, Elements elements) {
    if (elements == Elements.FLOAT32) {
      return copy(arena, values);
    }
    MemorySegment copy = arena.allocate(JAVA_SHORT, values.length);
    for (int i = 0; i < values.length; i++) {
      copy.setAtIndex(JAVA_SHORT, i, Bfloat16.of(values[i]));
    }
    return copy;
  }

  private static float at(MemorySegment segment, int index, Elements elements) {
    return elements == Elements.FLOAT32
        ? at(segment, index)
        : Bfloat16.value(segment.getAtIndex(JAVA_SHORT, index));
  }

  private float[] values(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  private static MemorySegment copy(Arena arena, float[] values) {
    return arena.allocateFrom(JAVA_FLOAT, values);
  }

  private static float at(MemorySegment segment, int index) {
    return segment.getAtIndex(JAVA_FLOAT, index);
  }
}
