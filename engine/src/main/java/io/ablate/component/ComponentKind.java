package io.ablate.component;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;

/** Kinds of components, with the names used in files and on the command line. */
public enum ComponentKind {
  /** One output channel of a convolution. */
  CONV_FILTER("conv-filter"),
  /** One output of a fully connected layer. */
  NEURON("neuron"),
  /** One head of an attention layer. */
  ATTENTION_HEAD("attention-head"),
  /** Several slices ablated together, from a user's specification. */
  GROUP("group");

  private final String label;

  ComponentKind(String label) {
    this.label = label;
  }

  @JsonValue
  public String label() {
    return label;
  }

  @JsonCreator
  public static ComponentKind of(String label) {
    return Arrays.stream(values())
        .filter(kind -> kind.label.equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("unknown component kind: " + label));
  }
}
