// What follows a masked convolution in one pass over its output: m * y + b, with a residual, behind
// a ReLU. Each operation rounds by itself, so that the values are those of separate nodes.
#include "common.cuh"

// out [rows, channels, positions]; y, mask [mask_rows, channels] and residual (where there is one:
// residual_rows > 0) have as many rows or one; bias [channels].
KERNEL masked_f32(const float* y, const float* mask, const float* bias, const float* residual,
                  float* out, int rows, int channels, int positions, int y_rows, int mask_rows,
                  int residual_rows, int relu) {
  i64 of_row = static_cast<i64>(channels) * positions;
  i64 total = rows * of_row;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    i64 row = at / of_row;
    i64 within = at - row * of_row;
    int channel = static_cast<int>(within / positions);
    float m = mask[(mask_rows > 1 ? row * channels : 0) + channel];
    float value = __fadd_rn(__fmul_rn(y[y_rows > 1 ? at : within], m), bias[channel]);
    if (residual_rows > 0) {
      value = __fadd_rn(value, residual[residual_rows > 1 ? at : within]);
    }
    out[at] = relu && value < 0 ? 0 : value;  // NaN stays
  }
}
