package io.ablate.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import io.ablate.example.Example;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.TinyModel;
import io.ablate.instrument.InstrumentedModel;
import io.ablate.mask.BernoulliMasks;
import io.ablate.mask.MaskDesign;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Requests on the tiny model, and the comparison of stores. */
final class StoreTesting {
  static final int EXAMPLES = 5;

  private StoreTesting() {}

  static CollectRequest request(Path store, long first, int rows, BatchOrder order, int batch) {
    return request(store, TinyModel.plain(), design(), first, rows, false, order, batch);
  }

  static CollectRequest request(
      Path store,
      InstrumentedModel model,
      MaskDesign design,
      long first,
      int rows,
      boolean resume,
      @Nullable BatchOrder order,
      int batch) {
    return new CollectRequest(
        store,
        model,
        design,
        first,
        rows,
        TinyModel.examples(EXAMPLES),
        IntStream.range(0, EXAMPLES).toArray(),
        Example::label,
        resume,
        CollectRequest.Settings.defaults().threads(1).batch(order, batch));
  }

  static CollectRequest resumed(CollectRequest request) {
    return new CollectRequest(
        request.store(),
        request.model(),
        request.design(),
        request.firstRow(),
        request.rows(),
        request.source(),
        request.examples(),
        request.labels(),
        true,
        request.settings());
  }

  static MaskDesign design() {
    return new BernoulliMasks(11, 0.8, TinyModel.COMPONENTS);
  }

  /** Requires the same files with the same bytes. */
  static void assertSameBytes(Path found, Path expected) throws IOException {
    try (var files = Files.list(expected);
        var others = Files.list(found)) {
      assertThat(others.map(f -> f.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(files.map(f -> f.getFileName().toString()).toList());
    }
    try (var files = Files.list(expected)) {
      for (Path file : files.toList()) {
        assertThat(found.resolve(file.getFileName())).hasSameBinaryContentAs(file);
      }
    }
  }
}
