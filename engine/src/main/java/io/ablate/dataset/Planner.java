package io.ablate.dataset;

import io.ablate.forward.Calibration;
import io.ablate.forward.ProcessMemory;
import io.ablate.instrument.InstrumentedModel;

/** Predicts what a request costs, without writing anything. Stateless and thread-safe. */
public final class Planner {
  private Planner() {}

  /**
   * Loads the model, times a few passes and adds up.
   *
   * @throws io.ablate.base.AblateException as {@link Collector#run} would before its first pass
   */
  public static CollectPlan plan(CollectRequest request) {
    CollectSetup setup = new CollectSetup(request);
    Manifest stored = setup.stored();
    Calibration.Result calibration = setup.calibrate(stored);
    Manifest.Batch batch = setup.manifest(calibration.chosen()).batch();
    InstrumentedModel model = request.model();
    long examples = setup.examples().size();
    long rows = request.rows();
    long open = rows;
    if (stored != null) {
      try (ComponentDataset dataset = ComponentDataset.open(request.store())) {
        open -= dataset.completedRows().length;
      }
    }
    long scale = model.activationScale() != null ? examples : 0;
    double perPass = calibration.chosen().secondsPerPass();
    long disk =
        rows * (model.components().size() + 4 * examples + 1)
            + 4 * scale * model.components().size()
            + (model.logits() == null ? 0 : 4 * rows * examples * Math.max(0, model.classes()));
    return new CollectPlan(
        open * examples,
        scale,
        batch,
        perPass,
        (open * examples + scale) * perPass,
        memory(calibration, batch, examples, model.components().size()),
        disk,
        calibration);
  }

  /**
   * What calibration took at its peak, or may take when it has time for more; the heap that the JVM
   * may yet fill; and the row buffers.
   */
  private static long memory(
      Calibration.Result calibration, Manifest.Batch batch, long examples, int columns) {
    long peak = Math.max(ProcessMemory.peak(), calibration.untriedBytes());
    long buffers = batch.size() * (4 * examples + columns);
    return peak == 0 ? 0 : peak + Runtime.getRuntime().freeMemory() + buffers;
  }
}
