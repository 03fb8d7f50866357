package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.cuda.HostDevice;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Graphs in float16 and with channels last compute what the others compute; on the processor, where
 * ONNX Runtime converts what it has no code for, with a device whose memory is the process's.
 */
@LeavesNoObjects
class ReducedPassesTest {
  private static final long[] SHAPE = Networks.exampleShape();

  private final HostDevice driver = new HostDevice();

  private static InstrumentedModel network(String name) {
    InstrumentedModel known = Networks.all().get(name);
    return known == null ? Objects.requireNonNull(OneLayer.all().get(name)) : known;
  }

  static Stream<String> networks() {
    return Stream.concat(Networks.all().keySet().stream(), OneLayer.all().keySet().stream());
  }

  /** Transposing changes the order of no sum but those of convolutions and means. */
  @ParameterizedTest
  @MethodSource("networks")
  void shouldComputeTheSameWithChannelsLast(String name) {
    assertForwardClose(name, Precision.FP32, 1e-4f);
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldComputeNearlyTheSameInFloat16(String name) {
    assertForwardClose(name, Precision.FP16, 2e-2f);
  }

  /** With channels last, with operators of our own and without. */
  private void assertForwardClose(String name, Precision precision, float tolerance) {
    for (boolean fused : new boolean[] {false, true}) {
      sideBySide(fused, precision)
          .forward(
              network(name),
              OrtPasses.SHAPES,
              (shape, found, expected) -> assertClose(name, found, expected, tolerance));
    }
  }

  private SideBySide sideBySide(boolean fused, Precision precision) {
    return new SideBySide(
        ReducedBackends.reduced(driver, fused, true),
        precision,
        ReducedBackends.plain(),
        new ForwardOptions(1, SHAPE));
  }

  static Stream<String> differentiable() {
    return Stream.concat(
            networks().filter(name -> !name.equals("activations")), // no rule for Elu
            Networks.differentiable().keySet().stream())
        .distinct();
  }

  /** The graph that runs forward is differentiated; with one convolution, the model's own. */
  @ParameterizedTest
  @MethodSource("differentiable")
  void shouldDifferentiateWhatRunsForward(String name) {
    InstrumentedModel forward = Networks.differentiable().get(name);
    forward = forward == null ? network(name) : forward;
    DifferentiatedModel model = MaskGradients.of(forward);
    int columns = forward.components().size();
    for (Precision precision : List.of(Precision.FP32, Precision.FP16)) {
      int before = driver.gradients();
      sideBySide(true, precision)
          .gradients(
              model,
              (rows, found, expected) ->
                  assertThat(apart(found, expected, columns))
                      .as("%d rows, %s", rows, precision)
                      .isLessThan(precision == Precision.FP32 ? 1e-5 : 2e-2));
      assertThat(driver.gradients() > before)
          .isNotEqualTo(List.of("pools", "batch norm left", "flattened", "neurons").contains(name));
    }
  }

  /** The largest relative distance of gradients of rows, an output behind each. */
  private static double apart(float[] found, float[] expected, int columns) {
    double most = 0;
    for (int at = 0; at < expected.length; at += columns + 1) {
      double apart = 0;
      double norm = 0;
      for (int i = at; i < at + columns; i++) {
        apart += Math.pow(found[i] - expected[i], 2);
        norm += Math.pow(expected[i], 2);
      }
      most = Math.max(most, apart == 0 ? 0 : Math.sqrt(apart / norm));
    }
    return most;
  }

  /** Of NaN, which only the last of three runs has, a maximum makes what it likes. */
  private static int compared(String network, int[] bits) {
    return network.equals("pools") ? bits.length / 3 * 2 : bits.length;
  }

  private static void assertClose(String network, int[] found, int[] expected, float tolerance) {
    int count = compared(network, expected);
    assertClose(
        OrtPasses.floats(Arrays.copyOf(found, count)),
        OrtPasses.floats(Arrays.copyOf(expected, count)),
        tolerance);
  }

  private static void assertClose(float[] a, float[] b, float tolerance) {
    float most = 0;
    for (float value : b) {
      most = Float.isFinite(value) ? Math.max(most, Math.abs(value)) : most;
    }
    for (int i = 0; i < b.length; i++) {
      if (Float.isFinite(b[i])) {
        assertThat(a[i]).as("%d", i).isCloseTo(b[i], within(tolerance * (1 + most)));
      } else {
        assertThat(a[i]).as("%d", i).isEqualTo(Float.valueOf(b[i]));
      }
    }
  }
}
