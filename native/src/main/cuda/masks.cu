// Masks on the device: drawn, transposed and expanded there. Packed like MaskMatrix:
// bit j of a row is bit j mod 64 of its word j / 64, and bits beyond the last column are 0.
#include "common.cuh"

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011) at counter (c0, 0, row low, row high): the four
// draws compared with the threshold. Must give the bits of BernoulliMasks.
__device__ inline unsigned philox_below(unsigned c0, u64 row, u64 seed, u64 threshold) {
  unsigned c1 = 0;
  unsigned c2 = static_cast<unsigned>(row);
  unsigned c3 = static_cast<unsigned>(row >> 32);
  unsigned k0 = static_cast<unsigned>(seed);
  unsigned k1 = static_cast<unsigned>(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    u64 p0 = static_cast<u64>(0xD2511F53u) * c0;
    u64 p1 = static_cast<u64>(0xCD9E8D57u) * c2;
    c0 = static_cast<unsigned>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<unsigned>(p1);
    c2 = static_cast<unsigned>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<unsigned>(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  // The threshold may be 2^32, hence 64 bits.
  return (c0 < threshold ? 1u : 0u) | (c1 < threshold ? 2u : 0u) | (c2 < threshold ? 4u : 0u) |
         (c3 < threshold ? 8u : 0u);
}

// words [rows, words_per_row]: one thread per word, neighbours write neighbours.
KERNEL bernoulli_masks(u64* words, i64 first_row, i64 seed, i64 threshold, int rows, int columns,
                       int words_per_row) {
  i64 total = static_cast<i64>(rows) * words_per_row;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    i64 row = first_row + at / words_per_row;
    int word = static_cast<int>(at % words_per_row);
    u64 bits = 0;
#pragma unroll 4
    for (unsigned i = 0; i < 16; i++) {
      u64 four = philox_below(word * 16u + i, row, seed, threshold);
      bits |= four << (4 * i);
    }
    int left = columns - word * 64;
    words[at] = left < 64 ? bits & (~0ull >> (64 - left)) : bits;
  }
}

// out [rows, columns], 0 or 1.
template <class T>
__device__ void expand_masks(const u64* words, T* out, int rows, int columns, int words_per_row) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  for (int row = blockIdx.y; row < rows; row += gridDim.y) {
    u64 word = words[static_cast<i64>(row) * words_per_row + (column >> 6)];
    from_float((word >> (column & 63)) & 1 ? 1.0f : 0.0f,
               out + static_cast<i64>(row) * columns + column);
  }
}

KERNEL expand_masks_f32(const u64* words, float* out, int rows, int columns, int words_per_row) {
  expand_masks(words, out, rows, columns, words_per_row);
}

KERNEL expand_masks_f16(const u64* words, f16* out, int rows, int columns, int words_per_row) {
  expand_masks(words, out, rows, columns, words_per_row);
}

// out [rows, columns], 0 or 1: the part of the masks that begins at a row and a column.
KERNEL expand_part_f64(const u64* words, double* out, int first_row, int first_column, int rows,
                       int columns, int words_per_row) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  int bit = first_column + column;
  for (int row = blockIdx.y; row < rows; row += gridDim.y) {
    u64 word = words[static_cast<i64>(first_row + row) * words_per_row + (bit >> 6)];
    out[static_cast<i64>(row) * columns + column] = (word >> (bit & 63)) & 1 ? 1.0 : 0.0;
  }
}

// out [columns, 64-bit words of rows]: columns become rows. A block of two warps turns 64 x 64
// bits; a ballot collects one column of a warp's 32 rows, and its lane j keeps columns j, j + 32.
KERNEL transpose_masks(const u64* words, unsigned* out, int rows, int columns, int words_per_row,
                       int out_words_per_row) {
  int warp = threadIdx.x >> 5;
  int lane = threadIdx.x & 31;
  int row = blockIdx.x * 64 + threadIdx.x;
  for (int tile = blockIdx.y; tile < words_per_row; tile += gridDim.y) {
    u64 word = row < rows ? words[static_cast<i64>(row) * words_per_row + tile] : 0;
    unsigned low = 0;
    unsigned high = 0;
    for (int j = 0; j < 32; j++) {
      unsigned of_low = __ballot_sync(FULL_WARP, static_cast<int>((word >> j) & 1));
      unsigned of_high = __ballot_sync(FULL_WARP, static_cast<int>((word >> (j + 32)) & 1));
      if (lane == j) {
        low = of_low;
        high = of_high;
      }
    }
    // Halves of 64-bit words, low first: the device is little-endian.
    i64 stride = 2ll * out_words_per_row;
    i64 column = tile * 64 + lane;
    if (column < columns) {
      out[column * stride + 2 * blockIdx.x + warp] = low;
    }
    if (column + 32 < columns) {
      out[(column + 32) * stride + 2 * blockIdx.x + warp] = high;
    }
  }
}
