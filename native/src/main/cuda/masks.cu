// Masks on the device: transposed and expanded there. Packed like MaskMatrix:
// bit j of a row is bit j mod 64 of its word j / 64, and bits beyond the last column are 0.
#include "common.cuh"

// out [rows, columns], 0 or 1.
KERNEL expand_masks_f32(const u64* words, float* out, int rows, int columns, int words_per_row) {
  int column = blockIdx.x * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  for (int row = blockIdx.y; row < rows; row += gridDim.y) {
    u64 word = words[static_cast<i64>(row) * words_per_row + (column >> 6)];
    out[static_cast<i64>(row) * columns + column] = (word >> (column & 63)) & 1 ? 1.0f : 0.0f;
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
