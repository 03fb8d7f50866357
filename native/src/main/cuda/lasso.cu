// Lasso by cyclic coordinate descent on a Gram matrix that all outputs share, as CoordinateDescent
// does it; a block per output, whose gradient moves by a row of the matrix at a time.
#include "common.cuh"

constexpr int MOST_COLUMNS = 65536;

// Columns that are swept, in the order in which they joined; the bitmap tells which they are.
struct Listed {
  unsigned bits[MOST_COLUMNS / 32];
  unsigned fresh[MOST_COLUMNS / 32];
  int length;
  bool grew;
};

// Adds to the list the columns whose gradient exceeds a bound; whether any is new, to all threads.
__device__ bool include(Listed* listed, int* list, const float* gram, const double* gradient,
                        int columns, double bound) {
  __syncthreads();
  int padded = (columns + 31) / 32 * 32;
  for (int j = threadIdx.x; j < padded; j += blockDim.x) {
    bool joins = j < columns && fabs(gradient[j]) > bound &&
                 gram[static_cast<i64>(j) * columns + j] > 0;
    unsigned joining = __ballot_sync(FULL_WARP, joins);
    if ((threadIdx.x & 31) == 0) {
      listed->fresh[j / 32] = joining & ~listed->bits[j / 32];
      listed->bits[j / 32] |= joining;
    }
  }
  __syncthreads();
  // By one thread, for the order: a column joins once on the whole path.
  if (threadIdx.x == 0) {
    int length = listed->length;
    for (int word = 0; word < padded / 32; word++) {
      for (unsigned bits = listed->fresh[word]; bits != 0; bits &= bits - 1) {
        list[length++] = word * 32 + __ffs(static_cast<int>(bits)) - 1;
      }
    }
    listed->grew = length > listed->length;
    listed->length = length;
  }
  __syncthreads();
  return listed->grew;
}

// One pass over the listed columns; the greatest mean square by which one changed the fit.
__device__ double sweep(const int* list, int length, const float* gram, double* gradient,
                        double* theta, int columns, double lambda) {
  double greatest = 0;
  for (int at = 0; at < length; at++) {
    int j = list[at];
    const float* row = gram + static_cast<i64>(j) * columns;
    double square = row[j];
    double now = theta[j];
    double target = gradient[j] + square * now;
    double value = fabs(target) <= lambda ? 0 : (target - copysign(lambda, target)) / square;
    double change = value - now;
    // All threads see the same numbers, hence take the same branch.
    if (change != 0) {
      __syncthreads();
      for (int i = threadIdx.x; i < columns; i += blockDim.x) {
        gradient[i] -= change * row[i];
      }
      if (threadIdx.x == 0) {
        theta[j] = value;
      }
      double moved = square * change * change;
      greatest = moved > greatest ? moved : greatest;
      __syncthreads();
    }
  }
  return greatest;
}

// gram [columns, columns] = X'X/m; gradient and theta [outputs, columns] are those of the last
// lambda, X'y/m and 0 at the start, lists [outputs, columns] and lengths [outputs] likewise; lambda,
// previous and enough [outputs]. A block of whole warps per output, at most 65,536 columns; an
// output whose lambda is NaN stands still.
KERNEL lasso_solve(const float* gram, double* gradient, double* theta, int* lists, int* lengths,
                   const double* lambda, const double* previous, const double* enough, int columns,
                   int most_sweeps) {
  __shared__ Listed listed;
  double bound = lambda[blockIdx.x];
  if (isnan(bound)) {
    return;
  }
  double* mine = gradient + static_cast<i64>(blockIdx.x) * columns;
  double* of = theta + static_cast<i64>(blockIdx.x) * columns;
  int* list = lists + static_cast<i64>(blockIdx.x) * columns;
  for (int word = threadIdx.x; word < (columns + 31) / 32; word += blockDim.x) {
    listed.bits[word] = 0;
  }
  if (threadIdx.x == 0) {
    listed.length = lengths[blockIdx.x];
  }
  __syncthreads();
  for (int at = threadIdx.x; at < listed.length; at += blockDim.x) {
    atomicOr(&listed.bits[list[at] / 32], 1u << (list[at] & 31));
  }
  // The sequential strong rule; what it excludes wrongly joins below.
  double strong = fmin(bound, 2 * bound - previous[blockIdx.x]);
  include(&listed, list, gram, mine, columns, fmax(0.0, strong));
  int count = 0;
  do {
    while (sweep(list, listed.length, gram, mine, of, columns, bound) > enough[blockIdx.x] &&
           ++count < most_sweeps) {
    }
  } while (include(&listed, list, gram, mine, columns, bound * (1 + 1e-9)) &&
           count < most_sweeps);
  if (threadIdx.x == 0) {
    lengths[blockIdx.x] = listed.length;
  }
}

// errors [outputs]: the sum of squares of y - (X - means) theta over other rows. words [rows,
// words_per_row] packed X; means [columns]; theta [outputs, columns]; y [outputs, rows]. A block of
// whole warps per output, a warp per row in turn.
KERNEL lasso_errors(const u64* words, const double* means, const double* theta, const double* y,
                    double* errors, int rows, int columns, int words_per_row) {
  __shared__ double scratch[32];
  const double* of = theta + static_cast<i64>(blockIdx.x) * columns;
  double of_mean = 0;
  for (int j = threadIdx.x; j < columns; j += blockDim.x) {
    of_mean += means[j] * of[j];
  }
  of_mean = block_sum(of_mean, scratch);
  int lane = threadIdx.x & 31;
  double sum = 0;
  for (int row = threadIdx.x >> 5; row < rows; row += blockDim.x >> 5) {
    double predicted = 0;
    for (int j = lane; j < columns; j += 32) {
      u64 word = words[static_cast<i64>(row) * words_per_row + (j >> 6)];
      predicted += (word >> (j & 63)) & 1 ? of[j] : 0;
    }
    double error = y[static_cast<i64>(blockIdx.x) * rows + row] - (warp_sum(predicted) - of_mean);
    sum += lane == 0 ? error * error : 0;
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) {
    errors[blockIdx.x] = sum;
  }
}
