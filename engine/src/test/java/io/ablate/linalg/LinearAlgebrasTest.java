package io.ablate.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.UsageException;
import org.junit.jupiter.api.Test;

class LinearAlgebrasTest {
  @Test
  void shouldFallBackOnTheReferenceWhereNothingElseIsPresent() {
    assertThat(LinearAlgebras.select("auto").name()).isEqualTo("ejml");
    assertThat(LinearAlgebras.select("ejml").name()).isEqualTo("ejml");
  }

  @Test
  void shouldListTheKnownNamesForAnUnknownOne() {
    assertThatThrownBy(() -> LinearAlgebras.select("nag"))
        .isInstanceOf(UsageException.class)
        .hasMessage("unknown linear algebra backend; expected auto, ejml, found nag");
  }
}
