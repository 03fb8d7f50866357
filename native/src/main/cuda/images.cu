// Over the positions of images whose channels are innermost. N neighbours are channels.
#include "common.cuh"

#define SLICES 16

// out [rows, channels] = the mean of x [rows, positions, channels], summed in float32: every 16th
// position first, then those 16 sums. Blocks of 32 x 16; the grid's y counts rows.
template <int N, class T>
__device__ inline void mean(const T* x, T* out, int rows, int positions, int channels) {
  __shared__ float sums[SLICES][32 * N];
  int channel = static_cast<int>(global_thread()) * N;
  int slice = static_cast<int>(threadIdx.y);
  for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
    float total[N] = {};
    if (channel < channels) {
      const T* from = x + static_cast<i64>(row) * positions * channels + channel;
      for (int position = slice; position < positions; position += SLICES) {
        float values[N];
        load<N>(from + static_cast<i64>(position) * channels, values);
#pragma unroll
        for (int i = 0; i < N; i++) {
          total[i] += values[i];
        }
      }
    }
#pragma unroll
    for (int i = 0; i < N; i++) {
      sums[slice][threadIdx.x * N + i] = total[i];
    }
    __syncthreads();
    if (slice == 0 && channel < channels) {
      for (int i = 0; i < N; i++) {
        float sum = 0;
        for (int other = 0; other < SLICES; other++) {
          sum += sums[other][threadIdx.x * N + i];
        }
        total[i] = sum / static_cast<float>(positions);
      }
      store<N>(total, out + static_cast<i64>(row) * channels + channel);
    }
    __syncthreads();  // sums are written again
  }
}

// out [rows, out_height, out_width, channels] = the largest of x [rows, height, width, channels] in
// windows, NaN above all; what lies outside counts for nothing. The grid's y counts rows.
template <int N, class T>
__device__ inline void largest(const T* x, T* out, int rows, int height, int width, int channels,
                               int out_height, int out_width, int window_height,
                               int window_width, int stride_y, int stride_x, int top, int left) {
  int of_row = out_height * out_width * channels;
  int stride = static_cast<int>(gridDim.x * blockDim.x) * N;
  for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
    const T* from = x + static_cast<i64>(row) * height * width * channels;
    T* to = out + static_cast<i64>(row) * of_row;
    for (int at = static_cast<int>(global_thread()) * N; at < of_row; at += stride) {
      int position = at / channels;
      int channel = at - position * channels;
      int first_y = position / out_width * stride_y - top;
      int first_x = position % out_width * stride_x - left;
      float most[N];
#pragma unroll
      for (int i = 0; i < N; i++) {
        most[i] = -HUGE_VALF;
      }
      for (int v = first_y < 0 ? 0 : first_y; v < min(first_y + window_height, height); v++) {
        for (int h = first_x < 0 ? 0 : first_x; h < min(first_x + window_width, width); h++) {
          float values[N];
          load<N>(from + (v * width + h) * channels + channel, values);
#pragma unroll
          for (int i = 0; i < N; i++) {
            most[i] = values[i] > most[i] || values[i] != values[i] ? values[i] : most[i];
          }
        }
      }
      store<N>(most, to + at);
    }
  }
}

KERNEL mean_f32(const float* x, float* out, int rows, int positions, int channels) {
  mean<1>(x, out, rows, positions, channels);
}

// With _x4 and _x8, channels are a multiple of that, and all arrays aligned to 16 bytes.
KERNEL mean_f32_x4(const float* x, float* out, int rows, int positions, int channels) {
  mean<4>(x, out, rows, positions, channels);
}

KERNEL mean_f16(const f16* x, f16* out, int rows, int positions, int channels) {
  mean<1>(x, out, rows, positions, channels);
}

KERNEL mean_f16_x8(const f16* x, f16* out, int rows, int positions, int channels) {
  mean<8>(x, out, rows, positions, channels);
}

KERNEL largest_f32(const float* x, float* out, int rows, int height, int width, int channels,
                   int out_height, int out_width, int window_height, int window_width,
                   int stride_y, int stride_x, int top, int left) {
  largest<1>(x, out, rows, height, width, channels, out_height, out_width, window_height,
             window_width, stride_y, stride_x, top, left);
}

KERNEL largest_f32_x4(const float* x, float* out, int rows, int height, int width, int channels,
                      int out_height, int out_width, int window_height, int window_width,
                      int stride_y, int stride_x, int top, int left) {
  largest<4>(x, out, rows, height, width, channels, out_height, out_width, window_height,
             window_width, stride_y, stride_x, top, left);
}

KERNEL largest_f16(const f16* x, f16* out, int rows, int height, int width, int channels,
                   int out_height, int out_width, int window_height, int window_width,
                   int stride_y, int stride_x, int top, int left) {
  largest<1>(x, out, rows, height, width, channels, out_height, out_width, window_height,
             window_width, stride_y, stride_x, top, left);
}

KERNEL largest_f16_x8(const f16* x, f16* out, int rows, int height, int width, int channels,
                      int out_height, int out_width, int window_height, int window_width,
                      int stride_y, int stride_x, int top, int left) {
  largest<8>(x, out, rows, height, width, channels, out_height, out_width, window_height,
             window_width, stride_y, stride_x, top, left);
}
