package io.ablate.jit;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ablate.jit.MaskBackward.Form;
import io.ablate.jit.MaskBackward.Residual;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
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
            all.add(Arguments.of(new Form(rectified, masked, residual), extents[0], extents[1]));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("forms")
  void shouldEqualTheFormulas(Form form, int channels, int positions) {
    float[] gradient = values(channels * positions);
    float[] result = values(channels * positions);
    float[] input = values(channels * positions);
    float[] mask = values(channels);
    float[] residual = values(channels * positions);
    result[0] = 0;
    try (Arena arena = Arena.ofConfined();
        MaskBackward code = new MaskBackward(channels, positions, form)) {
      MemorySegment g = copy(arena, gradient);
      MemorySegment r = copy(arena, residual);
      MemorySegment m = copy(arena, new float[channels]);
      code.run(
          new MaskBackward.Image(
              g.address(),
              copy(arena, result).address(),
              copy(arena, input).address(),
              copy(arena, mask).address(),
              r.address(),
              m.address()));
      for (int c = 0; c < channels; c++) {
        double sum = 0;
        for (int p = 0; p < positions; p++) {
          int i = p * channels + c;
          float cut = form.rectified() && !(result[i] > 0) ? 0 : gradient[i];
          sum += (double) cut * input[i];
          assertThat(at(g, i)).isEqualTo(form.masked() ? cut * mask[c] : cut);
          assertThat(at(r, i))
              .isEqualTo(
                  switch (form.residual()) {
                    case NONE -> residual[i];
                    case STORED -> cut;
                    case ADDED -> cut + residual[i];
                  });
        }
        assertThat((double) at(m, c))
            .isCloseTo(form.masked() ? sum : 0, Offset.offset(1e-7 * positions));
      }
    }
  }

  @Test
  void shouldRefuseChannelsThatFillNoVector() {
    assertThatThrownBy(() -> new MaskBackward(12, 3, new Form(true, true, Residual.NONE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("12 channels are no multiple of 8");
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
