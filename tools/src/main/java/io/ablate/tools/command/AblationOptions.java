package io.ablate.tools.command;

import io.ablate.base.BadInputException;
import io.ablate.base.NpyFile;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.instrument.Ablation;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What takes the place of an ablated component; part of {@link CollectOptions}. */
final class AblationOptions {
  @Option(
      names = "--ablation",
      order = 36,
      paramLabel = "NAME",
      defaultValue = "zero-weights",
      description =
          "zero-weights, zero-output, mean or constant (default: zero-weights, as COAR does).")
  private String ablation = "zero-weights";

  @Option(
      names = "--constant",
      order = 37,
      paramLabel = "FILE.npy",
      description = "For --ablation constant: the value of each component, one per column.")
  private @Nullable Path constant;

  @Option(
      names = "--reference",
      order = 37,
      paramLabel = "DATA",
      description = "For --ablation mean: the data to average over (default: that of --data).")
  private @Nullable String reference;

  @Option(
      names = "--reference-examples",
      order = 37,
      paramLabel = "N",
      defaultValue = "256",
      description = "How many of them, from the first (default: 256, or all there are).")
  private int referenceExamples = 256;

  /** The kind of ablation, checked against the options that only one kind has. */
  Ablation chosen() {
    Ablation chosen = ablation();
    requireOnly("--constant", constant, chosen, Ablation.CONSTANT);
    requireOnly("--reference", reference, chosen, Ablation.MEAN);
    return chosen;
  }

  private Ablation ablation() {
    Ablation[] all = Ablation.values();
    return Arrays.stream(all)
        .filter(one -> one.label().equals(ablation.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    Problem.of("unknown name")
                        .at("--ablation")
                        .expected(
                            String.join(", ", Arrays.stream(all).map(Ablation::label).toList()))
                        .found(ablation)));
  }

  /** The data that mean ablation averages over. */
  String reference(String otherwise) {
    return reference == null ? otherwise : reference;
  }

  /** How many of the {@code available} examples mean ablation averages over. */
  int referenceExamples(int available) {
    if (referenceExamples < 1) {
      throw new UsageException(
          Problem.of("wrong number of examples")
              .at("--reference-examples")
              .expected("1 or more")
              .found(referenceExamples));
    }
    return Math.min(available, referenceExamples);
  }

  private void requireOnly(
      String option, @Nullable Object value, Ablation chosen, Ablation needed) {
    if (value != null && chosen != needed) {
      throw new UsageException(
          Problem.of(option + " is for --ablation " + needed.label())
              .found("--ablation " + ablation));
    }
  }

  /** The value of each of {@code columns} components; null where the ablation needs none. */
  float @Nullable [] constants(int columns) {
    if (ablation() != Ablation.CONSTANT) {
      return null;
    }
    if (constant == null) {
      throw new UsageException(
          Problem.of("--ablation constant needs --constant FILE.npy, one value per component"));
    }
    try (NpyFile npy = NpyFile.open(constant).requireShape(columns)) {
      double[] values = npy.rows(0, columns);
      float[] floats = new float[columns];
      for (int i = 0; i < columns; i++) {
        floats[i] = (float) values[i];
        if (!Float.isFinite(floats[i])) {
          throw new BadInputException(
              Problem.of("constant is not a finite number")
                  .at(constant + ", element " + i)
                  .found(values[i]));
        }
      }
      return floats;
    }
  }
}
