package io.ablate.dataset;

import io.ablate.base.Problem;
import io.ablate.base.Sha256;
import io.ablate.base.UsageException;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.Calibration;
import io.ablate.forward.ForwardOptions;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.LeaveOneOutMasks;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A request, checked: what planning and collecting have in common. */
final class CollectSetup {
  /** Stands in a manifest until a batch is chosen. */
  private static final Manifest.Batch UNDECIDED = new Manifest.Batch("", 0);

  /** A backward pass keeps what the forward pass computed: larger batches need much memory. */
  private static final int MOST_GRADIENT_ROWS = 32;

  private final CollectRequest request;
  private final ExampleCache examples;
  private final ForwardOptions options;

  /**
   * Checks rows, store and examples.
   *
   * @throws UsageException if the design has not as many rows, or a label is no class
   * @throws io.ablate.base.BadInputException if the store exists and is not to be resumed, or was
   *     made otherwise
   */
  CollectSetup(CollectRequest request) {
    this.request = request;
    long available = request.design().rows();
    if (request.rows() < (request.gradients() == null ? 1 : 0)
        || request.firstRow() < 0
        || request.firstRow() > available - request.rows()) {
      throw new UsageException(
          Problem.of("no such rows of masks")
              .expected(
                  available == Long.MAX_VALUE ? "at least one row" : "rows 0 to " + (available - 1))
              .found(
                  "rows "
                      + request.firstRow()
                      + " to "
                      + (request.firstRow() + request.rows() - 1)));
    }
    if (!request.resume()) {
      StoreWriter.requireAbsent(request.store());
    }
    this.examples =
        new ExampleCache(
            request.source(), request.examples(), request.labels(), request.model().classes());
    CollectRequest.Settings settings = request.settings();
    this.options = new ForwardOptions(settings.threads(), examples.shape(), settings.precision());
  }

  CollectRequest request() {
    return request;
  }

  ExampleCache examples() {
    return examples;
  }

  ForwardOptions options() {
    return options;
  }

  /** The manifest of the store to be resumed, checked; null if there is none. */
  @Nullable Manifest stored() {
    Path file = request.store().resolve(StoreFiles.MANIFEST);
    return request.resume() && Files.exists(file)
        ? StoreWriter.requireSame(file, manifest(UNDECIDED))
        : null;
  }

  /**
   * Chooses the batch shape by short timings; checks that the model keeps rows apart.
   *
   * @param stored a manifest that has decided the shape already, which is then only timed; or null
   */
  Calibration.Result calibrate(@Nullable Manifest stored) {
    CollectRequest.Settings settings = request.settings();
    BatchOrder order = stored == null ? wantedOrder() : BatchOrder.of(stored.batch().order());
    int size = stored == null ? settings.batch() : stored.batch().size();
    return Calibration.run(
        settings.backend(),
        request.model(),
        options,
        examples.first(4),
        examples.size(),
        new Calibration.Choice(order, size, passesPerExample(), settings.memoryBytes()));
  }

  /**
   * Null for what calibrates faster. The masks that calibrate have nothing in common; those that
   * leave out one component have nearly all, and a backend may compute it once for an example.
   */
  private @Nullable BatchOrder wantedOrder() {
    BatchOrder asked = request.settings().order();
    return asked == null && request.design() instanceof LeaveOneOutMasks ? BatchOrder.MASKS : asked;
  }

  private long passesPerExample() {
    return request.rows() == 0 && request.gradients() != null
        ? request.gradients().passes()
        : request.rows();
  }

  /** The manifest of a new store; times gradient passes where their cost is to be known. */
  Manifest manifest(Calibration.Trial chosen) {
    Manifest manifest = manifest(new Manifest.Batch(chosen.order().label(), chosen.size()));
    Manifest.Gradients gradients = manifest.gradients();
    return gradients == null || gradients.cost() > 0
        ? manifest
        : manifest.with(manifest.rows(), gradients.withCost(cost(chosen, gradients.batch())));
  }

  /** What a gradient pass takes in ordinary ones, by a short timing. */
  double cost(Calibration.Trial chosen, int batch) {
    return GradientCost.measure(
        request, Objects.requireNonNull(request.gradients()).model(), this, chosen.order(), batch);
  }

  private Manifest.@Nullable Gradients gradients(Manifest.Batch batch) {
    CollectRequest.Gradients gradients = request.gradients();
    if (gradients == null) {
      return null;
    }
    long pairs = (long) gradients.passes() * examples.size();
    return new Manifest.Gradients(
        gradients.first(),
        gradients.passes(),
        gradients.masks().provenance(),
        Sha256.of(gradients.model().model().toBytes()),
        batch.equals(UNDECIDED)
            ? 0
            : GradientLoop.batch(
                Math.min(batch.size(), mostGradientRows()), examples.size(), pairs),
        gradients.cost());
  }

  /** A gradient pass keeps the values of all layers: a device's batch is a quarter for them. */
  private int mostGradientRows() {
    return Math.max(MOST_GRADIENT_ROWS, request.settings().backend().batchRows(options) / 4);
  }

  private Manifest manifest(Manifest.Batch batch) {
    InstrumentedModel model = request.model();
    Path source = model.model().source();
    List<String> save = new ArrayList<>();
    if (model.activationScale() != null) {
      save.add("activation-scale");
    }
    if (model.logits() != null) {
      save.add("logits");
    }
    CollectRequest.Settings settings = request.settings();
    String software = CollectSetup.class.getPackage().getImplementationVersion();
    return new Manifest(
        Manifest.SCHEMA,
        new Manifest.Model(
            source == null ? "" : source.getFileName().toString(), model.model().sha256()),
        request.design().provenance(),
        new Manifest.Rows(request.firstRow(), request.rows()),
        model.components().size(),
        Map.of("ablation", model.ablation().label(), "graph", Sha256.of(model.model().toBytes())),
        model.outputFunction().label(),
        settings.precision().label(),
        examples.describe(),
        List.copyOf(save),
        batch,
        new Manifest.Backend(
            settings.backend().name(), settings.backend().version(), settings.backendReport()),
        Map.of(
            "ablate",
            software == null ? "development" : software,
            "java",
            Runtime.version().toString()),
        gradients(batch));
  }
}
