package io.ablate.tools.command;

import io.ablate.base.Progress;

/** Passes on progress and measures how long the passes themselves take. */
public final class PassClock implements Progress {
  private final Progress next;
  private long firstDone = -1;
  private long lastDone;
  private long firstNanos;
  private long lastNanos;

  /**
   * @param next told of everything
   */
  public PassClock(Progress next) {
    this.next = next;
  }

  @Override
  public void update(String stage, long done, long total) {
    if (stage.equals("passes")) {
      lastDone = done;
      lastNanos = System.nanoTime();
      if (firstDone < 0) {
        firstDone = done;
        firstNanos = lastNanos;
      }
    }
    next.update(stage, done, total);
  }

  /** Seconds per pass of this run; NaN if there was none. */
  public double secondsPerPass() {
    return lastDone > firstDone
        ? (lastNanos - firstNanos) / 1e9 / (lastDone - firstDone)
        : Double.NaN;
  }
}
