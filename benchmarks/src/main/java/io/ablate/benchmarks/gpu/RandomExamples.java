package io.ablate.benchmarks.gpu;

import io.ablate.benchmarks.Network;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.forward.BatchOrder;

/** Drawn inputs of a network, in memory. */
final class RandomExamples implements ExampleSource {
  private final Network network;
  private final int size;
  private final float[] inputs;

  RandomExamples(Network network, int size) {
    this.network = network;
    this.size = size;
    this.inputs = network.examples(size, BatchOrder.EXAMPLES);
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Example load(int index) {
    return new Example(
        index,
        "drawn " + index,
        Network.LABEL,
        network.example(inputs, index),
        network.exampleShape(),
        null);
  }

  @Override
  public String describe() {
    return "drawn";
  }

  @Override
  public void close() {}
}
