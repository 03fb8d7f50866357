// Products of packed 0/1 matrices with dense ones: out [rows, columns] = M b with M [rows, inner]
// given by its transpose's halves of words [inner, halves_per_row], b [inner, columns].
#include "common.cuh"

__device__ inline void add_where(double* sums, unsigned bits, double value) {
#pragma unroll
  for (int i = 0; i < 32; i++) {
    if ((bits >> i) & 1) {
      sums[i] += value;
    }
  }
}

// out [rows, columns] = M b with M [rows, inner] given by its transpose's halves of words
// [inner, halves_per_row], b [inner, columns].
// A thread owns one column of the dense matrix and holds 32 rows of the result in registers; all
// threads of a block read the same bits, so that no warp diverges, and every dense value is loaded
// once per 32 rows.
KERNEL masks_times_f64(const unsigned* transposed, const double* b, double* out, int rows,
                       int inner, int columns, int halves_per_row) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  int first = blockIdx.y * 32;
  double sums[32] = {};
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

constexpr int TILE_COLUMNS = 64;
constexpr int TILE_INNER = 32;
constexpr int PADDED = TILE_COLUMNS + 8;  // lanes of a warp then read different banks

// On tensor cores, with float32 as three bfloat16 and masks exact, so that only the order of sums
// differs. A block has 128 rows and 64 columns, each of its 8 warps 32 of both; values are split once
// for all of them. Blocks that read the same values are side by side in the grid.
KERNEL __launch_bounds__(256, 2)
    masks_times_f32(const unsigned* transposed, const float* b, float* out, int rows, int inner,
                    int columns, int halves_per_row) {
  __shared__ unsigned parts[3][TILE_INNER / 2][PADDED];
  int warp = threadIdx.x >> 5;
  int g = (threadIdx.x & 31) >> 2;
  int t = threadIdx.x & 3;
  int half = blockIdx.x * 4 + (warp >> 1);
  int left = blockIdx.y * TILE_COLUMNS;
  int mine = 32 * (warp & 1);  // of the block's columns
  int pair = threadIdx.x >> 4;
  int four = 4 * (threadIdx.x & 15);
  bool aligned = columns % 4 == 0;
  float sums[2][4][4] = {};
  for (int first = 0; first < inner; first += TILE_INNER) {
    float low[4];
    float high[4];
    int row = first + 2 * pair;
    const float* from = b + static_cast<i64>(row) * columns + left + four;
    load_four(low, from, row < inner ? columns - left - four : 0, aligned);
    load_four(high, from + columns, row + 1 < inner ? columns - left - four : 0, aligned);
    __syncthreads();  // the last tile may still be read
#pragma unroll
    for (int i = 0; i < 4; i++) {
      unsigned three[3];
      split(low[i], high[i], three);
#pragma unroll
      for (int part = 0; part < 3; part++) {
        parts[part][pair][four + i] = three[part];
      }
    }
    __syncthreads();
#pragma unroll
    for (int step = 0; step < TILE_INNER / 16; step++) {
      if (32 * half >= rows || first + 16 * step >= inner) {
        break;
      }
      unsigned words[4];
#pragma unroll
      for (int k = 0; k < 4; k++) {
        int j = first + 16 * step + 2 * t + (k & 1) + 8 * (k >> 1);
        words[k] = j < inner ? transposed[static_cast<i64>(j) * halves_per_row + half] : 0;
      }
      unsigned masks[2][4];
#pragma unroll
      for (int i = 0; i < 8; i++) {
        int word = i & 3;
        masks[i >> 2][word] = bit_pair(words[word & 2], words[(word & 2) + 1],
                                       g + 8 * (word & 1) + 16 * (i >> 2));
      }
#pragma unroll
      for (int tile = 0; tile < 4; tile++) {
        if (left + mine + 8 * tile >= columns) {
          break;
        }
        int column = mine + 8 * tile + g;
        unsigned values[2][3];
#pragma unroll
        for (int part = 0; part < 3; part++) {
          values[0][part] = parts[part][8 * step + t][column];
          values[1][part] = parts[part][8 * step + t + 4][column];
        }
        multiply_add(sums[0][tile], masks[0], values);
        multiply_add(sums[1][tile], masks[1], values);
      }
    }
  }
#pragma unroll
  for (int i = 0; i < 32; i++) {
    int row = 32 * half + 16 * (i >> 4) + g + 8 * ((i >> 1) & 1);
    int column = left + mine + 8 * ((i >> 2) & 3) + 2 * t + (i & 1);
    if (row < rows && column < columns) {
      out[static_cast<i64>(row) * columns + column] = sums[i >> 4][(i >> 2) & 3][i & 3];
    }
  }
}
