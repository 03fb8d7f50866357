package io.ablate.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.forward.BatchShape;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be known of programs in bfloat16 on a processor that does not run them. */
class Bfloat16ProgramsTest {
  private static final ForwardOptions BF16 = new ForwardOptions(1, Networks.SHAPE, Precision.BF16);

  static Stream<String> networks() {
    return Networks.all().keySet().stream();
  }

  /** A value that is stored is rounded: in every batch the same ones must be. */
  @ParameterizedTest
  @MethodSource("networks")
  void shouldRoundAtTheSamePlacesInEveryBatch(String name) throws UnsupportedGraphException {
    InstrumentedModel model = Objects.requireNonNull(Networks.all().get(name));
    List<String> roundings = null;
    for (BatchShape shape :
        List.of(
            new BatchShape(1, 1),
            new BatchShape(7, 1),
            new BatchShape(1, 7),
            new BatchShape(7, 7))) {
      List<String> found = roundings(Lowering.of(model, shape, BF16));
      roundings = roundings == null ? found : roundings;
      assertThat(found).as(shape.toString()).isEqualTo(roundings);
    }
  }

  @ParameterizedTest
  @MethodSource("networks")
  void shouldKeepLogitsInFloat32(String name) throws UnsupportedGraphException {
    InstrumentedModel model = Objects.requireNonNull(Networks.all().get(name));
    Program program = Lowering.of(model, new BatchShape(7, 1), BF16);
    assertThat(program.elements(program.logits())).isEqualTo(Elements.F32);
    assertThat(program.elements(program.input())).isEqualTo(Elements.BF16);
    assertThat(program.rowBytes(program.input())).isEqualTo(2L * 3 * 9 * 10);
    // Nothing but a copy goes from one type to another, apart from sums of products.
    for (Step step : program.steps()) {
      if (step instanceof Step.Pointwise point && !point.isCopy()) {
        assertThat(program.elements(point.input())).isEqualTo(program.elements(point.output()));
      }
    }
  }

  @Test
  void shouldGoBackInTheTypesOfTheWayForward() throws UnsupportedGraphException {
    for (InstrumentedModel model : Networks.differentiable().values()) {
      Program program = Lowering.withGradients(model, 3, BF16);
      Program.Backward backward = Objects.requireNonNull(program.backward());
      assertThat(program.elements(backward.logits())).isEqualTo(Elements.F32);
      for (Step step : program.steps().subList(backward.first(), program.steps().size())) {
        if (step instanceof Step.MaskBack back) {
          assertThat(back.inputs())
              .extracting(program::elements)
              .containsOnly(program.elements(back.gradient()));
        }
      }
    }
  }

  /** Every step with what follows it, in terms of the values stored before. */
  private static List<String> roundings(Program program) {
    Map<Integer, Integer> numbers = new HashMap<>();
    List<String> roundings = new ArrayList<>();
    numbers.put(program.input().storage(), 0);
    for (Step step : program.steps()) {
      StringBuilder text = new StringBuilder(step.getClass().getSimpleName());
      step.inputs().forEach(value -> text.append(" of ").append(numbers.get(value.storage())));
      if (step instanceof Step.Pointwise point && point.isCopy()) {
        // Changes no number.
        numbers.put(
            step.output().storage(), Objects.requireNonNull(numbers.get(point.input().storage())));
        continue;
      }
      for (PostOp op : step.post()) {
        text.append(", ");
        switch (op) {
          case PostOp.Eltwise(int algorithm, float _, float _) -> text.append(algorithm);
          case PostOp.Binary(int algorithm, Operand.Tensor(Value value)) ->
              text.append(algorithm).append(" with ").append(numbers.get(value.storage()));
          case PostOp.Binary(int algorithm, Operand operand) ->
              text.append(algorithm).append(operand.getClass().getSimpleName());
        }
      }
      numbers.put(step.output().storage(), roundings.size() + 1);
      roundings.add(text + " as " + program.elements(step.output()));
    }
    return roundings;
  }
}
