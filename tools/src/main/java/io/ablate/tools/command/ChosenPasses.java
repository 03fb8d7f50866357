package io.ablate.tools.command;

import io.ablate.backend.Backends;
import io.ablate.backend.PrecisionCheck;
import io.ablate.backend.Selection;
import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.dataset.Manifest;
import io.ablate.example.Example;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.ForwardOptions;
import io.ablate.forward.Precision;
import io.ablate.instrument.InstrumentedModel;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What runs the passes, and in which precision.
 *
 * @param report how both were chosen, for the manifest
 */
record ChosenPasses(ForwardBackend backend, Precision precision, Map<String, Object> report) {

  /**
   * Chooses by the options; what a store that is continued was made with, they may leave out.
   *
   * @param how threads and extents
   * @param examples asked for only where the precision is to be found out
   * @param stored manifest of the store that is continued; null for a new one
   */
  static ChosenPasses of(
      CollectOptions options,
      String device,
      InstrumentedModel model,
      ForwardOptions how,
      Supplier<List<Example>> examples,
      @Nullable Manifest stored) {
    String name = options.passes().backend();
    if (name.equals(Backends.AUTO) && stored != null) {
      name = stored.backend().name();
    }
    Precision known =
        stored == null
            ? Precision.FP32
            : Precision.named(stored.precision())
                .orElseThrow(
                    () ->
                        new BadInputException(
                            Problem.of("unknown precision of the store's passes")
                                .at("manifest.json")
                                .expected(Precision.labels(List.of(Precision.values())))
                                .found(stored.precision())));
    boolean open = options.passes().autoPrecision() && stored == null;
    Precision precision =
        options.passes().autoPrecision() ? known : options.passes().precision(known);
    Selection<ForwardBackend> selection =
        Backends.forward(name, device, model, how.with(precision));
    Map<String, Object> report = new TreeMap<>(selection.role().report());
    if (open) {
      PrecisionCheck check =
          PrecisionCheck.run(selection.backend(), model, how, examples.get(), options.keep());
      precision = check.chosen();
      report.put("precision", check.report());
    }
    return new ChosenPasses(selection.backend(), precision, report);
  }
}
