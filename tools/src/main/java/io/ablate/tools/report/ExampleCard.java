package io.ablate.tools.report;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One example's part of the page.
 *
 * @param title for example {@code "example 3"}
 * @param label the class that the margin speaks of, and what the model says where that differs
 * @param picture PNG as a {@code data:} address; null where there is none or it is not wanted
 * @param facts short lines: the margin of the unablated model, its spread under the masks
 * @param scores LDS by method, at the most passes of the comparison
 * @param method whose attributions {@code components} shows
 * @param components the strongest ones, most positive first
 */
public record ExampleCard(
    String title,
    String label,
    @Nullable String picture,
    List<String> facts,
    Map<String, Double> scores,
    String method,
    List<Contribution> components) {

  /**
   * A component and the change of the output that it brings.
   *
   * @param standardError of {@code value}; 0 where the method gives none
   */
  public record Contribution(String component, double value, double standardError) {
    /** Without a standard error. */
    public Contribution(String component, double value) {
      this(component, value, 0);
    }
  }
}
