package io.ablate.onednn;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What passes over one example have in common before the first component that one of them ablates:
 * kept, a row of every value that is needed later, when a pass goes by, so that the next pass can
 * begin there. Rows have the same bits in any company, so that it is one pass like another.
 *
 * <p>Masks that ablate a tenth of everything have nothing in common but what comes before the first
 * mask; masks that leave out one component, a large part of the network. Not thread-safe.
 */
final class SharedPrefix {
  private final List<Cut> cuts;
  private final MemorySegment values;
  private final MemoryPlan plan;
  private final NativeScope scope;

  /** Memory of the first cuts, made when they are reached for the first time. */
  private final List<MemorySegment> kept = new ArrayList<>();

  private long example;
  private int keptCuts;

  /**
   * For the micro-batches of one worker that run the same program.
   *
   * @param values their memory
   */
  SharedPrefix(CompiledProgram program, MemorySegment values, NativeScope scope) {
    this.cuts = program.cuts();
    this.plan = program.memory();
    this.values = values;
    this.scope = scope;
  }

  /**
   * Sets the values at the last cut that is kept and not behind a step.
   *
   * @param until the first step that is not as in other passes over the example
   * @param ofExample a number that changes with the example
   * @return the step to go on with; 0 to begin at the beginning
   */
  int resume(int until, long ofExample) {
    if (example != ofExample) {
      example = ofExample;
      keptCuts = 0;
    }
    int at = keptCuts - 1;
    while (at >= 0 && cuts.get(at).step() > until) {
      at--;
    }
    if (at < 0) {
      return 0;
    }
    copy(at, true);
    return cuts.get(at).step();
  }

  /** Keeps the values that there are before a step, if that is the next cut to be kept. */
  void pass(int step, int until) {
    if (step <= until && keptCuts < cuts.size() && cuts.get(keptCuts).step() == step) {
      if (kept.size() == keptCuts) {
        kept.add(scope.allocate(cuts.get(keptCuts).bytes()));
      }
      copy(keptCuts, false);
      keptCuts++;
    }
  }

  private void copy(int cut, boolean back) {
    MemorySegment memory = kept.get(cut);
    long offset = 0;
    for (Cut.Live live : cuts.get(cut).live()) {
      long first = plan.offset(live.storage());
      if (back) {
        for (int row = 0; row < live.rows(); row++) {
          MemorySegment.copy(
              memory, offset, values, first + row * live.rowBytes(), live.rowBytes());
        }
      } else {
        MemorySegment.copy(values, first, memory, offset, live.rowBytes());
      }
      offset += live.rowBytes();
    }
  }
}
