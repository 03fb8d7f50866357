package io.ablate.forward;

import java.util.List;

/** Batches of several devices as one, their rows one after the other; see {@link DealtBackend}. */
final class DealtForwardBatch implements ForwardBatch {
  private final BatchOrder order;
  private final int size;
  private final List<ForwardBatch> pieces;
  private final SideBySide threads;

  /**
   * @param size rows of every piece
   */
  DealtForwardBatch(BatchOrder order, int size, List<ForwardBatch> pieces) {
    this.order = order;
    this.size = size;
    this.pieces = pieces;
    this.threads = new SideBySide(pieces.stream().<Runnable>map(piece -> piece::run).toList());
  }

  @Override
  public BatchShape shape() {
    return BatchShape.of(order, size * pieces.size());
  }

  @Override
  public void setMask(int slot, long[] words, int offset) {
    if (order == BatchOrder.MASKS) {
      piece(slot).setMask(slot % size, words, offset);
    } else {
      pieces.forEach(piece -> piece.setMask(slot, words, offset));
    }
  }

  @Override
  public void setExample(int slot, float[] input, int label) {
    if (order == BatchOrder.EXAMPLES) {
      piece(slot).setExample(slot % size, input, label);
    } else {
      pieces.forEach(piece -> piece.setExample(slot, input, label));
    }
  }

  private ForwardBatch piece(int row) {
    if (row < 0 || row >= size * pieces.size()) {
      throw new IllegalArgumentException("slot " + row + " outside 0.." + size * pieces.size());
    }
    return pieces.get(row / size);
  }

  @Override
  public void run() {
    threads.run();
  }

  @Override
  public float output(int row) {
    return piece(row).output(row % size);
  }

  @Override
  public int classes() {
    return pieces.getFirst().classes();
  }

  @Override
  public void logits(int row, float[] target) {
    piece(row).logits(row % size, target);
  }

  @Override
  public void close() {
    threads.close();
    pieces.forEach(ForwardBatch::close);
  }
}
