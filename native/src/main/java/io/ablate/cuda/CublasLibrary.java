package io.ablate.cuda;

import static jcuda.jcublas.cublasDiagType.CUBLAS_DIAG_NON_UNIT;
import static jcuda.jcublas.cublasFillMode.CUBLAS_FILL_MODE_UPPER;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;
import static jcuda.jcublas.cublasSideMode.CUBLAS_SIDE_RIGHT;
import static jcuda.jcublas.cublasStatus.CUBLAS_STATUS_SUCCESS;

import io.ablate.base.BadInputException;
import io.ablate.base.Problem;
import io.ablate.nativelib.LibraryUnavailableException;
import jcuda.Pointer;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * cuBLAS, through JCublas. It is column-major: to it, every matrix of ours is its transpose, so
 * that it is asked for Cᵀ = op(B)ᵀ op(A)ᵀ and for ZᵀLᵀ = Bᵀ.
 */
final class CublasLibrary implements DenseLibrary {
  private final cublasHandle handle;
  private final Runnable makeCurrent;
  private final int version;

  private CublasLibrary(cublasHandle handle, Runnable makeCurrent, int version) {
    this.handle = handle;
    this.makeCurrent = makeCurrent;
    this.version = version;
  }

  /**
   * Loads JCublas and begins to use cuBLAS, which must have been loaded.
   *
   * @param stream where its work is queued
   * @param makeCurrent makes the device's context the calling thread's
   */
  static CublasLibrary open(CUstream stream, Runnable makeCurrent)
      throws LibraryUnavailableException {
    try {
      JCublas2.setExceptionsEnabled(false); // codes are checked where more is known about them
    } catch (LinkageError e) {
      throw new LibraryUnavailableException(
          Problem.of("JCublas's library does not load")
              .found(String.valueOf(e.getMessage()).lines().findFirst().orElse(""))
              .remedy("add org.jcuda:jcublas-natives:12.6.0:linux-x86_64 to the class path"));
    }
    makeCurrent.run();
    cublasHandle handle = new cublasHandle();
    int result = JCublas2.cublasCreate(handle);
    if (result != CUBLAS_STATUS_SUCCESS) {
      throw new LibraryUnavailableException(failed(result, "cublasCreate", "its context"));
    }
    CublasLibrary library = new CublasLibrary(handle, makeCurrent, version(handle));
    check(
        JCublas2.cublasSetStream(handle, new cudaStream_t(stream)), "cublasSetStream", "its queue");
    return library;
  }

  private static int version(cublasHandle handle) {
    int[] version = new int[1];
    check(JCublas2.cublasGetVersion(handle, version), "cublasGetVersion", "its version");
    return version[0];
  }

  /** Versions are counted as 120604 for 12.6.4. */
  @Override
  public String describe() {
    return "cuBLAS " + version / 10_000 + "." + version / 100 % 100 + "." + version % 100;
  }

  /** A Pointer of JCuda to an address. */
  private static final class Address extends Pointer {
    Address(long address) {
      super(address);
    }
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
    long left = transposeA ? a.address(k, m) : a.address(m, k);
    long right = transposeB ? b.address(n, k) : b.address(k, n);
    makeCurrent.run();
    check(
        JCublas2.cublasDgemm(
            handle,
            transposeB ? CUBLAS_OP_T : CUBLAS_OP_N,
            transposeA ? CUBLAS_OP_T : CUBLAS_OP_N,
            n,
            m,
            k,
            Pointer.to(new double[] {alpha}),
            new Address(right),
            b.stride(),
            new Address(left),
            a.stride(),
            Pointer.to(new double[] {beta}),
            new Address(c.address(m, n)),
            c.stride()),
        "cublasDgemm",
        a.array() + ", " + b.array() + ", " + c.array());
  }

  @Override
  public void solve(boolean transposed, int n, int sides, Part l, Part b) {
    makeCurrent.run();
    check(
        JCublas2.cublasDtrsm(
            handle,
            CUBLAS_SIDE_RIGHT,
            CUBLAS_FILL_MODE_UPPER,
            transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
            CUBLAS_DIAG_NON_UNIT,
            sides,
            n,
            Pointer.to(new double[] {1}),
            new Address(l.address(n, n)),
            l.stride(),
            new Address(b.address(n, sides)),
            b.stride()),
        "cublasDtrsm",
        l.array() + ", " + b.array());
  }

  @Override
  public void close() {
    makeCurrent.run();
    JCublas2.cublasDestroy(handle);
  }

  private static void check(int result, String call, String about) {
    if (result != CUBLAS_STATUS_SUCCESS) {
      throw new BadInputException(failed(result, call, about));
    }
  }

  private static Problem failed(int result, String call, String about) {
    return Problem.of("cuBLAS call failed")
        .at(call + ", " + about)
        .found(cublasStatus.stringFor(result))
        .remedy("use -Dablate.cublas=off to do without it");
  }
}
