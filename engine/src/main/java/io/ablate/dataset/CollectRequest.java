package io.ablate.dataset;

import io.ablate.differentiate.DifferentiatedModel;
import io.ablate.example.Example;
import io.ablate.example.ExampleSource;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.OrtCpuBackend;
import io.ablate.forward.Precision;
import io.ablate.forward.ProcessMemory;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.GradientMasks;
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
 * @param settings how to compute; has no influence on the result but by backend and precision
 * @param gradients gradient passes to run as well, with which {@code rows} may be 0; or null
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
    Settings settings,
    @Nullable Gradients gradients) {

  public CollectRequest {
    if (gradients != null && gradients.masks().columns() != design.columns()) {
      throw new IllegalArgumentException("gradient masks and masks differ in their columns");
    }
    if (design.columns() != model.components().size()) {
      throw new IllegalArgumentException(
          "masks of "
              + design.columns()
              + " columns for "
              + model.components().size()
              + " components");
    }
  }

  /** A request without gradient passes. */
  public CollectRequest(
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
    this(store, model, design, firstRow, rows, source, examples, labels, resume, settings, null);
  }

  /** The same request with other gradient passes. */
  public CollectRequest withGradients(@Nullable Gradients other) {
    return new CollectRequest(
        store, model, design, firstRow, rows, source, examples, labels, resume, settings, other);
  }

  /**
   * Gradient passes over all examples, and one more each at the mask of ones.
   *
   * @param model what to run
   * @param masks of the passes
   * @param first number of the first pass: its mask is that row
   * @param passes number of passes per example
   * @param cost of a gradient pass in ordinary ones, for the manifest; 0 to measure it
   */
  public record Gradients(
      DifferentiatedModel model, GradientMasks masks, int first, int passes, double cost) {
    public Gradients {
      GradientSegments.requireRange(first, passes);
    }

    /** Passes from the first one on, whose cost is measured. */
    public Gradients(DifferentiatedModel model, GradientMasks masks, int passes) {
      this(model, masks, 0, passes, 0);
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
   * @param precision of the passes
   */
  public record Settings(
      ForwardBackend backend,
      Map<String, Object> backendReport,
      int threads,
      @Nullable BatchOrder order,
      int batch,
      long memoryBytes,
      Precision precision) {

    /** The CPU, all processors, calibrated within half of the machine's memory. */
    public static Settings defaults() {
      return new Settings(
          new OrtCpuBackend(),
          Map.of("chosen", OrtCpuBackend.NAME),
          Runtime.getRuntime().availableProcessors(),
          null,
          0,
          ProcessMemory.available() / 2,
          Precision.FP32);
    }

    /**
     * Another backend.
     *
     * @param report how it was chosen, for the manifest
     */
    public Settings backend(ForwardBackend backend, Map<String, Object> report) {
      return new Settings(backend, report, threads, order, batch, memoryBytes, precision);
    }

    public Settings threads(int threads) {
      return new Settings(backend, backendReport, threads, order, batch, memoryBytes, precision);
    }

    public Settings memoryBytes(long memoryBytes) {
      return new Settings(backend, backendReport, threads, order, batch, memoryBytes, precision);
    }

    public Settings precision(Precision precision) {
      return new Settings(backend, backendReport, threads, order, batch, memoryBytes, precision);
    }

    /**
     * Fixes the batch.
     *
     * @param order null for what calibrates faster
     * @param batch 0 for what calibrates fastest
     */
    public Settings batch(@Nullable BatchOrder order, int batch) {
      return new Settings(backend, backendReport, threads, order, batch, memoryBytes, precision);
    }
  }
}
