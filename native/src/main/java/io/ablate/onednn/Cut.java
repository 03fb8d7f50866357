package io.ablate.onednn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A place between two steps of a program where a pass can begin, if everything before is as in
 * another pass: the values that steps before it have written and steps from it on read.
 *
 * @param step the first that is not skipped
 * @param live what it and later ones need
 */
record Cut(int step, List<Live> live) {
  /** What all cuts together may take, of one row. */
  static final long MOST_BYTES = 32L << 20;

  /**
   * A value.
   *
   * @param rows of the program, or 1 for what all rows share
   * @param rowBytes of one row
   */
  record Live(int storage, int rows, long rowBytes) {}

  long bytes() {
    return live.stream().mapToLong(Live::rowBytes).sum();
  }

  /**
   * The cuts before steps that use a part of the mask, in order. Where they would take too much
   * room, those are left out that lie early: they save least.
   */
  static List<Cut> of(Program program) {
    if (program.backward() != null || program.shape().examples() > 1) {
      return List.of();
    }
    List<Cut> cuts = new ArrayList<>();
    long bytes = 0;
    for (int step = program.steps().size() - 1; step > 0; step--) {
      if (masks(program.steps().get(step)).isEmpty()) {
        continue;
      }
      Cut cut = new Cut(step, live(program, step));
      bytes += cut.bytes();
      if (bytes > MOST_BYTES) {
        break;
      }
      cuts.addFirst(cut);
    }
    return cuts;
  }

  /** For every part of the mask the first step that uses it. */
  static int[] firstUses(Program program) {
    int[] first = new int[program.masks().size()];
    for (int step = program.steps().size() - 1; step >= 0; step--) {
      for (int part : masks(program.steps().get(step))) {
        first[part] = step;
      }
    }
    return first;
  }

  private static List<Integer> masks(Step step) {
    List<Integer> parts = new ArrayList<>();
    for (PostOp op : step.post()) {
      if (op instanceof PostOp.Binary(int _, Operand.Mask mask)) {
        parts.add(mask.index());
      }
    }
    return parts;
  }

  private static List<Live> live(Program program, int cut) {
    Map<Integer, Live> written = new HashMap<>();
    for (Step step : program.steps().subList(0, cut)) {
      Value value = step.output();
      written.merge(
          value.storage(),
          new Live(value.storage(), value.batch(), program.rowBytes(value)),
          // A view of fewer numbers does not make the value smaller.
          (a, b) -> a.rowBytes() >= b.rowBytes() ? a : b);
    }
    List<Live> live = new ArrayList<>();
    for (Step step : program.steps().subList(cut, program.steps().size())) {
      for (Value value : CompiledProgram.reads(step)) {
        Live found = written.remove(value.storage());
        if (found != null) {
          live.add(found);
        }
      }
    }
    return live;
  }
}
