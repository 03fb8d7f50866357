package io.ablate.dataset;

import io.ablate.forward.BatchOrder;
import io.ablate.forward.Calibration;
import io.ablate.forward.ProcessMemory;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.LeaveOneOutMasks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

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
    Manifest manifest = setup.manifest(calibration.chosen());
    Manifest.Batch batch = manifest.batch();
    InstrumentedModel model = request.model();
    long examples = setup.examples().size();
    long rows = request.rows();
    BitSet completed = new BitSet();
    if (stored != null) {
      try (ComponentDataset dataset = ComponentDataset.open(request.store())) {
        Arrays.stream(dataset.completedRows()).forEach(completed::set);
      }
    }
    int slots = BatchOrder.of(batch.order()) == BatchOrder.MASKS ? batch.size() : 1;
    long open =
        new BatchRows(request.design(), request.firstRow(), slots, 1, 1)
            .count(request.rows(), completed::get);
    long scale = model.activationScale() != null ? examples : 0;
    double perPass = calibration.chosen().secondsPerPass();
    long disk =
        rows * (model.components().size() + 4 * examples + 1)
            + 4 * scale * model.components().size()
            + (model.logits() == null ? 0 : 4 * rows * examples * Math.max(0, model.classes()));
    CollectPlan.Gradients gradients = gradients(request, manifest, perPass);
    return new CollectPlan(
        open * examples,
        scale,
        batch,
        perPass,
        (open * examples + scale) * perPass + (gradients == null ? 0 : gradients.seconds()),
        memory(calibration, batch, examples, model.components().size(), gradients)
            + sharedPrefixBytes(request, setup),
        disk + (gradients == null ? 0 : gradients.diskBytes()),
        calibration,
        gradients);
  }

  private static CollectPlan.@Nullable Gradients gradients(
      CollectRequest request, Manifest manifest, double secondsPerPass) {
    Manifest.Gradients gradients = manifest.gradients();
    if (gradients == null) {
      return null;
    }
    Path store = request.store();
    GradientLayout layout = GradientLayout.of(manifest, gradients, store);
    long open = layout.pairs() - GradientStore.done(store, layout);
    open += Files.exists(store.resolve(StoreFiles.GRADIENT_UNABLATED)) ? 0 : layout.examples();
    return new CollectPlan.Gradients(
        open,
        gradients.batch(),
        gradients.cost(),
        open * gradients.cost() * secondsPerPass,
        layout.memoryBytes(),
        layout.diskBytes());
  }

  /** Calibration's masks have nothing in common, and so do not show it. */
  private static long sharedPrefixBytes(CollectRequest request, CollectSetup setup) {
    return request.design() instanceof LeaveOneOutMasks
        ? request.settings().backend().sharedPrefixBytes(setup.options())
        : 0;
  }

  /**
   * What calibration took at its peak, or may take when it has time for more; the heap that the JVM
   * may yet fill; and the row buffers.
   */
  private static long memory(
      Calibration.Result calibration,
      Manifest.Batch batch,
      long examples,
      int columns,
      CollectPlan.@Nullable Gradients gradients) {
    long peak = Math.max(ProcessMemory.peak(), calibration.untriedBytes());
    long buffers = batch.size() * (4 * examples + columns);
    buffers += gradients == null ? 0 : gradients.memoryBytes();
    return peak == 0 ? 0 : peak + Runtime.getRuntime().freeMemory() + buffers;
  }
}
