package io.ablate.dataset;

import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.ProcessMemory;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.MaskDesign;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What to collect, and how.
 *
 * @param store folder of the store
 * @param model what to run; with logits or activation scale they are stored too
 * @param design the masks, as wide as the model has components
 * @param firstRow first row of the design to collect
 * @param rows number of rows
 * @param source the examples
 * @param examples positions in the source, one per column of the outputs
 * @param labels the class that an example's output is about: {@code Example::label} for its own
 * @param resume whether to continue an existing store
 * @param settings how to compute; has no influence on the result but its backend
 */
public record CollectRequest(
    Path store,
    InstrumentedModel model,
    MaskDesign design,
    long firstRow,
    int rows,
    ExampleSource source,
    int[] examples,
    ToIntFunction<Example> labels,
    boolean resume,
    Settings settings) {

  public CollectRequest {
    if (design.columns() != model.components().size()) {
      throw new IllegalArgumentException(
          "masks of "
              + design.columns()
              + " columns for "
              + model.components().size()
              + " components");
    }
  }

  /**
   * How to compute.
   *
   * @param backend what runs the model
   * @param backendReport how it was chosen, for the manifest
   * @param threads within an operator
   * @param order what fills a batch; null for what calibrates faster
   * @param batch rows per pass; 0 for what calibrates fastest
   * @param memoryBytes bound on the process's resident memory when choosing the batch
   */
  public record Settings(
      ForwardBackend backend,
      Map<String, Object> backendReport,
      int threads,
      @Nullable BatchOrder order,
      int batch,
      long memoryBytes) {

    /** The CPU, all processors, calibrated within half of the machine's memory. */
    public static Settings defaults() {
      return new Settings(
          new OrtCpuBackend(),
          Map.of("chosen", OrtCpuBackend.NAME),
          Runtime.getRuntime().availableProcessors(),
          null,
          0,
          ProcessMemory.available() / 2);
    }

    public Settings threads(int threads) {
      return new Settings(backend, backendReport, threads, order, batch, memoryBytes);
    }

    /**
     * Fixes the batch.
     *
     * @param order null for what calibrates faster
     * @param batch 0 for what calibrates fastest
     */
    public Settings batch(@Nullable BatchOrder order, int batch) {
      return new Settings(backend, backendReport, threads, order, batch, memoryBytes);
    }
  }
}
