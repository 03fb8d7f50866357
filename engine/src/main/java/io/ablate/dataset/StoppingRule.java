package io.ablate.dataset;

/** Decides, after given numbers of rows, whether a collection may end before it has all. */
public interface StoppingRule {
  /** Collects all rows. */
  StoppingRule ALL_ROWS =
      new StoppingRule() {
        @Override
        public int[] looks(int most) {
          return new int[] {most};
        }

        @Override
        public boolean enough(ComponentDataset dataset, int rows) {
          return true;
        }
      };

  /**
   * After how many rows to look.
   *
   * @param most the rows that the store has room for
   * @return ascending, the last one {@code most}
   */
  int[] looks(int most);

  /**
   * Whether the first {@code rows} rows, all of them complete, are enough. A pure function of them,
   * so that a resumed run ends where an undisturbed one does; such a run asks again for the rows
   * that it finds complete.
   *
   * @param dataset the store, of which later rows may be complete too
   */
  boolean enough(ComponentDataset dataset, int rows);
}
