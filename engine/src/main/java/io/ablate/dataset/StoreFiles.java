package io.ablate.dataset;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Names of the files in a store. */
final class StoreFiles {
  static final String MASKS = "masks.npy";
  static final String OUTPUTS = "outputs.npy";
  static final String COMPLETED = "_completed.npy";
  static final String LABELS = "labels.npy";
  static final String COMPONENTS = "components.json";
  static final String MANIFEST = "manifest.json";
  static final String ACTIVATION_SCALE = "activation_scale.npy";
  static final String LOGITS = "logits.npy";

  static final String GRADIENT_OUTPUTS = "grad_outputs.npy";
  static final String GRADIENT_UNABLATED = "grad_unablated.npy";
  static final String GRADIENT_SUMS = "grad_sums.npy";
  static final String GRADIENT_COMPLETED = "_grad_completed.npy";
  static final String GRADIENT_PARTIAL = "_grad_partial.npy";

  /** COAR writes one {@code <data>_margins.npy} for every set of examples. */
  static final String COAR_OUTPUTS_SUFFIX = "_margins.npy";

  static final List<String> ALL =
      List.of(
          MASKS,
          OUTPUTS,
          COMPLETED,
          LABELS,
          COMPONENTS,
          MANIFEST,
          ACTIVATION_SCALE,
          LOGITS,
          GRADIENT_OUTPUTS,
          GRADIENT_UNABLATED,
          GRADIENT_SUMS,
          GRADIENT_COMPLETED,
          GRADIENT_PARTIAL);

  private StoreFiles() {}

  /** The first file of a store that lies in a folder; null if there is none. */
  static @Nullable Path anyIn(Path folder) {
    return ALL.stream().map(folder::resolve).filter(Files::exists).findFirst().orElse(null);
  }
}
