// Products of packed 0/1 matrices with dense ones. A thread owns one column of the dense matrix and
// holds 32 rows of the result in registers; all threads of a block read the same bits, so that no
// warp diverges, and every dense value is loaded once per 32 rows.
#include "common.cuh"

template <class T>
__device__ inline void add_where(T* sums, unsigned bits, T value) {
#pragma unroll
  for (int i = 0; i < 32; i++) {
    if ((bits >> i) & 1) {
      sums[i] += value;
    }
  }
}

// out [rows, columns] = M b with M [rows, inner] given by its transpose's halves of words
// [inner, halves_per_row], b [inner, columns].
template <class T>
__device__ void masks_times(const unsigned* transposed, const T* b, T* out, int rows, int inner,
                            int columns, int halves_per_row) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  int first = blockIdx.y * 32;
  T sums[32] = {};
  if (column < columns) {
    for (int j = 0; j < inner; j++) {
      unsigned bits = transposed[static_cast<i64>(j) * halves_per_row + blockIdx.y];
      add_where(sums, bits, b[static_cast<i64>(j) * columns + column]);
    }
#pragma unroll
    for (int i = 0; i < 32; i++) {
      if (first + i < rows) {
        out[static_cast<i64>(first + i) * columns + column] = sums[i];
      }
    }
  }
}

KERNEL masks_times_f32(const unsigned* transposed, const float* b, float* out, int rows, int inner,
                       int columns, int halves_per_row) {
  masks_times(transposed, b, out, rows, inner, columns, halves_per_row);
}

KERNEL masks_times_f64(const unsigned* transposed, const double* b, double* out, int rows,
                       int inner, int columns, int halves_per_row) {
  masks_times(transposed, b, out, rows, inner, columns, halves_per_row);
}
