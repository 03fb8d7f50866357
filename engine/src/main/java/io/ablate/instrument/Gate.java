package io.ablate.instrument;

/** What happens at the one place of a layer where its mask acts. */
interface Gate {
  /**
   * Adds the nodes that compute {@code output} from {@code input}, the layer's output without the
   * part that ablation leaves.
   */
  void add(MaskedLayer layer, String input, String output);
}
