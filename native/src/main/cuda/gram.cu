// Gram and kernel matrices of 0/1 rows, by AND and popcount of packed bits, and their centring. All
// counts are whole numbers and exact; centring divides once, at the end.
#include "common.cuh"

constexpr int TILE = 64;   // rows of a block's square of counts
constexpr int DEPTH = 8;   // words of a row held at a time
constexpr int MICRO = 4;   // a thread counts 4 x 4 pairs

// counts [rows, rows]: how many ones rows a and b share. A block of 16 x 16 counts a square of 64 x
// 64 below the diagonal and mirrors it. Columns instead of rows: call with transposed masks.
KERNEL mask_counts(const u64* words, int* counts, int rows, int words_per_row) {
  __shared__ u64 of_a[DEPTH][TILE + 1];
  __shared__ u64 of_b[DEPTH][TILE + 1];
  if (blockIdx.x > blockIdx.y) {
    return;
  }
  int thread = threadIdx.y * 16 + threadIdx.x;
  int first_a = blockIdx.y * TILE;
  int first_b = blockIdx.x * TILE;
  int shared_ones[MICRO][MICRO] = {};
  for (int base = 0; base < words_per_row; base += DEPTH) {
    for (int i = thread; i < TILE * DEPTH; i += 256) {
      int word = base + i % DEPTH;
      int row_a = first_a + i / DEPTH;
      int row_b = first_b + i / DEPTH;
      bool there = word < words_per_row;
      of_a[i % DEPTH][i / DEPTH] =
          there && row_a < rows ? words[static_cast<i64>(row_a) * words_per_row + word] : 0;
      of_b[i % DEPTH][i / DEPTH] =
          there && row_b < rows ? words[static_cast<i64>(row_b) * words_per_row + word] : 0;
    }
    __syncthreads();
#pragma unroll
    for (int d = 0; d < DEPTH; d++) {
      for (int i = 0; i < MICRO; i++) {
        u64 a = of_a[d][threadIdx.y + 16 * i];
        for (int j = 0; j < MICRO; j++) {
          shared_ones[i][j] += __popcll(a & of_b[d][threadIdx.x + 16 * j]);
        }
      }
    }
    __syncthreads();
  }
  for (int i = 0; i < MICRO; i++) {
    for (int j = 0; j < MICRO; j++) {
      i64 a = first_a + static_cast<int>(threadIdx.y) + 16 * i;
      i64 b = first_b + static_cast<int>(threadIdx.x) + 16 * j;
      if (a < rows && b <= a) {
        counts[a * rows + b] = shared_ones[i][j];
        counts[b * rows + a] = shared_ones[i][j];
      }
    }
  }
}

// sums [size]: of every row of a square of counts; a warp per row. For rows that are masks this is
// the row's sum of column counts.
KERNEL count_sums(const int* counts, i64* sums, int size) {
  i64 warps = global_threads() >> 5;
  for (i64 row = global_thread() >> 5; row < size; row += warps) {
    i64 sum = 0;
    for (int i = threadIdx.x & 31; i < size; i += 32) {
      sum += counts[row * size + i];
    }
    sum = warp_sum(sum);
    if ((threadIdx.x & 31) == 0) {
      sums[row] = sum;
    }
  }
}

// total [1]; one block.
KERNEL total_count(const i64* sums, i64* total, int size) {
  __shared__ i64 scratch[32];
  i64 sum = 0;
  for (unsigned i = threadIdx.x; i < static_cast<unsigned>(size); i += blockDim.x) {
    sum += sums[i];
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) {
    total[0] = sum;
  }
}

// The Gram matrix of centred columns, [size, size], from counts of columns over `rows` masks.
KERNEL centre_gram(const int* counts, double* gram, int size, int rows) {
  i64 total = static_cast<i64>(size) * size;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    i64 i = at / size;
    i64 j = at % size;
    i64 product = static_cast<i64>(counts[i * size + i]) * counts[j * size + j];
    gram[at] = static_cast<double>(static_cast<i64>(rows) * counts[at] - product) / rows;
  }
}

// The kernel matrix of centred masks, [rows, rows], from counts of rows and their sums and total,
// with a constant added to every entry.
KERNEL centre_kernel(const int* counts, const i64* sums, const i64* total, double* kernel,
                     double constant, int rows) {
  i64 all = static_cast<i64>(rows) * rows;
  for (i64 at = global_thread(); at < all; at += global_threads()) {
    i64 both = sums[at / rows] + sums[at % rows];
    i64 numerator = all * counts[at] - rows * both + total[0];
    kernel[at] = static_cast<double>(numerator) / static_cast<double>(all) + constant;
  }
}
