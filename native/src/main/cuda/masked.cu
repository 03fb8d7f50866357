// What follows a layer in one pass over its output: m * y + b, or y + b where there is no mask, with a
// residual, behind a ReLU. In float32 each operation rounds by itself, so that the values are those of
// separate nodes; in float16 the result is computed so and rounded to it once.
#include "common.cuh"

// out is [rows, channels, positions], or with channels last [rows, positions, channels]; y and
// residual (where there is one: residual_rows > 0) have as many rows or one; mask (where there is
// one: mask_rows > 0) is [mask_rows, columns], the layer's columns beginning at first; bias
// [channels]. N neighbours are of one row, and of one channel unless channels are last. The grid's y
// counts rows.
template <int N, class T>
__device__ inline void masked(const T* y, const T* mask, const T* bias, const T* residual, T* out,
                              int rows, int channels, int positions, int last, int columns,
                              int first, int wide, int y_rows, int mask_rows, int residual_rows,
                              int relu) {
  int of_row = channels * positions;
  int stride = static_cast<int>(gridDim.x * blockDim.x) * N;
  for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
    i64 start = static_cast<i64>(row) * of_row;
    const T* y_row = y + (y_rows > 1 ? start : 0);
    const T* residual_row = residual + (residual_rows > 1 ? start : 0);
    const T* mask_row = mask + (mask_rows > 1 ? static_cast<i64>(row) * columns : 0) + first;
    T* out_row = out + start;
    for (int at = static_cast<int>(global_thread()) * N; at < of_row; at += stride) {
      float value[N], m[N], b[N], added[N];
      load<N>(y_row + at, value);
      if (residual_rows > 0) {
        load<N>(residual_row + at, added);
      }
      int channel = last ? at % channels : at / positions;
      if (N > 1 && last) {
        load<N>(bias + channel, b);
        if (wide) {
          load<N>(mask_row + channel, m);
        } else if (mask_rows > 0) {
#pragma unroll
          for (int i = 0; i < N; i++) {
            m[i] = to_float(mask_row[channel + i]);
          }
        }
      } else {
        m[0] = mask_rows > 0 ? to_float(mask_row[channel]) : 0;
        b[0] = to_float(bias[channel]);
#pragma unroll
        for (int i = 1; i < N; i++) {
          m[i] = m[0];
          b[i] = b[0];
        }
      }
#pragma unroll
      for (int i = 0; i < N; i++) {
        float sum = __fadd_rn(mask_rows > 0 ? __fmul_rn(value[i], m[i]) : value[i], b[i]);
        if (residual_rows > 0) {
          sum = __fadd_rn(sum, added[i]);
        }
        value[i] = relu && sum < 0 ? 0 : sum;  // NaN stays
      }
      store<N>(value, out_row + at);
    }
  }
}

KERNEL masked_f32(const float* y, const float* mask, const float* bias, const float* residual,
                  float* out, int rows, int channels, int positions, int last, int columns,
                  int first, int wide, int y_rows, int mask_rows, int residual_rows, int relu) {
  masked<1>(y, mask, bias, residual, out, rows, channels, positions, last, columns, first, wide,
            y_rows, mask_rows, residual_rows, relu);
}

// 4 at once: of_row and, with channels last, channels are multiples of it, else positions are; all
// arrays but the mask are aligned to 16 bytes, and where wide is set every row of the mask.
KERNEL masked_f32_x4(const float* y, const float* mask, const float* bias, const float* residual,
                     float* out, int rows, int channels, int positions, int last, int columns,
                     int first, int wide, int y_rows, int mask_rows, int residual_rows, int relu) {
  masked<4>(y, mask, bias, residual, out, rows, channels, positions, last, columns, first, wide,
            y_rows, mask_rows, residual_rows, relu);
}

KERNEL masked_f16(const f16* y, const f16* mask, const f16* bias, const f16* residual, f16* out,
                  int rows, int channels, int positions, int last, int columns, int first,
                  int wide, int y_rows, int mask_rows, int residual_rows, int relu) {
  masked<1>(y, mask, bias, residual, out, rows, channels, positions, last, columns, first, wide,
            y_rows, mask_rows, residual_rows, relu);
}

// 8 at once, under the same conditions.
KERNEL masked_f16_x8(const f16* y, const f16* mask, const f16* bias, const f16* residual, f16* out,
                     int rows, int channels, int positions, int last, int columns, int first,
                     int wide, int y_rows, int mask_rows, int residual_rows, int relu) {
  masked<8>(y, mask, bias, residual, out, rows, channels, positions, last, columns, first, wide,
            y_rows, mask_rows, residual_rows, relu);
}
