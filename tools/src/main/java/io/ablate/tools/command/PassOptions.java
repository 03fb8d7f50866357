package io.ablate.tools.command;

import io.ablate.backend.Backends;
import io.ablate.base.Problem;
import io.ablate.base.UsageException;
import io.ablate.forward.BatchOrder;
import io.ablate.forward.Precision;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What runs the passes, and how; part of {@link CollectOptions}. */
final class PassOptions {
  @Option(
      names = "--order",
      order = 39,
      paramLabel = "NAME",
      description =
          "What fills a batch: masks or examples (default: what runs faster; on a GPU, what there is"
              + " more of).")
  private @Nullable String order;

  @Option(
      names = "--backend",
      order = 39,
      paramLabel = "NAME",
      defaultValue = Backends.AUTO,
      description =
          "What runs the passes: auto, or a backend that ablate doctor lists (default: auto, the"
              + " fastest that can run the model; of a store that is continued, its own).")
  private String backend = Backends.AUTO;

  @Option(
      names = "--batch",
      order = 40,
      paramLabel = "N",
      defaultValue = "0",
      description = "Rows per batch (default: what runs fastest; on a GPU, what fills it).")
  private int batch;

  @Option(
      names = "--memory",
      order = 41,
      paramLabel = "SIZE",
      description =
          "Bound on the process's memory, for example 2G (default: half of what is free).")
  private @Nullable String memory;

  @Option(
      names = "--precision",
      order = 42,
      paramLabel = "NAME",
      description =
          "What passes compute with: fp32, on a processor bf16, on a device tf32 or fp16, or auto for"
              + " bf16 or fp16 where that is fast and the model bears it (default: fp32; of a store"
              + " that is continued, its own).")
  private @Nullable String precision;

  int batch() {
    if (batch < 0 || batch > 1 << 16) {
      throw new UsageException(
          Problem.of("impossible batch").at("--batch").expected("1 to 65536").found(batch));
    }
    return batch;
  }

  /** What runs the passes, by name, or {@link Backends#AUTO}. */
  String backend() {
    Backends.requireForward(backend);
    return backend;
  }

  @Nullable BatchOrder order() {
    return order == null ? null : BatchOrder.of(order);
  }

  /** The bound in bytes, or {@code otherwise}. */
  long memory(long otherwise) {
    return memory == null ? otherwise : Sizes.parse("--memory", memory);
  }

  /** Whether the precision is to be found out. */
  boolean autoPrecision() {
    return Backends.AUTO.equals(precision);
  }

  /**
   * The precision of the passes; float32 where it is to be found out.
   *
   * @param otherwise if none was asked for
   */
  Precision precision(Precision otherwise) {
    String name = precision;
    if (name == null) {
      return otherwise;
    }
    return autoPrecision()
        ? Precision.FP32
        : Precision.named(name)
            .orElseThrow(
                () ->
                    new UsageException(
                        Problem.of("unknown precision")
                            .at("--precision")
                            .expected(Precision.labels(List.of(Precision.values())) + ", auto")
                            .found(name)));
  }
}
