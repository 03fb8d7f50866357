package io.ablate.ort;

import static java.lang.foreign.ValueLayout.ADDRESS;

import io.ablate.forward.BatchShape;
import io.ablate.forward.OrtGraphs;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.onnx.OnnxModel;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * ONNX Runtime's CUDA provider, on a stream that the caller owns. Tests without a device go as far
 * as ONNX Runtime's refusal where it has no such provider.
 */
final class CudaExecutionProvider implements ExecutionProvider {
  private final CudaOptions options;
  private final long stream;

  /** A recorded graph holds the addresses of one batch, so each has its own; 0 is reserved. */
  private final AtomicInteger recordings = new AtomicInteger(1);

  /**
   * @param stream a {@code cudaStream_t}, which must outlive every session; 0 for one of ONNX
   *     Runtime's own
   */
  CudaExecutionProvider(CudaOptions options, long stream) {
    this.options = options;
    this.stream = stream;
  }

  @Override
  public boolean records() {
    return options.graphs();
  }

  @Override
  public void configure(OrtScope scope, long sessionOptions, boolean record) {
    Map<String, String> entries = options.with("graphs", Boolean.toString(record)).entries();
    OrtTable table = scope.table();
    long cuda = scope.make(OrtFunction.RELEASE_CUDA_OPTIONS, OrtFunction.CREATE_CUDA_OPTIONS);
    table.call(
        OrtFunction.UPDATE_CUDA_OPTIONS,
        cuda,
        texts(scope, entries.keySet()),
        texts(scope, entries.values()),
        (long) entries.size());
    if (stream != 0) {
      // As text the address would be dropped: only a pointer also says that there is a stream.
      // Last, for setting other options forgets it.
      table.call(OrtFunction.UPDATE_CUDA_OPTION_WITH_VALUE, cuda, "user_compute_stream", stream);
    }
    table.call(OrtFunction.APPEND_CUDA, sessionOptions, cuda);
  }

  /** An array of pointers to zero-terminated text. */
  private static MemorySegment texts(OrtScope scope, Collection<String> texts) {
    MemorySegment pointers = scope.allocate(texts.size() * ADDRESS.byteSize());
    int index = 0;
    for (String text : texts) {
      pointers.setAtIndex(ADDRESS, index++, scope.text(text));
    }
    return pointers;
  }

  @Override
  public void configureRuns(OrtTable table, long runOptions) {
    table.call(
        OrtFunction.ADD_RUN_CONFIG_ENTRY,
        runOptions,
        "gpu_graph_id",
        Integer.toString(recordings.getAndIncrement()));
  }

  @Override
  public long memoryInfo(OrtScope scope) {
    return scope.make(
        OrtFunction.RELEASE_MEMORY_INFO,
        OrtFunction.CREATE_MEMORY_INFO,
        "Cuda",
        DEVICE_ALLOCATOR,
        options.device(),
        DEFAULT_MEMORY);
  }

  /** Blocked layouts are the processor's; extents are fixed, as recordings need. */
  @Override
  public OnnxModel graph(
      InstrumentedModel model, OnnxModel made, BatchShape shape, long[] exampleShape) {
    return OrtGraphs.fixed(model, made, shape, exampleShape);
  }
}
