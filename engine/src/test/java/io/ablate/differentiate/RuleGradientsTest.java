package io.ablate.differentiate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import io.ablate.base.BadInputException;
import io.ablate.instrument.InstrumentedModel;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule against central differences of the same model's output, for soft masks. */
class RuleGradientsTest {
  static Stream<Form> forms() {
    return Stream.of(
            WindowForms.all(),
            PoolForms.all(),
            ElementForms.all(),
            AxisForms.all(),
            SelectionForms.all(),
            ResizeForms.all(),
            OpsetForms.all())
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void shouldEqualCentralDifferences(Form form) throws OrtException {
    CentralDifferences.compare(MaskGradients.of(CentralDifferences.instrumented(form)));
  }

  @Test
  void shouldTestEveryOperatorWithARule() {
    Set<String> tested = forms().map(Form::operator).collect(Collectors.toCollection(TreeSet::new));
    assertThat(tested).containsExactlyElementsOf(GradientRules.standard().operators());
  }

  @Test
  void shouldRefuseAnOperatorWithoutARule() throws OrtException {
    InstrumentedModel model = CentralDifferences.instrumented(Form.of("Softsign", "refused"));
    assertThatThrownBy(() -> MaskGradients.of(model))
        .isInstanceOf(BadInputException.class)
        .hasMessageContaining("Softsign")
        .hasMessageContaining("/tested")
        .hasMessageContaining("forward passes only")
        .hasMessageContaining("GradientRule");
  }

  @Test
  void shouldUseTheUsersRule() throws OrtException {
    InstrumentedModel model =
        CentralDifferences.instrumented(Form.of("Softsign", "by the user's rule"));
    AtomicInteger uses = new AtomicInteger();
    GradientRule rule =
        (node, b) -> {
          uses.incrementAndGet();
          String size = b.writer().add("Abs", "size", List.of(node.getOutput(0)));
          String rest = b.writer().add("Sub", "rest", List.of(b.number(1, size), size));
          String slope = b.writer().add("Mul", "slope", List.of(rest, rest));
          b.add(
              node.getInput(0), b.writer().add("Mul", "product", List.of(b.gradient(node), slope)));
        };
    CentralDifferences.compare(
        MaskGradients.of(model, GradientRules.standard().with("", "Softsign", rule)));
    assertThat(uses).hasValue(1);
  }

  @Test
  void shouldPreferTheUsersRule() throws OrtException {
    InstrumentedModel model =
        CentralDifferences.instrumented(Form.of("Identity", "by the user's rule"));
    GradientRules none = GradientRules.standard().with("", "Identity", (node, b) -> {});
    assertThat(CentralDifferences.gradient(MaskGradients.of(model, none))).containsOnly(0f);
  }
}
