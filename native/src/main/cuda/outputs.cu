// The scalar of every row from its logits, with the semantics of OutputFunction, NaN and infinity
// included; column moments and standardised outputs.
#include "common.cuh"

// As OutputKernels numbers them.
enum OutputKind { MARGIN, MARGIN_LOGSUMEXP, LOGIT, LOG_PROB, LOSS };

__device__ inline float larger(float a, float b) { return a > b ? a : b; }

// The largest logit of classes other than `without`, by one warp. As a scan from the first candidate
// that takes what compares greater: NaN only where the first is NaN.
__device__ float largest(const float* logits, int classes, int without) {
  float first = logits[without == 0 ? 1 : 0];
  float most = -INFINITY;
  for (int c = threadIdx.x & 31; c < classes; c += 32) {
    if (c != without) {
      most = larger(logits[c], most);
    }
  }
  for (int step = 16; step > 0; step >>= 1) {
    most = larger(most, __shfl_xor_sync(FULL_WARP, most, step));
  }
  return isnan(first) ? first : most;
}

__device__ double log_sum_exp(const float* logits, int classes, int without) {
  double most = largest(logits, classes, without);
  double sum = 0;
  for (int c = threadIdx.x & 31; c < classes; c += 32) {
    if (c != without) {
      sum += exp(logits[c] - most);
    }
  }
  return log(warp_sum(sum)) + most;
}

// logits [rows, classes], labels [rows], out [rows]; a warp per row.
KERNEL output_function(const float* logits, const int* labels, float* out, int rows, int classes,
                       int kind) {
  i64 warps = global_threads() >> 5;
  for (i64 row = global_thread() >> 5; row < rows; row += warps) {
    const float* of_row = logits + row * classes;
    int label = labels[row];
    double chosen = of_row[label];
    double value = chosen;
    if (kind == MARGIN) {
      value = chosen - largest(of_row, classes, label);
    } else if (kind == MARGIN_LOGSUMEXP) {
      value = chosen - log_sum_exp(of_row, classes, label);
    } else if (kind != LOGIT) {
      value = chosen - log_sum_exp(of_row, classes, -1);
      value = kind == LOSS ? -value : value;
    }
    if ((threadIdx.x & 31) == 0) {
      out[row] = static_cast<float>(value);
    }
  }
}

// The sum of a tile's 8 partial sums per column, to all 8.
__device__ double tile_sum(double part, double (*scratch)[32]) {
  __syncthreads();
  scratch[threadIdx.y][threadIdx.x] = part;
  __syncthreads();
  double sum = 0;
  for (int i = 0; i < 8; i++) {
    sum += scratch[i][threadIdx.x];
  }
  return sum;
}

// y [rows, columns] -> mean and (population) deviation of every column. A block of 32 x 8 takes 32
// columns; twice over the rows, so that a large mean costs no digits and a constant has deviation 0.
KERNEL column_moments(const float* y, double* mean, double* deviation, int rows, int columns) {
  __shared__ double scratch[8][32];
  int column = blockIdx.x * 32 + threadIdx.x;
  bool inside = column < columns;
  double sum = 0;
  for (int row = threadIdx.y; inside && row < rows; row += 8) {
    sum += y[static_cast<i64>(row) * columns + column];
  }
  double average = tile_sum(sum, scratch) / rows;
  double square = 0;
  for (int row = threadIdx.y; inside && row < rows; row += 8) {
    double off = y[static_cast<i64>(row) * columns + column] - average;
    square += off * off;
  }
  square = tile_sum(square, scratch);
  if (inside && threadIdx.y == 0) {
    mean[column] = average;
    deviation[column] = sqrt(square / rows);
  }
}

// out [columns, rows] = (y - mean) / deviation, a constant as 0. Turned through a tile, so that
// reads and writes are both contiguous: networks read an example's rows one after the other.
KERNEL standardise_columns(const float* y, const double* mean, const double* deviation, float* out,
                           int rows, int columns) {
  __shared__ float tile[32][33];
  int column = blockIdx.x * 32 + threadIdx.x;
  for (int y_of = threadIdx.y; y_of < 32; y_of += 8) {
    int row = blockIdx.y * 32 + y_of;
    if (row < rows && column < columns) {
      double spread = deviation[column];
      double off = y[static_cast<i64>(row) * columns + column] - mean[column];
      tile[y_of][threadIdx.x] = spread == 0 ? 0.0f : static_cast<float>(off / spread);
    }
  }
  __syncthreads();
  int row = blockIdx.y * 32 + threadIdx.x;
  for (int x_of = threadIdx.y; x_of < 32; x_of += 8) {
    int of = blockIdx.x * 32 + x_of;
    if (row < rows && of < columns) {
      out[static_cast<i64>(of) * rows + row] = tile[threadIdx.x][x_of];
    }
  }
}

// out [rows, columns] = y - mean, in double precision: right sides of normal equations.
KERNEL centre_columns(const float* y, const double* mean, double* out, int rows, int columns) {
  i64 total = static_cast<i64>(rows) * columns;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    out[at] = y[at] - mean[at % columns];
  }
}
