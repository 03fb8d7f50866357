package io.ablate.ort;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.forward.BatchShape;
import io.ablate.forward.OrtGraphs;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;

/**
 * What computes a session's nodes, in ONNX Runtime's word, and which memory it reads. Stateless but
 * for counters; thread-safe.
 */
interface ExecutionProvider extends AutoCloseable {
  /** {@code OrtDeviceAllocator} and {@code OrtMemTypeDefault}. */
  int DEVICE_ALLOCATOR = 0;

  int DEFAULT_MEMORY = 0;

  /** {@code OrtArenaAllocator}. */
  int ARENA_ALLOCATOR = 1;

  /** The processor. */
  ExecutionProvider CPU =
      new ExecutionProvider() {
        @Override
        public void configure(OrtScope scope, long sessionOptions, boolean record) {}

        @Override
        public long memoryInfo(OrtScope scope) {
          return scope.make(
              OrtFunction.RELEASE_MEMORY_INFO,
              OrtFunction.CREATE_CPU_MEMORY_INFO,
              ARENA_ALLOCATOR,
              DEFAULT_MEMORY);
        }

        @Override
        public OnnxModel graph(
            InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
          return OrtGraphs.onProcessor(model, made, shape, exampleShape);
        }
      };

  /** Whether the launches of a run are to be recorded and replayed where the graph allows it. */
  default boolean records() {
    return false;
  }

  /**
   * Adds this provider to options of a session; what is made for that, the scope may release.
   *
   * @param record whether runs are recorded, {@link #records} where it is possible
   */
  void configure(OrtScope scope, long sessionOptions, boolean record);

  /** Adds what recorded runs of one batch need. */
  default void configureRuns(OrtTable table, long runOptions) {}

  /** An {@code OrtMemoryInfo} of the memory that tensors are bound in. */
  long memoryInfo(OrtScope scope);

  /** The graph that a session for one batch shape loads; see {@link OrtGraphs}. */
  OnnxModel graph(InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape);

  /** The graph that a session for the gradients of so many rows loads, with the model's names. */
  default OnnxModel gradients(DifferentiatedModel model, BatchShape shape, long[] exampleShape) {
    return graph(model.forward(), model.model(), shape, exampleShape);
  }

  /** After all sessions. */
  @Override
  default void close() {}
}
