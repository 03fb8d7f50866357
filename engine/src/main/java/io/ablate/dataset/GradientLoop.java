package io.ablate.dataset;

import io.ablate.base.BadInputException;
import io.ablate.base.InterruptedRunException;
import io.ablate.base.NpyWriter;
import io.ablate.base.Problem;
import io.ablate.base.Progress;
import io.ablate.forward.GradientBatch;
import io.ablate.forward.GradientSession;
import io.ablate.mask.GradientMasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The gradient passes of one store: one at the mask of ones for every example, then those of the
 * design, in the order (pass, example). A pass's batch and its slot in it depend on nothing but its
 * number and the number of examples, and a batch is always full, so that ranges, interruptions and
 * the number of passes leave no trace in the bits.
 */
final class GradientLoop {
  private final GradientMasks masks;
  private final ExampleCache examples;
  private final GradientLayout layout;
  private final GradientBatch batch;
  private final Progress progress;
  private final long total;
  private final int[] slotExamples;
  private final float[] gradient;
  private long computed;
  private long done;

  private GradientLoop(
      GradientMasks masks,
      ExampleCache examples,
      GradientLayout layout,
      GradientBatch batch,
      Progress progress) {
    this.masks = masks;
    this.examples = examples;
    this.layout = layout;
    this.batch = batch;
    this.progress = progress;
    this.total = layout.pairs() + examples.size();
    this.slotExamples = new int[batch.rows()];
    Arrays.fill(slotExamples, -1);
    this.gradient = new float[layout.columns()];
  }

  /**
   * The batch of at most {@code most} rows that wastes the fewest where each example's passes end:
   * a multiple of the number of examples where that fits. It does not depend on the number of
   * passes, but for so few that a batch is not filled.
   *
   * @param pairs gradient passes over single examples in all
   */
  static int batch(int most, int examples, long pairs) {
    if (examples <= most) {
      return (int) Math.min(most / examples * examples, pairs);
    }
    int best = most;
    for (int size = most; size > most / 2; size--) {
      // A larger batch is faster: it stays unless it wastes a twentieth more.
      if (1.05 * rows(examples, size) < rows(examples, best)) {
        best = size;
      }
    }
    return best;
  }

  /** Rows of all batches that hold so many examples. */
  private static long rows(int examples, int size) {
    return (long) Math.ceilDiv(examples, size) * size;
  }

  /**
   * Computes all gradient passes that a store lacks; keeps what is computed whatever happens.
   *
   * @param gradients what its manifest says of them
   * @return passes computed, each forward and backward, over single examples
   */
  static long run(
      CollectSetup setup,
      CollectRequest.Gradients request,
      Manifest.Gradients gradients,
      GradientLayout layout,
      Progress progress)
      throws IOException {
    Path folder = setup.request().store();
    Path unablated = folder.resolve(StoreFiles.GRADIENT_UNABLATED);
    if (Files.exists(unablated) && GradientStore.done(folder, layout) == layout.pairs()) {
      return 0;
    }
    try (GradientSession session =
            setup.request().settings().backend().openGradients(request.model(), setup.options());
        GradientBatch batch = session.everywhere(gradients.batch())) {
      GradientLoop loop =
          new GradientLoop(request.masks(), setup.examples(), layout, batch, progress);
      if (!Files.exists(unablated)) {
        loop.unablated(unablated);
      }
      loop.done = setup.examples().size();
      try (GradientStore store = GradientStore.open(folder, layout)) {
        loop.keeping(store);
      }
      return loop.computed;
    }
  }

  private void unablated(Path file) {
    float[] ones = new float[layout.columns()];
    Arrays.fill(ones, 1);
    for (int slot = 0; slot < batch.rows(); slot++) {
      batch.setMask(slot, ones);
    }
    float[][] found = new float[examples.size()][layout.columns()];
    for (int base = 0; base < found.length; base += batch.rows()) {
      for (int slot = 0; slot < batch.rows(); slot++) {
        setExample(slot, Math.min(base + slot, found.length - 1));
      }
      run();
      int used = Math.min(batch.rows(), found.length - base);
      for (int slot = 0; slot < used; slot++) {
        read(slot, "unablated gradient pass", base + slot);
        System.arraycopy(gradient, 0, found[base + slot], 0, gradient.length);
      }
      report(used);
    }
    NpyWriter.writeFloats(file, found);
  }

  private void keeping(GradientStore store) throws IOException {
    try {
      passes(store);
    } catch (IOException | RuntimeException | Error e) {
      try {
        store.commit();
      } catch (IOException | RuntimeException second) {
        // It must not hide the first.
        e.addSuppressed(second);
      }
      throw e;
    }
    store.commit();
  }

  private void passes(GradientStore store) throws IOException {
    int size = batch.rows();
    long start = (long) layout.first() * examples.size();
    float[][] rows = new float[size][];
    done += store.pairs();
    report(0);
    while (store.pairs() < layout.pairs()) {
      long base = (start + store.pairs()) / size * size;
      for (int slot = 0; slot < size; slot++) {
        long pass = (base + slot) / examples.size();
        int example = (int) ((base + slot) % examples.size());
        if (slot == 0 || example == 0) {
          rows[slot] = new float[layout.columns()];
          masks.row(pass, rows[slot]);
        } else {
          rows[slot] = rows[slot - 1];
        }
        batch.setMask(slot, rows[slot]);
        setExample(slot, example);
      }
      run();
      int from = (int) (start + store.pairs() - base);
      int to = (int) Math.min(size, start + layout.pairs() - base);
      for (int slot = from; slot < to; slot++) {
        long pass = (base + slot) / examples.size();
        float output = read(slot, "gradient pass " + pass, slotExamples[slot]);
        store.add(output, gradient, rows[slot]);
      }
      report(to - from);
      store.commitIfDue();
    }
  }

  private void setExample(int slot, int example) {
    if (slotExamples[slot] != example) {
      batch.setExample(slot, examples.input(example), examples.label(example));
      slotExamples[slot] = example;
    }
  }

  private void run() {
    if (Thread.interrupted()) {
      throw new InterruptedRunException(Problem.of("interrupted"));
    }
    batch.run();
  }

  /** Output and gradient of a slot. */
  private float read(int slot, String pass, int example) {
    float output = batch.output(slot);
    batch.gradient(slot, gradient);
    if (!Float.isFinite(output)) {
      throw notFinite("output", output, pass, example);
    }
    for (int i = 0; i < gradient.length; i++) {
      if (!Float.isFinite(gradient[i])) {
        throw notFinite("derivative by component " + i, gradient[i], pass, example);
      }
    }
    return output;
  }

  private BadInputException notFinite(String what, float value, String pass, int example) {
    return new BadInputException(
        Problem.of("the model's " + what + " is not a finite number")
            .at(pass + ", example " + examples.position(example))
            .found(value)
            .remedy("all passes before are kept; leave this example out, or mend the model"));
  }

  private void report(int passes) {
    computed += passes;
    done += passes;
    progress.update("gradient passes", done, total);
  }
}
