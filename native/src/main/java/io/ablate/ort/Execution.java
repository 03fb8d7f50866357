package io.ablate.ort;

/**
 * What computes and where its tensors lie; one for each session of a backend.
 *
 * @param provider closed together with this
 * @param memory likewise
 */
record Execution(ExecutionProvider provider, TensorMemory memory) implements AutoCloseable {
  @Override
  public void close() {
    provider.close();
    memory.close();
  }
}
