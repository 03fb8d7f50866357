package io.ablate.dataset;

import io.ablate.forward.BatchOrder;
import io.ablate.forward.ForwardBackend;
import io.ablate.forward.TinyModel;
import io.ablate.mask.GradientMasks;
import java.nio.file.Path;

/** Requests with gradient passes on the tiny model. */
final class GradientTesting {
  private GradientTesting() {}

  static GradientMasks masks(double soft) {
    return new GradientMasks(11, 0.8, soft, TinyModel.COMPONENTS);
  }

  /** Ordinary rows 0 to {@code rows − 1} and gradient passes from {@code first}. */
  static CollectRequest request(
      Path store, int rows, int first, int passes, double soft, int batch, ForwardBackend backend) {
    CollectRequest plain = StoreTesting.request(store, 0, rows, BatchOrder.MASKS, batch);
    CollectRequest.Settings settings = plain.settings();
    return new CollectRequest(
        store,
        plain.model(),
        plain.design(),
        0,
        rows,
        plain.source(),
        plain.examples(),
        plain.labels(),
        false,
        settings.backend(backend, settings.backendReport()),
        new CollectRequest.Gradients(AnalyticGradients.MODEL, masks(soft), first, passes, 2.5));
  }

  static CollectRequest request(Path store, int rows, int passes, double soft, int batch) {
    return request(store, rows, 0, passes, soft, batch, new AnalyticGradients());
  }

  static CollectRequest resumed(CollectRequest request) {
    return StoreTesting.resumed(request).withGradients(request.gradients());
  }
}
