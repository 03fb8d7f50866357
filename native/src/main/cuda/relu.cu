// What goes over a network's units: starting weights, the output and its error, validation,
// extraction. W1's part in a step: relu_weights.cu.
#include "relu.cuh"

constexpr int MOST_UNITS = 1024;  // a block has all units of an example

// Draw number `at` of Java's SplittableRandom, in [0, 1).
__device__ inline double split_draw(u64 seed, i64 at) {
  u64 z = seed + static_cast<u64>(at + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1.0p-53;
}

// Weights before the first step: must give the bits of NetworkStart. Grid (any, examples).
KERNEL relu_start(float* weights, const i64* seeds, const i64* input_seeds, int inputs, int units,
                  double input_bound, double bias_bound, double outer_bound) {
  i64 example = blockIdx.y;
  u64 seed = static_cast<u64>(seeds[example]);
  float* mine = weights + weights_of(example, inputs, units);
  i64 total = static_cast<i64>(inputs + 3) * units;
  for (i64 at = global_thread(); at < total; at += global_threads()) {
    int row = static_cast<int>(at / units);
    int unit = static_cast<int>(at % units);
    double bound = input_bound;
    double draw = .5;
    if (row < inputs) {
      draw = split_draw(seed ^ static_cast<u64>(input_seeds[row]), unit);
    } else if (row < inputs + 2) {
      bound = row == inputs ? bias_bound : outer_bound;
      draw = split_draw(seed, 2 * unit + row - inputs);
    }
    mine[at] = static_cast<float>(bound * (2 * draw - 1));
  }
}

// What this thread's unit holds for every row, and phi of every row less b2 in `outputs`. One block
// of whole warps has all units of an example. Rows are inside, so that loads do not wait for sums.
__device__ void predict(const float* partial, const float* w, float (&held)[BATCH],
                        float (*scratch)[BATCH], float* outputs, int batch, int inputs, int units,
                        int slices, int examples) {
  int unit = threadIdx.x;
  float bias = unit < units ? w[static_cast<i64>(inputs) * units + unit] : 0;
  float outer = unit < units ? w[static_cast<i64>(inputs + 1) * units + unit] : 0;
#pragma unroll
  for (int i = 0; i < BATCH; i++) {
    held[i] = bias;
  }
  for (int slice = 0; slice < slices && unit < units; slice++) {
    i64 of = (slice * static_cast<i64>(examples) + blockIdx.x) * BATCH;
    const float* from = partial + of * units + unit;
#pragma unroll
    for (int i = 0; i < BATCH; i++) {
      held[i] += i < batch ? from[static_cast<i64>(i) * units] : 0;
    }
  }
#pragma unroll
  for (int i = 0; i < BATCH; i++) {
    float share = warp_sum(outer * fmaxf(held[i], 0));
    if ((threadIdx.x & 31) == 0) {
      scratch[threadIdx.x >> 5][i] = share;
    }
  }
  __syncthreads();
  if (threadIdx.x < BATCH) {
    float sum = 0;
    for (unsigned warp = 0; warp < blockDim.x >> 5; warp++) {
      sum += scratch[warp][threadIdx.x];
    }
    outputs[threadIdx.x] = sum;
  }
  __syncthreads();
}

// Errors of the batch and what of them reaches every unit, back [examples, 32, units]; b1, w2 and b2
// take their step. target [examples, rows]; a block per example. rate and epsilon are already
// corrected for the step's number; keep is 1 - rate x decay and spares biases.
KERNEL __launch_bounds__(MOST_UNITS)
    relu_output(const float* partial, const float* target, const int* order, const int* active,
                float* weights, float* first, float* second, float* back, int batch, int from,
                int rows, int rows_per_set, int inputs, int units, int slices, int sets, float rate,
                float epsilon, float keep) {
  __shared__ float scratch[32][BATCH];
  __shared__ float outputs[BATCH];
  i64 example = blockIdx.x;
  if (active[example] == 0) {
    return;
  }
  i64 base = weights_of(example, inputs, units);
  float held[BATCH];
  predict(partial, weights + base, held, scratch, outputs, batch, inputs, units, slices, gridDim.x);
  i64 offset = base + static_cast<i64>(inputs + 2) * units;
  i64 set = sets == 1 ? 0 : example;
  int unit = threadIdx.x;
  if (threadIdx.x < BATCH) {
    float error = 0;
    if (unit < batch) {
      int row = order[set * rows_per_set + from + unit];
      error = (outputs[unit] + weights[offset] - target[example * rows + row]) / batch;
    }
    outputs[unit] = error;
  }
  __syncthreads();
  if (unit < units) {
    i64 bias = base + static_cast<i64>(inputs) * units + unit;
    i64 outer = bias + units;
    float of_outer = 0;
    float of_bias = 0;
    float factor = weights[outer];
#pragma unroll
    for (int i = 0; i < BATCH; i++) {
      if (i < batch) {
        float error = outputs[i];
        float reaches = held[i] > 0 ? error * factor : 0;
        of_outer += error * fmaxf(held[i], 0);
        of_bias += reaches;
        back[(example * BATCH + i) * units + unit] = reaches;
      }
    }
    adam(weights + bias, first + bias, second + bias, of_bias, rate, epsilon, 1);
    adam(weights + outer, first + outer, second + outer, of_outer, rate, epsilon, keep);
  }
  if (unit == 0) {
    float of_offset = 0;
    for (int i = 0; i < batch; i++) {
      of_offset += outputs[i];
    }
    adam(weights + offset, first + offset, second + offset, of_offset, rate, epsilon, 1);
  }
}

// squares [examples, rows_per_set]: squared errors of the batch, at its places in the order.
KERNEL __launch_bounds__(MOST_UNITS)
    relu_errors(const float* partial, const float* weights, const float* target, const int* order,
                const int* active, float* squares, int batch, int from, int rows, int rows_per_set,
                int inputs, int units, int slices, int sets) {
  __shared__ float scratch[32][BATCH];
  __shared__ float outputs[BATCH];
  i64 example = blockIdx.x;
  if (active[example] == 0) {
    return;
  }
  const float* w = weights + weights_of(example, inputs, units);
  float held[BATCH];
  predict(partial, w, held, scratch, outputs, batch, inputs, units, slices, gridDim.x);
  int i = threadIdx.x;
  if (i < batch) {
    i64 set = sets == 1 ? 0 : example;
    int row = order[set * rows_per_set + from + i];
    float offset = w[static_cast<i64>(inputs + 2) * units];
    float error = outputs[i] + offset - target[example * rows + row];
    squares[example * rows_per_set + from + i] = error * error;
  }
}

// errors [examples]: the means of squares[from ... to - 1]; a warp each. Of no meaning where `active`
// is 0.
KERNEL relu_mean_errors(const float* squares, const int* active, double* errors, int examples,
                        int from, int to, int rows_per_set) {
  i64 warps = global_threads() >> 5;
  for (i64 example = global_thread() >> 5; example < examples; example += warps) {
    double sum = 0;
    for (int i = from + (threadIdx.x & 31); i < to && active[example] != 0; i += 32) {
      sum += squares[example * rows_per_set + i];
    }
    sum = warp_sum(sum);
    if ((threadIdx.x & 31) == 0) {
      errors[example] = sum / (to - from);
    }
  }
}

// theta [examples, inputs] = w2' W1, the network without its rectifier; a warp per entry.
KERNEL relu_extract(const float* weights, double* theta, int examples, int inputs, int units) {
  i64 warps = global_threads() >> 5;
  i64 entries = static_cast<i64>(examples) * inputs;
  for (i64 entry = global_thread() >> 5; entry < entries; entry += warps) {
    const float* w = weights + weights_of(entry / inputs, inputs, units);
    const float* mine = w + entry % inputs * units;
    const float* outer = w + static_cast<i64>(inputs + 1) * units;
    double sum = 0;
    for (int unit = threadIdx.x & 31; unit < units; unit += 32) {
      sum += static_cast<double>(outer[unit]) * mine[unit];
    }
    sum = warp_sum(sum);
    if ((threadIdx.x & 31) == 0) {
      theta[entry] = sum;
    }
  }
}
