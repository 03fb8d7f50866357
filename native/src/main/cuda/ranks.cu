// Spearman's correlation of many pairs of series, as Lds: ranks with ties averaged by a bitonic
// sort, then their correlation, whose sums are multiples of 1/4 and hence exact.
#include "common.cuh"

// values [series, length] -> ranks [series, length] from 1, and finite [series], 0 where a value is
// not a finite number (ranks are then meaningless). keys and places [series, padded] are workspace;
// padded is a power of two >= length. A block per series.
KERNEL rank_series(const double* values, double* keys, int* places, double* ranks, int* finite,
                   int length, int padded) {
  __shared__ unsigned broken;
  const double* mine = values + static_cast<i64>(blockIdx.x) * length;
  double* key = keys + static_cast<i64>(blockIdx.x) * padded;
  int* place = places + static_cast<i64>(blockIdx.x) * padded;
  if (threadIdx.x == 0) {
    broken = 0;
  }
  __syncthreads();
  for (int i = threadIdx.x; i < padded; i += blockDim.x) {
    double value = i < length ? mine[i] : INFINITY;  // padding sorts to the end
    key[i] = value;
    place[i] = i;
    if (i < length && !(fabs(value) < INFINITY)) {
      atomicOr(&broken, 1u);
    }
  }
  __syncthreads();
  for (int run = 2; run <= padded; run <<= 1) {
    for (int step = run >> 1; step > 0; step >>= 1) {
      for (int pair = threadIdx.x; pair < padded / 2; pair += blockDim.x) {
        int low = pair / step * 2 * step + pair % step;
        int high = low + step;
        bool ascending = (low & run) == 0;
        double a = key[low];
        double b = key[high];
        if (ascending ? a > b : a < b) {
          key[low] = b;
          key[high] = a;
          int of_a = place[low];
          place[low] = place[high];
          place[high] = of_a;
        }
      }
      __syncthreads();
    }
  }
  for (int i = threadIdx.x; i < padded; i += blockDim.x) {
    double value = key[i];
    int first = 0;
    for (int width = padded; width > 0; width >>= 1) {  // how many are less
      if (first + width <= padded && key[first + width - 1] < value) {
        first += width;
      }
    }
    int end = first;
    for (int width = padded; width > 0; width >>= 1) {  // how many are not greater
      if (end + width <= padded && key[end + width - 1] <= value) {
        end += width;
      }
    }
    if (place[i] < length) {
      ranks[static_cast<i64>(blockIdx.x) * length + place[i]] = (first + 1 + end) / 2.0;
    }
  }
  if (threadIdx.x == 0) {
    finite[blockIdx.x] = broken == 0 ? 1 : 0;
  }
}

// scores [series]: the correlation of two series' ranks; 0 where one is constant or not finite. A
// block of whole warps per series.
KERNEL rank_correlation(const double* ranks, const int* finite, const double* others,
                        const int* others_finite, double* scores, int length) {
  __shared__ double scratch[32];
  i64 base = static_cast<i64>(blockIdx.x) * length;
  double mean = (length + 1) / 2.0;
  double pp = 0;
  double tt = 0;
  double pt = 0;
  for (int i = threadIdx.x; i < length; i += blockDim.x) {
    double p = ranks[base + i] - mean;
    double t = others[base + i] - mean;
    pp += p * p;
    tt += t * t;
    pt += p * t;
  }
  pp = block_sum(pp, scratch);
  tt = block_sum(tt, scratch);
  pt = block_sum(pt, scratch);
  if (threadIdx.x == 0) {
    bool usable = finite[blockIdx.x] != 0 && others_finite[blockIdx.x] != 0 && pp > 0 && tt > 0;
    scores[blockIdx.x] = usable ? fmax(-1.0, fmin(1.0, pt / sqrt(pp * tt))) : 0;
  }
}
