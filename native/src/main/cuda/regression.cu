// What a regression on centred masks needs between its products and solves, so that right sides
// stay on the device: turning, centring, differences, and the norm of its matrix. Double precision.
#include "common.cuh"

// in [rows, columns] -> out [columns, rows], through a tile, so that reads and writes are both
// contiguous. Blocks of 32 x 8.
KERNEL turn_matrix(const double* in, double* out, int rows, int columns) {
  __shared__ double tile[32][33];
  int column = blockIdx.x * 32 + threadIdx.x;
  for (int first = blockIdx.y * 32; first < rows; first += gridDim.y * 32) {
    for (int y = threadIdx.y; y < 32; y += 8) {
      if (first + y < rows && column < columns) {
        tile[y][threadIdx.x] = in[static_cast<i64>(first + y) * columns + column];
      }
    }
    __syncthreads();
    int row = first + threadIdx.x;
    for (int x = threadIdx.y; x < 32; x += 8) {
      int of = blockIdx.x * 32 + x;
      if (row < rows && of < columns) {
        out[static_cast<i64>(of) * rows + row] = tile[threadIdx.x][x];
      }
    }
    __syncthreads();  // before the tile is filled again
  }
}

// matrix [rows, columns] less the mean of every column. A block of 32 x 8 takes 32 columns; sums are
// of differences from the first row, so that a constant column becomes exactly 0.
KERNEL centre_columns(double* matrix, int rows, int columns) {
  __shared__ double scratch[8][32];
  int column = blockIdx.x * 32 + threadIdx.x;
  bool inside = column < columns;
  double first = inside ? matrix[column] : 0;
  double sum = 0;
  for (int row = threadIdx.y; inside && row < rows; row += 8) {
    sum += matrix[static_cast<i64>(row) * columns + column] - first;
  }
  double mean = first + column_sum(sum, scratch) / rows;
  for (int row = threadIdx.y; inside && row < rows; row += 8) {
    matrix[static_cast<i64>(row) * columns + column] -= mean;
  }
}

// target += scale * source.
KERNEL add_scaled(double* target, const double* source, double scale, i64 elements) {
  for (i64 at = global_thread(); at < elements; at += global_threads()) {
    target[at] += scale * source[at];
  }
}

// sums [size]: of the absolute values of every row of a square matrix; a warp each.
KERNEL absolute_row_sums(const double* matrix, double* sums, int size) {
  i64 warps = global_threads() >> 5;
  for (i64 row = global_thread() >> 5; row < size; row += warps) {
    double sum = 0;
    for (int i = threadIdx.x & 31; i < size; i += 32) {
      sum += fabs(matrix[row * size + i]);
    }
    sum = warp_sum(sum);
    if ((threadIdx.x & 31) == 0) {
      sums[row] = sum;
    }
  }
}
