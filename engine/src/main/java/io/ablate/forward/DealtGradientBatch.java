package io.ablate.forward;

import java.util.List;

/** Batches of several devices as one, their slots one after the other; see {@link DealtBackend}. */
final class DealtGradientBatch implements GradientBatch {
  private final int size;
  private final List<GradientBatch> pieces;
  private final SideBySide threads;

  /**
   * @param size slots of every piece
   */
  DealtGradientBatch(int size, List<GradientBatch> pieces) {
    this.size = size;
    this.pieces = pieces;
    this.threads = new SideBySide(pieces.stream().<Runnable>map(piece -> piece::run).toList());
  }

  @Override
  public int rows() {
    return size * pieces.size();
  }

  @Override
  public void setMask(int slot, float[] mask) {
    piece(slot).setMask(slot % size, mask);
  }

  @Override
  public void setExample(int slot, float[] input, int label) {
    piece(slot).setExample(slot % size, input, label);
  }

  private GradientBatch piece(int slot) {
    if (slot < 0 || slot >= rows()) {
      throw new IllegalArgumentException("slot " + slot + " outside 0.." + rows());
    }
    return pieces.get(slot / size);
  }

  @Override
  public void run() {
    threads.run();
  }

  @Override
  public float output(int slot) {
    return piece(slot).output(slot % size);
  }

  @Override
  public void gradient(int slot, float[] target) {
    piece(slot).gradient(slot % size, target);
  }

  @Override
  public void close() {
    threads.close();
    pieces.forEach(GradientBatch::close);
  }
}
