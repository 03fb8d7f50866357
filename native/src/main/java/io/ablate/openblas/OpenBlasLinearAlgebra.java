package io.ablate.openblas;

import static io.ablate.openblas.OpenBlasNative.NO_TRANSPOSE;
import static io.ablate.openblas.OpenBlasNative.TRANSPOSE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.linalg.EjmlLinearAlgebra;
import io.ablate.linalg.LinearAlgebra;
import io.ablate.mask.MaskMatrix;
import io.ablate.nativelib.NativeAllocations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Linear algebra by OpenBLAS. Worth it from a few hundred rows on; docs/linalg.md has the figures.
 *
 * <p>Arrays are copied to native memory, which is freed before a method returns: a call needs as
 * much native memory as its arguments have heap, {@link #symmetricEigen} three times that. Results
 * do not depend on the number of threads. Products with masks are the reference's. Thread-safe.
 */
public final class OpenBlasLinearAlgebra implements LinearAlgebra {
  private static final int TILE = 256;

  /** Masks as bits beat masks as doubles: a 64th of the memory to read; docs/linalg.md. */
  private static final LinearAlgebra PACKED = new EjmlLinearAlgebra();

  private final Blocks blocks;

  /**
   * @param threads how many threads a call may use, at least 1
   * @throws BadInputException if OpenBLAS cannot be used here; the message says why
   */
  public OpenBlasLinearAlgebra(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: " + threads);
    }
    @Nullable Problem problem = OpenBlasNative.problem();
    if (problem != null) {
      throw new BadInputException(problem);
    }
    this.blocks = new Blocks(threads);
  }

  @Override
  public String name() {
    return "openblas";
  }

  @Override
  public void multiply(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      double[] a,
      double[] b,
      double beta,
      double[] c) {
    requireLength("A", a, m, k);
    requireLength("B", b, k, n);
    requireLength("C", c, m, n);
    if (m == 0 || n == 0) {
      return;
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment nativeA = copy(arena, a);
      MemorySegment nativeB = copy(arena, b);
      MemorySegment nativeC = beta == 0 ? allocate(arena, c.length) : copy(arena, c);
      int lda = Math.max(1, transposeA ? m : k);
      int ldb = Math.max(1, transposeB ? k : n);
      int down = Blocks.count(m, TILE);
      blocks.run(
          down * Blocks.count(n, TILE),
          piece -> {
            int row = piece % down * TILE;
            int column = piece / down * TILE;
            OpenBlasNative.dgemm(
                transposeA ? TRANSPOSE : NO_TRANSPOSE,
                transposeB ? TRANSPOSE : NO_TRANSPOSE,
                Math.min(TILE, m - row),
                Math.min(TILE, n - column),
                k,
                alpha,
                at(nativeA, transposeA ? row : (long) row * lda),
                lda,
                at(nativeB, transposeB ? (long) column * ldb : column),
                ldb,
                beta,
                at(nativeC, (long) row * n + column),
                n);
          });
      MemorySegment.copy(nativeC, JAVA_DOUBLE, 0, c, 0, c.length);
    }
  }

  @Override
  public double[] gram(MaskMatrix x) {
    return PACKED.gram(x);
  }

  @Override
  public double[] kernel(MaskMatrix x) {
    return PACKED.kernel(x);
  }

  @Override
  public double[] times(MaskMatrix x, double[] b, int k) {
    return PACKED.times(x, b, k);
  }

  @Override
  public double[] transposeTimes(MaskMatrix x, double[] b, int k) {
    return PACKED.transposeTimes(x, b, k);
  }

  @Override
  public boolean solvePositiveDefinite(double[] a, int n, double[] b, int k) {
    requireLength("A", a, n, n);
    requireLength("B", b, n, k);
    if (n == 0) {
      return true;
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment factor = copy(arena, a);
      TiledCholesky cholesky = new TiledCholesky(blocks, factor, n);
      if (!cholesky.factor()) {
        return false;
      }
      MemorySegment solution = copy(arena, b);
      if (k > 0) {
        cholesky.solve(solution, k);
      }
      MemorySegment.copy(factor, JAVA_DOUBLE, 0, a, 0, a.length);
      MemorySegment.copy(solution, JAVA_DOUBLE, 0, b, 0, b.length);
      return true;
    }
  }

  @Override
  public double[] symmetricEigen(double[] a, int n) {
    requireLength("A", a, n, n);
    double[] values = new double[n];
    if (n == 0) {
      return values;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment vectors = copy(arena, a);
      MemorySegment nativeValues = allocate(arena, n);
      int info = OpenBlasNative.dsyevd(n, vectors, nativeValues);
      if (info != 0) {
        throw new IllegalArgumentException(
            "no eigenvalues of a symmetric matrix, "
                + n
                + " x "
                + n
                + (info < 0 ? ": it holds NaN" : ": no convergence, dsyevd info " + info));
      }
      MemorySegment.copy(nativeValues, JAVA_DOUBLE, 0, values, 0, n);
      transpose(vectors, a, n);
    }
    return values;
  }

  /** Vectors come as rows and leave as columns. */
  private static void transpose(MemorySegment rows, double[] columns, int n) {
    int edge = 32;
    for (int top = 0; top < n; top += edge) {
      for (int left = 0; left < n; left += edge) {
        for (int i = top; i < Math.min(n, top + edge); i++) {
          for (int j = left; j < Math.min(n, left + edge); j++) {
            columns[i * n + j] = rows.getAtIndex(JAVA_DOUBLE, (long) j * n + i);
          }
        }
      }
    }
  }

  private static void requireLength(String matrix, double[] values, int rows, int columns) {
    if (rows < 0 || columns < 0 || (long) rows * columns != values.length) {
      throw new IllegalArgumentException(
          matrix + " is " + rows + " x " + columns + ", its array has length " + values.length);
    }
  }

  private static MemorySegment copy(Arena arena, double[] values) {
    MemorySegment segment = allocate(arena, values.length);
    MemorySegment.copy(values, 0, segment, JAVA_DOUBLE, 0, values.length);
    return segment;
  }

  private static MemorySegment allocate(Arena arena, long doubles) {
    NativeAllocations.add();
    return arena.allocate(8 * Math.max(1, doubles), 64);
  }

  private static MemorySegment at(MemorySegment matrix, long doubles) {
    return matrix.asSlice(8 * doubles);
  }
}
