// C = alpha op(A) op(B) + beta C in double precision, row-major; blocks of 64 x 64 entries of C by
// 16 x 16 threads, the inner extent in pieces of 32 through shared memory.
#include "common.cuh"

constexpr int DEEP = 32;
constexpr int EDGE = 64;

// Entries [first, first + 64) x [from, from + 32) of a matrix whose rows run along `extent` and whose
// columns run along the inner extent, or the other way round if turned; 0 beyond them.
__device__ void load_piece(double (*piece)[EDGE + 1], const double* x, int first, int extent,
                           int from, int inner, bool turned) {
  for (int i = threadIdx.y * 16 + threadIdx.x; i < EDGE * DEEP; i += 256) {
    // Neighbours read neighbours, whichever way the matrix lies.
    int along = turned ? i % EDGE : i / DEEP;
    int deep = turned ? i / EDGE : i % DEEP;
    int row = first + along;
    int k = from + deep;
    i64 at = turned ? static_cast<i64>(k) * extent + row : static_cast<i64>(row) * inner + k;
    piece[deep][along] = row < extent && k < inner ? x[at] : 0;
  }
}

// a is [m, k], or [k, m] if turned; b is [k, n], or [n, k]; c [m, n] is not read where beta is 0.
KERNEL multiply_f64(const double* a, const double* b, double* c, int m, int n, int k, int turned_a,
                    int turned_b, double alpha, double beta) {
  __shared__ double left[DEEP][EDGE + 1];
  __shared__ double right[DEEP][EDGE + 1];
  int first_row = blockIdx.y * EDGE;
  int first_column = blockIdx.x * EDGE;
  double sums[4][4] = {};
  for (int from = 0; from < k; from += DEEP) {
    load_piece(left, a, first_row, m, from, k, turned_a != 0);
    load_piece(right, b, first_column, n, from, k, turned_b == 0);
    __syncthreads();
    for (int deep = 0; deep < DEEP; deep++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
          sums[i][j] += left[deep][threadIdx.y + 16 * i] * right[deep][threadIdx.x + 16 * j];
        }
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      int row = first_row + static_cast<int>(threadIdx.y) + 16 * i;
      int column = first_column + static_cast<int>(threadIdx.x) + 16 * j;
      if (row < m && column < n) {
        i64 at = static_cast<i64>(row) * n + column;
        c[at] = alpha * sums[i][j] + (beta == 0 ? 0 : beta * c[at]);
      }
    }
  }
}
