// The way back through masked.cu and images.cu, for derivatives by masks. Channels are innermost; N
// neighbours are channels. A derivative is of the type of its tensor and 0 where a ReLU cut off.
#include "common.cuh"

#define LANES 256

// Of a masked layer behind a ReLU (or none) with a residual (or none): g [rows, positions, channels]
// is the derivative by its output, in two parts where has_more is set. by_layer = m * g; by_residual
// = g, where wanted; sums [rows, slices, channels] = over the positions of a slice, g * y, in float32
// and always the same order. Blocks of x channels and y positions; the grid's y counts slices, its z
// rows.
template <int N, class T>
__device__ inline void masked_gradient(const T* g, const T* more, const T* y, const T* out,
                                       const T* mask, T* by_layer, T* by_residual, float* sums,
                                       int rows, int positions, int channels, int columns,
                                       int first, int has_more, int relu, int wanted) {
  __shared__ float parts[LANES * N];
  int lane = static_cast<int>(threadIdx.x);
  int channel = static_cast<int>(global_thread()) * N;
  int slices = static_cast<int>(gridDim.y);
  int slice = static_cast<int>(blockIdx.y);
  int width = (positions + slices - 1) / slices;
  int end = min(positions, (slice + 1) * width);
  int across = static_cast<int>(blockDim.x);
  for (int row = static_cast<int>(blockIdx.z); row < rows; row += static_cast<int>(gridDim.z)) {
    float total[N] = {};
    if (channel < channels) {
      float m[N];
      const T* of_row = mask + static_cast<i64>(row) * columns + first + channel;
#pragma unroll
      for (int i = 0; i < N; i++) {
        m[i] = to_float(of_row[i]);
      }
      i64 start = static_cast<i64>(row) * positions * channels + channel;
      for (int at = slice * width + static_cast<int>(threadIdx.y); at < end;
           at += static_cast<int>(blockDim.y)) {
        i64 here = start + static_cast<i64>(at) * channels;
        float value[N], layer[N], other[N];
        load<N>(g + here, value);
        load<N>(y + here, layer);
        if (has_more) {
          load<N>(more + here, other);
#pragma unroll
          for (int i = 0; i < N; i++) {
            value[i] += other[i];
          }
        }
        if (relu) {
          load<N>(out + here, other);
#pragma unroll
          for (int i = 0; i < N; i++) {
            value[i] = other[i] > 0 ? value[i] : 0;
          }
        }
        if (wanted) {
          store<N>(value, by_residual + here);
        }
#pragma unroll
        for (int i = 0; i < N; i++) {
          total[i] = __fadd_rn(total[i], __fmul_rn(value[i], layer[i]));
          value[i] *= m[i];
        }
        store<N>(value, by_layer + here);
      }
    }
#pragma unroll
    for (int i = 0; i < N; i++) {
      parts[(threadIdx.y * across + lane) * N + i] = total[i];
    }
    __syncthreads();
    if (threadIdx.y == 0 && channel < channels) {
      float* to = sums + (static_cast<i64>(row) * slices + slice) * channels + channel;
      for (int i = 0; i < N; i++) {
        float sum = 0;
        for (unsigned part = 0; part < blockDim.y; part++) {
          sum += parts[(part * across + lane) * N + i];
        }
        to[i] = sum;
      }
    }
    __syncthreads();  // parts are written again
  }
}

// to [rows, channels] = the sums over slices of sums [rows, slices, channels], in order.
KERNEL sum_slices_f32(const float* sums, float* to, int rows, int slices, int channels) {
  i64 elements = static_cast<i64>(rows) * channels;
  for (i64 at = global_thread(); at < elements; at += global_threads()) {
    const float* from = sums + at / channels * slices * channels + at % channels;
    float sum = 0;
    for (int slice = 0; slice < slices; slice++) {
      sum += from[static_cast<i64>(slice) * channels];
    }
    to[at] = sum;
  }
}

// to = g (and more) where out > 0; all [elements].
template <int N, class T>
__device__ inline void relu_gradient(const T* g, const T* more, const T* out, T* to, i64 elements,
                                     int has_more) {
  for (i64 at = global_thread() * N; at < elements; at += global_threads() * N) {
    float value[N], other[N];
    load<N>(g + at, value);
    if (has_more) {
      load<N>(more + at, other);
#pragma unroll
      for (int i = 0; i < N; i++) {
        value[i] += other[i];
      }
    }
    load<N>(out + at, other);
#pragma unroll
    for (int i = 0; i < N; i++) {
      value[i] = other[i] > 0 ? value[i] : 0;
    }
    store<N>(value, to + at);
  }
}

// Of the largest of windows (images.cu): the derivative goes to the first of a window's elements that
// is the largest. x [rows, height, width, channels]; most and g [rows, out_height, out_width,
// channels]. The grid's y counts rows.
template <int N, class T>
__device__ inline void largest_gradient(const T* x, const T* most, const T* g, T* to, int rows,
                                        int height, int width, int channels, int out_height,
                                        int out_width, int window_height, int window_width,
                                        int stride_y, int stride_x, int top, int left) {
  int of_row = height * width * channels;
  int stride = static_cast<int>(gridDim.x * blockDim.x) * N;
  for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
    const T* from = x + static_cast<i64>(row) * of_row;
    i64 windows = static_cast<i64>(row) * out_height * out_width * channels;
    for (int at = static_cast<int>(global_thread()) * N; at < of_row; at += stride) {
      int position = at / channels;
      int channel = at - position * channels;
      int v = position / width;
      int h = position - v * width;
      float mine[N], total[N] = {};
      load<N>(from + at, mine);
      int first_v = max(0, v + top - window_height + stride_y) / stride_y;
      int first_h = max(0, h + left - window_width + stride_x) / stride_x;
      for (int wv = first_v; wv < out_height && wv * stride_y - top <= v; wv++) {
        for (int wh = first_h; wh < out_width && wh * stride_x - left <= h; wh++) {
          i64 window = windows + (static_cast<i64>(wv) * out_width + wh) * channels + channel;
          float largest[N], value[N];
          load<N>(most + window, largest);
          load<N>(g + window, value);
          bool any = false;
#pragma unroll
          for (int i = 0; i < N; i++) {
            value[i] = mine[i] == largest[i] ? value[i] : 0;
            any |= mine[i] == largest[i];
          }
          int begin_v = max(0, wv * stride_y - top);
          int begin_h = max(0, wh * stride_x - left);
          int end_h = min(width, wh * stride_x - left + window_width);
          for (int before_v = begin_v; any && before_v <= v; before_v++) {
            for (int before_h = begin_h; before_h < (before_v < v ? end_h : h); before_h++) {
              float earlier[N];
              load<N>(from + (before_v * width + before_h) * channels + channel, earlier);
#pragma unroll
              for (int i = 0; i < N; i++) {
                value[i] = earlier[i] == largest[i] ? 0 : value[i];
              }
            }
          }
#pragma unroll
          for (int i = 0; i < N; i++) {
            total[i] += value[i];
          }
        }
      }
      store<N>(total, to + static_cast<i64>(row) * of_row + at);
    }
  }
}

// to [rows, out_height, out_width, channels] = x [rows, height, width, channels] with its elements
// strides apart, and 0 between and behind them. The grid's y counts rows.
template <int N, class T>
__device__ inline void spread(const T* x, T* to, int rows, int height, int width, int channels,
                              int out_height, int out_width, int stride_y, int stride_x) {
  int of_row = out_height * out_width * channels;
  int stride = static_cast<int>(gridDim.x * blockDim.x) * N;
  for (int row = static_cast<int>(blockIdx.y); row < rows; row += static_cast<int>(gridDim.y)) {
    const T* from = x + static_cast<i64>(row) * height * width * channels;
    for (int at = static_cast<int>(global_thread()) * N; at < of_row; at += stride) {
      int position = at / channels;
      int v = position / out_width;
      int h = position - v * out_width;
      float value[N] = {};
      if (v % stride_y == 0 && h % stride_x == 0 && v / stride_y < height && h / stride_x < width) {
        int there = v / stride_y * width + h / stride_x;
        load<N>(from + there * channels + at - position * channels, value);
      }
      store<N>(value, to + static_cast<i64>(row) * of_row + at);
    }
  }
}

KERNEL masked_gradient_f32(const float* g, const float* more, const float* y, const float* out,
                           const float* mask, float* by_layer, float* by_residual, float* sums,
                           int rows, int positions, int channels, int columns, int first,
                           int has_more, int relu, int wanted) {
  masked_gradient<1>(g, more, y, out, mask, by_layer, by_residual, sums, rows, positions, channels,
                     columns, first, has_more, relu, wanted);
}

// With _x4 and _x8, channels are a multiple of that, and all arrays but mask and sums aligned to 16
// bytes.
KERNEL masked_gradient_f32_x4(const float* g, const float* more, const float* y, const float* out,
                              const float* mask, float* by_layer, float* by_residual, float* sums,
                              int rows, int positions, int channels, int columns, int first,
                              int has_more, int relu, int wanted) {
  masked_gradient<4>(g, more, y, out, mask, by_layer, by_residual, sums, rows, positions, channels,
                     columns, first, has_more, relu, wanted);
}

KERNEL masked_gradient_f16(const f16* g, const f16* more, const f16* y, const f16* out,
                           const f16* mask, f16* by_layer, f16* by_residual, float* sums, int rows,
                           int positions, int channels, int columns, int first, int has_more,
                           int relu, int wanted) {
  masked_gradient<1>(g, more, y, out, mask, by_layer, by_residual, sums, rows, positions, channels,
                     columns, first, has_more, relu, wanted);
}

KERNEL masked_gradient_f16_x8(const f16* g, const f16* more, const f16* y, const f16* out,
                              const f16* mask, f16* by_layer, f16* by_residual, float* sums,
                              int rows, int positions, int channels, int columns, int first,
                              int has_more, int relu, int wanted) {
  masked_gradient<8>(g, more, y, out, mask, by_layer, by_residual, sums, rows, positions, channels,
                     columns, first, has_more, relu, wanted);
}

KERNEL relu_gradient_f32(const float* g, const float* more, const float* out, float* to,
                         i64 elements, int has_more) {
  relu_gradient<1>(g, more, out, to, elements, has_more);
}

KERNEL relu_gradient_f32_x4(const float* g, const float* more, const float* out, float* to,
                            i64 elements, int has_more) {
  relu_gradient<4>(g, more, out, to, elements, has_more);
}

KERNEL relu_gradient_f16(const f16* g, const f16* more, const f16* out, f16* to, i64 elements,
                         int has_more) {
  relu_gradient<1>(g, more, out, to, elements, has_more);
}

KERNEL relu_gradient_f16_x8(const f16* g, const f16* more, const f16* out, f16* to, i64 elements,
                            int has_more) {
  relu_gradient<8>(g, more, out, to, elements, has_more);
}

KERNEL largest_gradient_f32(const float* x, const float* most, const float* g, float* to, int rows,
                            int height, int width, int channels, int out_height, int out_width,
                            int window_height, int window_width, int stride_y, int stride_x,
                            int top, int left) {
  largest_gradient<1>(x, most, g, to, rows, height, width, channels, out_height, out_width,
                      window_height, window_width, stride_y, stride_x, top, left);
}

KERNEL largest_gradient_f32_x4(const float* x, const float* most, const float* g, float* to,
                               int rows, int height, int width, int channels, int out_height,
                               int out_width, int window_height, int window_width, int stride_y,
                               int stride_x, int top, int left) {
  largest_gradient<4>(x, most, g, to, rows, height, width, channels, out_height, out_width,
                      window_height, window_width, stride_y, stride_x, top, left);
}

KERNEL largest_gradient_f16(const f16* x, const f16* most, const f16* g, f16* to, int rows,
                            int height, int width, int channels, int out_height, int out_width,
                            int window_height, int window_width, int stride_y, int stride_x,
                            int top, int left) {
  largest_gradient<1>(x, most, g, to, rows, height, width, channels, out_height, out_width,
                      window_height, window_width, stride_y, stride_x, top, left);
}

KERNEL largest_gradient_f16_x8(const f16* x, const f16* most, const f16* g, f16* to, int rows,
                               int height, int width, int channels, int out_height, int out_width,
                               int window_height, int window_width, int stride_y, int stride_x,
                               int top, int left) {
  largest_gradient<8>(x, most, g, to, rows, height, width, channels, out_height, out_width,
                      window_height, window_width, stride_y, stride_x, top, left);
}

KERNEL spread_f32(const float* x, float* to, int rows, int height, int width, int channels,
                  int out_height, int out_width, int stride_y, int stride_x) {
  spread<1>(x, to, rows, height, width, channels, out_height, out_width, stride_y, stride_x);
}

KERNEL spread_f32_x4(const float* x, float* to, int rows, int height, int width, int channels,
                     int out_height, int out_width, int stride_y, int stride_x) {
  spread<4>(x, to, rows, height, width, channels, out_height, out_width, stride_y, stride_x);
}

KERNEL spread_f16(const f16* x, f16* to, int rows, int height, int width, int channels,
                  int out_height, int out_width, int stride_y, int stride_x) {
  spread<1>(x, to, rows, height, width, channels, out_height, out_width, stride_y, stride_x);
}

KERNEL spread_f16_x8(const f16* x, f16* to, int rows, int height, int width, int channels,
                     int out_height, int out_width, int stride_y, int stride_x) {
  spread<8>(x, to, rows, height, width, channels, out_height, out_width, stride_y, stride_x);
}
