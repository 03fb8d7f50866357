// ReLU networks under a path norm: the steps of PathNormNetworks between its products with masks
// (masks_times_f32). A lane is a unit of an example, 8 to each, alternately with w2 > 0 and < 0;
// dense arrays over inputs or rows are [..., lanes]. spread [inputs, examples] is c.
#include "common.cuh"

constexpr int UNITS = 8;
constexpr float OUTER = 0.35355339f;  // 1 / sqrt(UNITS)

__device__ inline float outer_of(i64 lane) { return lane % 2 == 0 ? OUTER : -OUTER; }

// effective = c ahead, and base = bias - means' effective: what units hold before a row's ones.
// Blocks of 32 lanes x 8.
KERNEL pathnorm_effective(const float* ahead, const float* spread, const float* means,
                          const float* bias, float* effective, float* base, int inputs,
                          int lanes) {
  __shared__ float scratch[8][32];
  int lane = blockIdx.x * 32 + threadIdx.x;
  int examples = lanes / UNITS;
  float sum = 0;
  for (int j = threadIdx.y; lane < lanes && j < inputs; j += 8) {
    i64 at = static_cast<i64>(j) * lanes + lane;
    float weight = spread[static_cast<i64>(j) * examples + lane / UNITS] * ahead[at];
    effective[at] = weight;
    sum += means[j] * weight;
  }
  sum = column_sum(sum, scratch);
  if (lane < lanes && threadIdx.y == 0) {
    base[lane] = bias[lane] - sum;
  }
}

// hidden [rows, lanes] without its base becomes the error's derivative by what the units hold;
// errors [rows, examples] the derivative by the output. target [examples, rows]. A thread takes all
// units of one row and example: two reads of 16 bytes each.
KERNEL pathnorm_backward(float* hidden, const float* base, const float* offset,
                         const float* target, float* errors, int rows, int examples) {
  i64 total = static_cast<i64>(rows) * examples;
  float share = 1.0f / rows;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    i64 example = at % examples;
    i64 row = at / examples;
    float* mine = hidden + at * UNITS;
    float held[UNITS];
    float output = offset[example];
#pragma unroll
    for (int k = 0; k < UNITS; k++) {
      held[k] = mine[k] + base[example * UNITS + k];
      output += outer_of(k) * fmaxf(held[k], 0);
    }
    float back = share * (output - target[example * rows + row]);
    errors[at] = back;
#pragma unroll
    for (int k = 0; k < UNITS; k++) {
      mine[k] = held[k] > 0 ? back * outer_of(k) : 0;
    }
  }
}

// sums [columns] of x [rows, columns]; blocks of 32 columns x 8.
KERNEL column_sums(const float* x, float* sums, int rows, int columns) {
  __shared__ float scratch[8][32];
  int column = blockIdx.x * 32 + threadIdx.x;
  float sum = 0;
  for (int row = threadIdx.y; column < columns && row < rows; row += 8) {
    sum += x[static_cast<i64>(row) * columns + column];
  }
  sum = column_sum(sum, scratch);
  if (column < columns && threadIdx.y == 0) {
    sums[column] = sum;
  }
}

// A proximal step from `ahead` and the next point ahead. curvature [examples] gives the step. A thread
// takes four lanes of an example, whose place it finds once.
KERNEL pathnorm_update(const float* gradient, const float* bias_gradient, const float* means,
                       const float* spread, const double* curvature, float* ahead, float* weights,
                       int inputs, int lanes, float path_norm, float decay, float momentum) {
  i64 total = static_cast<i64>(inputs) * lanes;
  int examples = lanes / UNITS;
  for (i64 at = 4 * global_thread(); at < total; at += 4 * global_threads()) {
    int lane = static_cast<int>(at % lanes);
    i64 j = at / lanes;
    int example = lane / UNITS;
    float slopes[4];
    float of_biases[4];
    float now[4];
    float before[4];
    load<4>(gradient + at, slopes);
    load<4>(bias_gradient + lane, of_biases);
    load<4>(ahead + at, now);
    load<4>(weights + at, before);
    float step = static_cast<float>(1 / (curvature[example] + decay));
    float most = step * path_norm * OUTER;
    float scale = spread[j * examples + example];
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float slope = scale * (slopes[i] - means[j] * of_biases[i]) + decay * now[i];
      float moved = now[i] - step * slope;
      float shrunk = moved - fmaxf(-most, fminf(most, moved));
      now[i] = shrunk + momentum * (shrunk - before[i]);
      before[i] = shrunk;
    }
    store<4>(now, ahead + at);
    store<4>(before, weights + at);
  }
}

// The same for biases and offsets, which no penalty holds.
KERNEL pathnorm_update_biases(const float* gradient, float* ahead, float* values, int count,
                              float step, float momentum) {
  for (i64 at = global_thread(); at < count; at += global_threads()) {
    float moved = ahead[at] - step * gradient[at];
    ahead[at] = moved + momentum * (moved - values[at]);
    values[at] = moved;
  }
}

// theta [examples, inputs] = c w2' V.
KERNEL pathnorm_extract(const float* weights, const float* spread, double* theta, int inputs,
                        int examples) {
  i64 total = static_cast<i64>(inputs) * examples;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    double sum = 0;
#pragma unroll
    for (int k = 0; k < UNITS; k++) {
      sum += static_cast<double>(outer_of(k)) * weights[at * UNITS + k];
    }
    theta[at % examples * inputs + at / examples] = spread[at] * sum;
  }
}

// Power iteration for the curvature, half a step: v [rows, examples] less its shift, its norm, v
// divided by that, and the sum of the result. Blocks of 32 columns x 8.
KERNEL power_normalise(double* v, const double* shift, double* norms, double* sums, int rows,
                       int examples) {
  __shared__ double scratch[8][32];
  int column = blockIdx.x * 32 + threadIdx.x;
  bool inside = column < examples;
  double off = inside ? shift[column] : 0;
  double square = 0;
  double sum = 0;
  for (int row = threadIdx.y; inside && row < rows; row += 8) {
    double value = v[static_cast<i64>(row) * examples + column] - off;
    square += value * value;
    sum += value;
  }
  double norm = sqrt(column_sum(square, scratch));
  sum = column_sum(sum, scratch);
  double divisor = norm == 0 ? 1 : norm;
  for (int row = threadIdx.y; inside && row < rows; row += 8) {
    double* value = v + static_cast<i64>(row) * examples + column;
    *value = (*value - off) / divisor;
  }
  if (inside && threadIdx.y == 0) {
    norms[column] = norm;
    sums[column] = sum / divisor;
  }
}

// The other half: products [inputs, examples] of masks and v become c^2 (product - mean sum), and
// shift [examples] their means' share.
KERNEL power_columns(double* products, const float* spread, const float* means,
                     const double* sums, double* shift, int inputs, int examples) {
  __shared__ double scratch[8][32];
  int column = blockIdx.x * 32 + threadIdx.x;
  bool inside = column < examples;
  double part = 0;
  for (int j = threadIdx.y; inside && j < inputs; j += 8) {
    i64 at = static_cast<i64>(j) * examples + column;
    double c = spread[at];
    double value = c * c * (products[at] - static_cast<double>(means[j]) * sums[column]);
    products[at] = value;
    part += means[j] * value;
  }
  part = column_sum(part, scratch);
  if (inside && threadIdx.y == 0) {
    shift[column] = part;
  }
}
