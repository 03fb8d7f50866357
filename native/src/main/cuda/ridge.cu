// Ridge regression by Cholesky: what shifts its matrix, the right sides whose norms are leverages,
// errors of rows left out, and the outputs that share a lambda. Double precision.
#include "common.cuh"

// a [size, size] += value on its diagonal.
KERNEL add_to_diagonal(double* a, double value, int size) {
  for (i64 at = global_thread(); at < size; at += global_threads()) {
    a[at * size + at] += value;
  }
}

// out [size, columns]: columns of the identity, from `first` on.
KERNEL unit_columns(double* out, int size, int columns, int first) {
  i64 total = static_cast<i64>(size) * columns;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    out[at] = at / columns == first + at % columns ? 1 : 0;
  }
}

// out [size, columns]: masks from `first` on less the mean mask, as columns. Masks are given by their
// columns [size, words_per_column], so that neighbours read neighbouring bits.
KERNEL centred_masks(const u64* turned, const double* means, double* out, int size, int columns,
                     int first, int words_per_column) {
  i64 total = static_cast<i64>(size) * columns;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    i64 component = at / columns;
    i64 row = first + at % columns;
    u64 word = turned[component * words_per_column + (row >> 6)];
    out[at] = static_cast<double>((word >> (row & 63)) & 1) - means[component];
  }
}

// out [first + j] = scale * (squared norm of column j of b [size, columns]) + shift; blocks of 32 x 8
// take 32 columns.
KERNEL squared_norms(const double* b, double* out, double scale, double shift, int size,
                     int columns, int first) {
  __shared__ double scratch[8][32];
  int column = blockIdx.x * 32 + threadIdx.x;
  double part = 0;
  for (int row = threadIdx.y; column < columns && row < size; row += 8) {
    double value = b[static_cast<i64>(row) * columns + column];
    part += value * value;
  }
  double sum = column_sum(part, scratch);
  if (column < columns && threadIdx.y == 0) {
    out[first + column] = scale * sum + shift;
  }
}

// errors [columns]: sums over rows of (scale * residual / rest)^2, residuals [rows, columns] and rest
// [rows] what a row's own output leaves of its residual; blocks of 32 x 8 take 32 columns.
KERNEL leave_one_out(const double* residuals, const double* rest, double* errors, double scale,
                     int rows, int columns) {
  __shared__ double scratch[8][32];
  int column = blockIdx.x * 32 + threadIdx.x;
  double part = 0;
  for (int row = threadIdx.y; column < columns && row < rows; row += 8) {
    double error = scale * residuals[static_cast<i64>(row) * columns + column] / rest[row];
    part += error * error;
  }
  double sum = column_sum(part, scratch);
  if (column < columns && threadIdx.y == 0) {
    errors[column] = sum;
  }
}

// out [rows, chosen]: columns `which` of a matrix [rows, columns].
KERNEL gather_columns(const double* matrix, const int* which, double* out, int rows, int columns,
                      int chosen) {
  i64 total = static_cast<i64>(rows) * chosen;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    out[at] = matrix[at / chosen * columns + which[at % chosen]];
  }
}
