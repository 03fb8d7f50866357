package io.ablate.cuda;

/** Products and solves in plain loops of an {@link EmulationProcess}. */
final class EmulatedLibrary implements DenseLibrary {
  private final EmulationProcess process;
  private final Runnable called;

  /**
   * @param called run at every call
   */
  EmulatedLibrary(EmulationProcess process, Runnable called) {
    this.process = process;
    this.called = called;
  }

  @Override
  public String describe() {
    return "emulated library";
  }

  @Override
  public void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      Part a,
      Part b,
      double beta,
      Part c) {
    called.run();
    long left = transposeA ? a.address(k, m) : a.address(m, k);
    long right = transposeB ? b.address(n, k) : b.address(k, n);
    process.tell(
        () -> {
          process.put('P');
          process.put(1, transposeA ? 1 : 0);
          process.put(1, transposeB ? 1 : 0);
          process.put(4, m);
          process.put(4, n);
          process.put(4, k);
          process.put(8, Double.doubleToRawLongBits(alpha));
          process.put(8, left);
          process.put(4, a.stride());
          process.put(8, right);
          process.put(4, b.stride());
          process.put(8, Double.doubleToRawLongBits(beta));
          process.put(8, c.address(m, n));
          process.put(4, c.stride());
        });
  }

  @Override
  public void solve(boolean transposed, int n, int sides, Part l, Part b) {
    called.run();
    process.tell(
        () -> {
          process.put('S');
          process.put(1, transposed ? 1 : 0);
          process.put(4, n);
          process.put(4, sides);
          process.put(8, l.address(n, n));
          process.put(4, l.stride());
          process.put(8, b.address(n, sides));
          process.put(4, b.stride());
        });
  }

  @Override
  public void close() {}
}
