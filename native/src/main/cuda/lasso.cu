// Lasso by cyclic coordinate descent on a Gram matrix that all outputs share, as CoordinateDescent
// does it; a block per output, whose gradient moves by a row of the matrix at a time.
#include "common.cuh"

constexpr int MOST_COLUMNS = 65536;

// Adds to the list the columns whose gradient exceeds a bound; whether any is new, to all threads.
__device__ bool include(unsigned* listed, const float* gram, const double* gradient, int columns,
                        double bound, unsigned* found) {
  __syncthreads();
  if (threadIdx.x == 0) {
    *found = 0;
  }
  __syncthreads();
  int padded = (columns + 31) / 32 * 32;
  for (int j = threadIdx.x; j < padded; j += blockDim.x) {
    bool joins = j < columns && fabs(gradient[j]) > bound &&
                 gram[static_cast<i64>(j) * columns + j] > 0;
    unsigned joining = __ballot_sync(FULL_WARP, joins);
    if ((threadIdx.x & 31) == 0) {
      unsigned fresh = joining & ~listed[j / 32];
      listed[j / 32] |= fresh;
      if (fresh != 0) {
        atomicOr(found, 1u);
      }
    }
  }
  __syncthreads();
  return *found != 0;
}

// One pass over the listed columns; the greatest mean square by which one changed the fit.
__device__ double sweep(const unsigned* listed, const float* gram, double* gradient, double* theta,
                        int columns, double lambda) {
  double greatest = 0;
  for (int word = 0; word < (columns + 31) / 32; word++) {
    for (unsigned bits = listed[word]; bits != 0; bits &= bits - 1) {
      int j = word * 32 + __ffs(static_cast<int>(bits)) - 1;
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
  }
  return greatest;
}

// gram [columns, columns] = X'X/m; gradient and theta [outputs, columns] are those of the last
// lambda, X'y/m and 0 at the start; lambda, previous and enough [outputs]; sweeps [outputs] counts.
// A block of whole warps per output; at most 65,536 columns.
KERNEL lasso_solve(const float* gram, double* gradient, double* theta, const double* lambda,
                   const double* previous, const double* enough, int* sweeps, int columns,
                   int most_sweeps) {
  __shared__ unsigned listed[MOST_COLUMNS / 32];
  __shared__ unsigned found;
  double* mine = gradient + static_cast<i64>(blockIdx.x) * columns;
  double* of = theta + static_cast<i64>(blockIdx.x) * columns;
  int padded = (columns + 31) / 32 * 32;
  for (int j = threadIdx.x; j < padded; j += blockDim.x) {
    unsigned not_zero = __ballot_sync(FULL_WARP, j < columns && of[j] != 0);
    if ((threadIdx.x & 31) == 0) {
      listed[j / 32] = not_zero;
    }
  }
  double bound = lambda[blockIdx.x];
  // The sequential strong rule; what it excludes wrongly joins below.
  double strong = fmin(bound, 2 * bound - previous[blockIdx.x]);
  include(listed, gram, mine, columns, fmax(0.0, strong), &found);
  int count = 0;
  do {
    while (sweep(listed, gram, mine, of, columns, bound) > enough[blockIdx.x] &&
           ++count < most_sweeps) {
    }
  } while (include(listed, gram, mine, columns, bound * (1 + 1e-9), &found) &&
           count < most_sweeps);
  if (threadIdx.x == 0) {
    sweeps[blockIdx.x] = count;
  }
}
