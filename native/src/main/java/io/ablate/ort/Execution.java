package io.ablate.ort;

/**
 * What computes and where its tensors lie; one for each session of a backend.
 *
 * @param memory closed together with this
 */
record Execution(ExecutionProvider provider, TensorMemory memory) implements AutoCloseable {
  @Override
  public void close() {
    memory.close();
  }
}
