package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.ablate.cuda.HostDevice;
import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.differentiate.MaskGradients;
import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.ForwardSession;
import io.ablate.forward.GradientSession;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onednn.Networks;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Graphs in float16 and with channels last compute what the others compute; on the processor, where
 * ONNX Runtime converts what it has no code for, with a device whose memory is the process's.
 */
@ResourceLock("objects of ONNX Runtime")
class ReducedPassesTest {
  private static final long[] SHAPE = Networks.exampleShape();

  private final HostDevice driver = new HostDevice();
  private long live;

  @BeforeEach
  void countObjects() {
    live = OrtScope.live();
  }

  @AfterEach
  void shouldLeaveNothingBehind() {
    assertThat(OrtScope.live()).isEqualTo(live);
  }

  private static InstrumentedModel network(String name) {
    InstrumentedModel known = Networks.all().get(name);
    return known == null ? Objects.requireNonNull(OneLayer.all().get(name)) : known;
  }

  static Stream<String> networks() {
    return Stream.concat(Networks.all().keySet().stream(), OneLayer.all().keySet().stream());
  }

  private static float[] floats(int[] bits) {
    float[] values = new float[bits.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    return values;
  }

  /** Transposing changes the order of no sum but those of convolutions and means. */
  @ParameterizedTest
  @MethodSource("networks")
  void shouldComputeTheSameWithChannelsLast(String name) {
    InstrumentedModel model = network(name);
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    for (boolean fused : new boolean[] {false, true}) {
      try (ForwardSession found =
              ReducedBackends.reduced(driver, fused, true).open(model, options);
          ForwardSession expected = ReducedBackends.plain().open(model, options)) {
        for (BatchShape shape : OrtPasses.SHAPES) {
          assertClose(
              name,
              OrtPasses.forward(found, shape, SHAPE),
              OrtPasses.forward(expected, shape, SHAPE),
              1e-4f);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldComputeNearlyTheSameInFloat16(String name) {
    InstrumentedModel model = network(name);
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    for (boolean fused : new boolean[] {false, true}) {
      try (ForwardSession found =
              ReducedBackends.reduced(driver, fused, true)
                  .open(model, options.with(Precision.FP16));
          ForwardSession expected = ReducedBackends.plain().open(model, options)) {
        for (BatchShape shape : OrtPasses.SHAPES) {
          assertClose(
              name,
              OrtPasses.forward(found, shape, SHAPE),
              OrtPasses.forward(expected, shape, SHAPE),
              2e-2f);
        }
      }
    }
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
    ForwardOptions options = new ForwardOptions(1, SHAPE);
    for (Precision precision : List.of(Precision.FP32, Precision.FP16)) {
      int before = driver.gradients();
      try (GradientSession found =
              ReducedBackends.reduced(driver, true, true)
                  .openGradients(model, options.with(precision));
          GradientSession expected = ReducedBackends.plain().openGradients(model, options)) {
        for (int rows : new int[] {1, 3}) {
          assertThat(
                  apart(
                      OrtPasses.gradients(found, rows, SHAPE),
                      OrtPasses.gradients(expected, rows, SHAPE),
                      forward.components().size()))
              .as("%d rows, %s", rows, precision)
              .isLessThan(precision == Precision.FP32 ? 1e-5 : 2e-2);
        }
      }
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
        floats(Arrays.copyOf(found, count)), floats(Arrays.copyOf(expected, count)), tolerance);
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
