// A stand-in for libcublas.so.12 on the processor: the functions that `CublasLibrary` calls, column-major, as
// NVIDIA's documentation describes them. `host` memory stands in for the device's.
#include <cstdlib>

namespace {

constexpr int SUCCESS = 0;
constexpr int INVALID_VALUE = 7;
constexpr int NOT_SUPPORTED = 15;
constexpr int OP_N = 0;
constexpr int OP_T = 1;
constexpr int RIGHT = 1;
constexpr int UPPER = 1;
constexpr int NON_UNIT = 0;

struct Context {
  void* stream;
};

// op(X) at row i and column j.
double entry(const double* x, int operation, long long stride, long long i, long long j) {
  return operation == OP_N ? x[j * stride + i] : x[i * stride + j];
}

bool known(int operation) { return operation == OP_N || operation == OP_T; }

}  // namespace

extern "C" {

int cublasCreate_v2(Context** handle) {
  *handle = new Context{};
  return SUCCESS;
}

int cublasDestroy_v2(Context* handle) {
  delete handle;
  return SUCCESS;
}

int cublasSetStream_v2(Context* handle, void* stream) {
  handle->stream = stream;
  return SUCCESS;
}

int cublasGetVersion_v2(Context*, int* version) {
  *version = 120604;
  return SUCCESS;
}

// C [m, n] = alpha op(A) op(B) + beta C with op(A) [m, k] and op(B) [k, n].
int cublasDgemm_v2(Context*, int transa, int transb, int m, int n, int k, const double* alpha,
                   const double* a, int lda, const double* b, int ldb, const double* beta,
                   double* c, int ldc) {
  if (m < 0 || n < 0 || k < 0 || !known(transa) || !known(transb) ||
      lda < (transa == OP_N ? m : k) || ldb < (transb == OP_N ? k : n) || ldc < m) {
    return INVALID_VALUE;
  }
  for (long long j = 0; j < n; j++) {
    for (long long i = 0; i < m; i++) {
      double sum = 0;
      for (long long l = 0; l < k; l++) {
        sum += entry(a, transa, lda, i, l) * entry(b, transb, ldb, l, j);
      }
      double& target = c[j * ldc + i];
      target = *alpha * sum + (*beta == 0 ? 0 : *beta * target);
    }
  }
  return SUCCESS;
}

// X op(A) = alpha B with an upper triangular A [n, n] and B [m, n], which X replaces.
int cublasDtrsm_v2(Context*, int side, int uplo, int trans, int diag, int m, int n,
                   const double* alpha, const double* a, int lda, double* b, int ldb) {
  if (side != RIGHT || uplo != UPPER || diag != NON_UNIT) {
    return NOT_SUPPORTED;  // by this stand-in
  }
  if (m < 0 || n < 0 || !known(trans) || lda < n || ldb < m) {
    return INVALID_VALUE;
  }
  for (long long i = 0; i < m; i++) {
    for (long long step = 0; step < n; step++) {
      // Column j of op(A) has entries from its diagonal up, or down if transposed.
      long long j = trans == OP_N ? step : n - 1 - step;
      double rest = *alpha * b[j * ldb + i];
      for (long long k = trans == OP_N ? 0 : j + 1; k < (trans == OP_N ? j : n); k++) {
        rest -= b[k * ldb + i] * entry(a, trans, lda, k, j);
      }
      b[j * ldb + i] = rest / entry(a, trans, lda, j, j);
    }
  }
  return SUCCESS;
}

}  // extern "C"
