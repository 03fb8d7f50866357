package io.ablate.openblas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.ablate.base.Problem;
import io.ablate.nativelib.BundledLibrary;
import io.ablate.nativelib.LibraryUnavailableException;
import io.ablate.nativelib.Platform;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The functions of OpenBLAS that are used. Initialising this class never fails: where the library
 * is missing, {@link #problem} says why and every call throws it.
 *
 * <p>OpenBLAS itself runs on one thread here. Its own threads split a product by their number, so
 * that results would depend on it; {@link Blocks} splits by fixed sizes instead.
 */
final class OpenBlasNative {
  static final int ROW_MAJOR = 101;
  static final int COLUMN_MAJOR = 102;
  static final int NO_TRANSPOSE = 111;
  static final int TRANSPOSE = 112;
  private static final int LOWER = 122;
  private static final int NON_UNIT = 131;
  static final int LEFT = 141;
  static final int RIGHT = 142;

  private static final @Nullable Handles HANDLES;
  private static final @Nullable Problem PROBLEM;

  static {
    Handles handles = null;
    Problem problem = null;
    try {
      BundledLibrary library = OpenBlasFiles.of(Platform.current());
      if (library == null) {
        problem =
            Problem.of("no OpenBLAS for this platform")
                .at(Platform.current())
                .remedy("use the pure Java linear algebra");
      } else {
        handles = Handles.of(library.load());
        handles.setThreads(1);
      }
    } catch (LibraryUnavailableException e) {
      problem = e.problem();
    } catch (RuntimeException | LinkageError e) {
      problem = Problem.of("OpenBLAS cannot be used").found(e.toString());
    }
    HANDLES = handles;
    PROBLEM = problem;
  }

  private OpenBlasNative() {}

  /** Why OpenBLAS cannot be used, or null where it can. */
  static @Nullable Problem problem() {
    return PROBLEM;
  }

  /** OpenBLAS's own description: version, build options, detected processor. */
  @SuppressWarnings("restricted") // a C string has no length of its own
  static String config() {
    try {
      MemorySegment text = (MemorySegment) handles().config().invokeExact();
      return text.reinterpret(1024).getString(0).strip();
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** C = alpha · op(A) · op(B) + beta · C, row-major. */
  static void dgemm(
      int transposeA,
      int transposeB,
      int m,
      int n,
      int k,
      double alpha,
      MemorySegment a,
      int lda,
      MemorySegment b,
      int ldb,
      double beta,
      MemorySegment c,
      int ldc) {
    try {
      handles()
          .dgemm()
          .invokeExact(
              ROW_MAJOR, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** The lower triangle of C = alpha · A · Aᵀ + beta · C, row-major; A is n × k. */
  static void dsyrk(
      int n, int k, double alpha, MemorySegment a, int lda, double beta, MemorySegment c, int ldc) {
    try {
      handles()
          .dsyrk()
          .invokeExact(ROW_MAJOR, LOWER, NO_TRANSPOSE, n, k, alpha, a, lda, beta, c, ldc);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** B = op(L)⁻¹ · B (side LEFT) or B · op(L)⁻¹ (RIGHT), L lower triangular, row-major. */
  static void dtrsm(
      int side, int transpose, int m, int n, MemorySegment l, int ldl, MemorySegment b, int ldb) {
    try {
      handles()
          .dtrsm()
          .invokeExact(ROW_MAJOR, side, LOWER, transpose, NON_UNIT, m, n, 1.0, l, ldl, b, ldb);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Cholesky factor in place: the row-major lower triangle of A becomes L.
   *
   * @return 0, or a number other than 0 if A is not positive definite or holds NaN
   */
  static int dpotrf(int n, MemorySegment a, int lda) {
    try {
      // A row-major lower triangle is a column-major upper one, which LAPACK takes without copying.
      return (int) handles().dpotrf().invokeExact(COLUMN_MAJOR, (byte) 'U', n, a, lda);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * All eigenvalues, ascending, and eigenvectors by divide and conquer; row i of A becomes vector
   * i.
   *
   * @return LAPACK's info: 0 is success, below 0 a bad argument, above 0 no convergence
   */
  static int dsyevd(int n, MemorySegment a, MemorySegment values) {
    try {
      return (int)
          handles()
              .dsyevd()
              .invokeExact(COLUMN_MAJOR, (byte) 'V', (byte) 'U', n, a, Math.max(1, n), values);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static Handles handles() {
    if (HANDLES == null) {
      throw new IllegalStateException(
          "OpenBLAS not loaded: " + (PROBLEM == null ? "unknown reason" : PROBLEM.message()));
    }
    return HANDLES;
  }

  private static RuntimeException unexpected(Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
  }

  private record Handles(
      // void openblas_set_num_threads(int num_threads);
      MethodHandle threads,
      // char* openblas_get_config(void);
      MethodHandle config,
      // void cblas_dgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE transA, CBLAS_TRANSPOSE transB,
      //   blasint m, blasint n, blasint k, double alpha, const double *a, blasint lda,
      //   const double *b, blasint ldb, double beta, double *c, blasint ldc);
      MethodHandle dgemm,
      // void cblas_dsyrk(CBLAS_ORDER order, CBLAS_UPLO uplo, CBLAS_TRANSPOSE trans, blasint n,
      //   blasint k, double alpha, const double *a, blasint lda, double beta, double *c,
      //   blasint ldc);
      MethodHandle dsyrk,
      // void cblas_dtrsm(CBLAS_ORDER order, CBLAS_SIDE side, CBLAS_UPLO uplo,
      //   CBLAS_TRANSPOSE transA, CBLAS_DIAG diag, blasint m, blasint n, double alpha,
      //   const double *a, blasint lda, double *b, blasint ldb);
      MethodHandle dtrsm,
      // lapack_int LAPACKE_dpotrf(int layout, char uplo, lapack_int n, double *a, lapack_int lda);
      MethodHandle dpotrf,
      // lapack_int LAPACKE_dsyevd(int layout, char jobz, char uplo, lapack_int n, double *a,
      //   lapack_int lda, double *w);
      MethodHandle dsyevd) {

    static Handles of(SymbolLookup symbols) throws LibraryUnavailableException {
      return new Handles(
          handle(symbols, "openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT)),
          handle(symbols, "openblas_get_config", FunctionDescriptor.of(ADDRESS)),
          handle(
              symbols,
              "cblas_dgemm",
              procedure(
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_DOUBLE,
                  ADDRESS,
                  JAVA_INT,
                  ADDRESS,
                  JAVA_INT,
                  JAVA_DOUBLE,
                  ADDRESS,
                  JAVA_INT)),
          handle(
              symbols,
              "cblas_dsyrk",
              procedure(
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_DOUBLE,
                  ADDRESS,
                  JAVA_INT,
                  JAVA_DOUBLE,
                  ADDRESS,
                  JAVA_INT)),
          handle(
              symbols,
              "cblas_dtrsm",
              procedure(
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_INT,
                  JAVA_DOUBLE,
                  ADDRESS,
                  JAVA_INT,
                  ADDRESS,
                  JAVA_INT)),
          handle(
              symbols,
              "LAPACKE_dpotrf",
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_INT, ADDRESS, JAVA_INT)),
          handle(
              symbols,
              "LAPACKE_dsyevd",
              FunctionDescriptor.of(
                  JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_BYTE, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS)));
    }

    private static FunctionDescriptor procedure(MemoryLayout... arguments) {
      return FunctionDescriptor.ofVoid(arguments);
    }

    @SuppressWarnings("restricted") // calling native code is the purpose
    private static MethodHandle handle(
        SymbolLookup symbols, String name, FunctionDescriptor signature)
        throws LibraryUnavailableException {
      MemorySegment address =
          symbols
              .find(name)
              .orElseThrow(
                  () ->
                      new LibraryUnavailableException(
                          Problem.of("OpenBLAS lacks a function").at(name)));
      return Linker.nativeLinker().downcallHandle(address, signature);
    }

    void setThreads(int count) {
      try {
        threads.invokeExact(count);
      } catch (Throwable e) {
        throw unexpected(e);
      }
    }
  }
}
