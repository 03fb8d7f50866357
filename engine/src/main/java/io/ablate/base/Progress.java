package io.ablate.base;

/** Receives the progress of long work. Called from the working thread; must return quickly. */
@FunctionalInterface
public interface Progress {
  /** A listener that ignores everything. */
  Progress NONE = (stage, done, total) -> {};

  /**
   * @param stage what is being done, for example {@code "passes"}; constant during one piece of
   *     work
   * @param done units finished so far
   * @param total units in all
   */
  void update(String stage, long done, long total);
}
