// Cholesky's factor by blocks of 32 and triangular solves for many right sides, in double precision
// and row-major. The host walks along the diagonal; `at` is where a block begins.
#include "common.cuh"

constexpr int BLOCK = 32;
constexpr int SQUARE = 64;  // of the trailing matrix, per block of 16 x 16 threads

// The diagonal block in place, by one block of 32 x 32 threads. info [1] becomes 1 + the first column
// that is not positive; what follows is then meaningless, but ends.
KERNEL cholesky_diagonal(double* a, int* info, int size, int at) {
  __shared__ double tile[BLOCK][BLOCK + 1];
  int extent = min(BLOCK, size - at);
  int column = threadIdx.x;
  int row = threadIdx.y;
  bool inside = row < extent && column <= row;
  double* mine = a + static_cast<i64>(at + row) * size + at + column;
  if (inside) {
    tile[row][column] = *mine;
  }
  __syncthreads();
  for (int k = 0; k < extent; k++) {
    double pivot = tile[k][k];
    if (row == 0 && column == 0 && !(pivot > 0 && pivot < INFINITY) && info[0] == 0) {
      info[0] = at + k + 1;
    }
    double root = sqrt(pivot);
    __syncthreads();  // all have read the pivot
    if (column == k && inside) {
      tile[row][k] = row == k ? root : tile[row][k] / root;
    }
    __syncthreads();
    if (column > k && inside) {
      tile[row][column] -= tile[row][k] * tile[column][k];
    }
    __syncthreads();
  }
  if (inside) {
    *mine = tile[row][column];
  }
}

// Rows below the diagonal block: X L' = A; a thread per row holds it in registers.
KERNEL cholesky_panel(double* a, int size, int at) {
  __shared__ double l[BLOCK][BLOCK];
  for (unsigned i = threadIdx.x; i < BLOCK * BLOCK; i += blockDim.x) {
    l[i / BLOCK][i % BLOCK] = a[static_cast<i64>(at + i / BLOCK) * size + at + i % BLOCK];
  }
  __syncthreads();
  int row = at + BLOCK + static_cast<int>(global_thread());
  if (row >= size) {
    return;
  }
  double* mine = a + static_cast<i64>(row) * size + at;
  double x[BLOCK];
#pragma unroll
  for (int k = 0; k < BLOCK; k++) {
    double rest = mine[k];
#pragma unroll
    for (int j = 0; j < k; j++) {
      rest -= x[j] * l[k][j];
    }
    x[k] = rest / l[k][k];
    mine[k] = x[k];
  }
}

// sums += a b on a square of 64 x 64, inner extent 32: a's rows and b's columns lie in shared memory.
__device__ void add_product(double (*a)[SQUARE + 1], double (*b)[SQUARE + 1],
                                 double sums[4][4]) {
  for (int k = 0; k < BLOCK; k++) {
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) {
        sums[i][j] += a[k][threadIdx.y + 16 * i] * b[k][threadIdx.x + 16 * j];
      }
    }
  }
}

// What is left of the lower triangle: A -= X X' with the panel X [rest, 32]; 16 x 16 threads.
KERNEL cholesky_update(double* a, int size, int at) {
  __shared__ double left[BLOCK][SQUARE + 1];
  __shared__ double right[BLOCK][SQUARE + 1];
  if (blockIdx.x > blockIdx.y) {
    return;
  }
  int first = at + BLOCK;
  int first_row = first + blockIdx.y * SQUARE;
  int first_column = first + blockIdx.x * SQUARE;
  for (int i = threadIdx.y * 16 + threadIdx.x; i < SQUARE * BLOCK; i += 256) {
    int k = i % BLOCK;
    int row = first_row + i / BLOCK;
    int column = first_column + i / BLOCK;
    left[k][i / BLOCK] = row < size ? a[static_cast<i64>(row) * size + at + k] : 0;
    right[k][i / BLOCK] = column < size ? a[static_cast<i64>(column) * size + at + k] : 0;
  }
  __syncthreads();
  double sums[4][4] = {};
  add_product(left, right, sums);
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      int row = first_row + static_cast<int>(threadIdx.y) + 16 * i;
      int column = first_column + static_cast<int>(threadIdx.x) + 16 * j;
      if (row < size && column <= row) {
        a[static_cast<i64>(row) * size + column] -= sums[i][j];
      }
    }
  }
}

// b [size, sides]: rows at ... at + 31 become those of L^-1 b, or of L'^-1 b if transposed; a thread
// per right side.
KERNEL solve_diagonal(const double* l, double* b, int size, int sides, int at, int transposed) {
  __shared__ double tile[BLOCK][BLOCK + 1];
  int extent = min(BLOCK, size - at);
  for (unsigned i = threadIdx.x; i < BLOCK * BLOCK; i += blockDim.x) {
    int row = i / BLOCK;
    int column = i % BLOCK;
    if (row < extent && column <= row) {
      double entry = l[static_cast<i64>(at + row) * size + at + column];
      // Transposed and turned by 180 degrees, an upper triangle is solved like a lower one.
      if (transposed) {
        tile[extent - 1 - column][extent - 1 - row] = entry;
      } else {
        tile[row][column] = entry;
      }
    }
  }
  __syncthreads();
  i64 side = global_thread();
  if (side >= sides) {
    return;
  }
  double x[BLOCK];
#pragma unroll
  for (int k = 0; k < BLOCK; k++) {
    if (k < extent) {
      double* mine = b + static_cast<i64>(at + (transposed ? extent - 1 - k : k)) * sides + side;
      double rest = *mine;
#pragma unroll
      for (int j = 0; j < k; j++) {
        rest -= tile[k][j] * x[j];
      }
      x[k] = rest / tile[k][k];
      *mine = x[k];
    }
  }
}

// Takes the solved rows at ... at + 31 from those still to solve: below them, or above if
// transposed; 16 x 16 threads.
KERNEL solve_update(const double* l, double* b, int size, int sides, int at, int transposed) {
  __shared__ double left[BLOCK][SQUARE + 1];
  __shared__ double right[BLOCK][SQUARE + 1];
  int extent = min(BLOCK, size - at);
  int first_row = (transposed ? 0 : at + BLOCK) + blockIdx.y * SQUARE;
  int end = transposed ? at : size;
  int first_column = blockIdx.x * SQUARE;
  for (int i = threadIdx.y * 16 + threadIdx.x; i < SQUARE * BLOCK; i += 256) {
    // Neighbours read neighbours of l, whichever way it lies.
    int k = transposed ? i / SQUARE : i % BLOCK;
    int in_row = transposed ? i % SQUARE : i / BLOCK;
    int row = first_row + in_row;
    i64 from = transposed ? static_cast<i64>(at + k) * size + row
                          : static_cast<i64>(row) * size + at + k;
    left[k][in_row] = row < end && k < extent ? l[from] : 0;
    int column = first_column + i % SQUARE;
    int deep = i / SQUARE;
    right[deep][i % SQUARE] =
        deep < extent && column < sides ? b[static_cast<i64>(at + deep) * sides + column] : 0;
  }
  __syncthreads();
  double sums[4][4] = {};
  add_product(left, right, sums);
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      int row = first_row + static_cast<int>(threadIdx.y) + 16 * i;
      int column = first_column + static_cast<int>(threadIdx.x) + 16 * j;
      if (row < end && column < sides) {
        b[static_cast<i64>(row) * sides + column] -= sums[i][j];
      }
    }
  }
}
