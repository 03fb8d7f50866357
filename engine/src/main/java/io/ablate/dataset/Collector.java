package io.ablate.dataset;

import io.ablate.base.AblateException;
import io.ablate.base.AtomicFile;
import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.NpyType;
import io.ablate.base.NpyWriter;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.forward.ForwardSession;
import io.ablate.instrument.InstrumentedModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Fills a store with ablated forward passes. Stateless and thread-safe. */
public final class Collector {
  private Collector() {}

  /**
   * What a run did.
   *
   * @param passes ablated passes computed by this run: rows × examples, less what a resumed store
   *     held already
   * @param scalePasses ordinary passes spent on the activation scale
   * @param gradientPasses gradient passes computed by this run, each forward and backward over one
   *     example; those at the mask of ones included
   * @param manifest as it stands in the store
   */
  public record Result(long passes, long scalePasses, long gradientPasses, Manifest manifest) {}

  /**
   * Collects until all rows and gradient passes are complete. Memory depends on the batch and, for
   * gradients, on examples × components, not on the number of rows or passes; of the examples a
   * fixed amount is held. Progress comes in the stages {@code "activation-scale"}, {@code "passes"}
   * and {@code "gradient passes"}.
   *
   * @throws InterruptedRunException if the thread is interrupted, whose flag it clears; completed
   *     rows are kept
   * @throws BadInputException if the model, an example or the store cannot be used, the disk is
   *     full, or an output is not finite; completed rows are kept
   */
  public static Result run(CollectRequest request, Progress progress) {
    return run(request, StoppingRule.ALL_ROWS, progress);
  }

  /**
   * As {@link #run(CollectRequest, Progress)}, until a rule says that the rows are enough. The
   * store has room for all of the request's rows, so that it can be continued by any other rule.
   */
  public static Result run(CollectRequest request, StoppingRule rule, Progress progress) {
    CollectSetup setup = new CollectSetup(request);
    Manifest stored = setup.stored();
    Manifest manifest = stored != null ? stored : setup.manifest(setup.calibrate(null).chosen());
    InstrumentedModel model = request.model();
    try (ForwardSession session = request.settings().backend().open(model, setup.options());
        StoreWriter store = open(request, manifest, session)) {
      return collect(setup, session, store, rule, progress);
    }
  }

  private static StoreWriter open(
      CollectRequest request, Manifest manifest, ForwardSession session) {
    int classes = 0;
    if (request.model().logits() != null) {
      try (var batch = session.batch(new io.ablate.forward.BatchShape(1, 1))) {
        classes = batch.classes();
      }
    }
    return request.resume()
        ? StoreWriter.resume(request.store(), manifest, request.model().components(), classes)
        : StoreWriter.create(request.store(), manifest, request.model().components(), classes);
  }

  private static Result collect(
      CollectSetup setup,
      ForwardSession session,
      StoreWriter store,
      StoppingRule rule,
      Progress progress) {
    try {
      long scalePasses = 0;
      Path scale = store.folder().resolve(StoreFiles.ACTIVATION_SCALE);
      if (session.model().activationScale() != null && !Files.exists(scale)) {
        writeScale(scale, setup.examples(), session, progress);
        scalePasses = setup.examples().size();
      }
      long passes = setup.request().rows() == 0 ? 0 : passes(setup, session, store, rule, progress);
      // What it allocated is not to stand beside the other session's buffers.
      session.close();
      long gradientPasses = gradientPasses(setup, store, progress);
      return new Result(passes, scalePasses, gradientPasses, store.manifest());
    } catch (IOException e) {
      keep(store, e);
      throw new BadInputException(
          AtomicFile.cannotWrite(store.folder(), e)
              .remedy(kept(store) + "; free space or mend the disk, then continue with --resume"),
          e);
    } catch (AblateException e) {
      keep(store, e);
      // An interrupt may surface as the failure of whatever was being read; fits leave its flag.
      if (Thread.interrupted() || e instanceof InterruptedRunException) {
        throw new InterruptedRunException(
            Problem.of("interrupted")
                .at(store.folder())
                .remedy(kept(store) + "; continue with --resume"),
            e);
      }
      throw e;
    } catch (RuntimeException | Error e) {
      keep(store, e);
      throw e;
    }
  }

  private static long passes(
      CollectSetup setup,
      ForwardSession session,
      StoreWriter store,
      StoppingRule rule,
      Progress progress)
      throws IOException {
    long passes = 0;
    for (int rows : rule.looks(setup.request().rows())) {
      passes +=
          PassLoop.run(session, setup.request().design(), setup.examples(), store, rows, progress);
      store.commit();
      try (ComponentDataset dataset = ComponentDataset.open(store.folder())) {
        if (rule.enough(dataset, rows)) {
          break;
        }
      }
    }
    return passes;
  }

  private static long gradientPasses(CollectSetup setup, StoreWriter store, Progress progress)
      throws IOException {
    CollectRequest.Gradients request = setup.request().gradients();
    Manifest.Gradients gradients = store.manifest().gradients();
    if (request == null || gradients == null) {
      return 0;
    }
    GradientLayout layout = GradientLayout.of(store.manifest(), gradients, store.folder());
    return GradientLoop.run(setup, request, gradients, layout, progress);
  }

  /** Flags the rows that are already written; a second failure must not hide the first. */
  private static void keep(StoreWriter store, Throwable fault) {
    try {
      store.commit();
    } catch (IOException e) {
      fault.addSuppressed(e);
    }
  }

  private static String kept(StoreWriter store) {
    Manifest manifest = store.manifest();
    String rows =
        store.completedCount() + " of " + manifest.rows().count() + " rows are complete and kept";
    Manifest.Gradients gradients = manifest.gradients();
    if (gradients == null) {
      return rows;
    }
    GradientLayout layout = GradientLayout.of(manifest, gradients, store.folder());
    return rows
        + ", as are "
        + GradientStore.done(store.folder(), layout)
        + " of "
        + layout.pairs()
        + " gradient passes";
  }

  private static void writeScale(
      Path file, ExampleCache examples, ForwardSession session, Progress progress) {
    int columns = session.model().components().size();
    ByteBuffer bytes = ByteBuffer.allocate(columns * 4).order(ByteOrder.LITTLE_ENDIAN);
    AtomicFile.write(
        file,
        out -> {
          out.write(NpyWriter.header(NpyType.FLOAT32, examples.size(), columns));
          for (int e = 0; e < examples.size(); e++) {
            float[] values = session.activationScale(examples.input(e));
            bytes.asFloatBuffer().put(values);
            out.write(bytes.array());
            progress.update("activation-scale", e + 1L, examples.size());
          }
        });
  }
}
