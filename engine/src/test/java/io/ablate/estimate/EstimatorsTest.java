package io.ablate.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ablate.base.UsageException;
import org.junit.jupiter.api.Test;

class EstimatorsTest {
  @Test
  void shouldFindEveryListedName() {
    assertThat(Estimators.names()).contains("least-squares", "ridge").doesNotHaveDuplicates();
    for (String name : Estimators.names()) {
      assertThat(Estimators.byName(name).name()).isEqualTo(name);
    }
  }

  @Test
  void shouldListTheKnownNamesForAnUnknownOne() {
    assertThatThrownBy(() -> Estimators.byName("coar"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("expected least-squares, least-squares-saga, ridge")
        .hasMessageContaining("found coar");
  }
}
