// 2-layer ReLU networks of many examples on the same packed masks, each phi(x) = w2' relu(W1 x + b1)
// + b2, trained by Adam(W) on squared error as in ReluNetwork. At most 32 rows a batch.
//
// Weights are [examples, inputs + 3, units]: W1 transposed, then b1, w2, and b2 in the first place of
// the last row; both moments likewise. A step is bound by memory: it reads W1 once to go forward, and
// W1 and its moments once to go back, where the gradient is summed and applied without being stored.
// Both products run on tensor cores and lose nothing but the order of sums: a mask is exact in
// bfloat16, and a float32 is the sum of three bfloat16. Examples whose `active` is 0 stand still.
#include "common.cuh"

constexpr int BATCH = 32;
constexpr int INPUT_TILE = 16;  // what a warp takes at once
constexpr int BLOCK_UNITS = 32;
constexpr int BLOCK_WARPS = 8;  // they share the block's inputs
constexpr float BETA_1 = .9f;
constexpr float BETA_2 = .999f;

__device__ inline i64 weights_of(i64 example, int inputs, int units) {
  return example * (inputs + 3) * units;
}

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

// Inputs to a block: a function of the shape alone, so that sums do not depend on company.
__device__ inline int slice_width(int inputs) {
  int slices = static_cast<int>(gridDim.y);
  int even = (inputs + slices - 1) / slices;
  return (even + INPUT_TILE - 1) / INPUT_TILE * INPUT_TILE;
}

// bits [sets, inputs]: which rows of a batch list an input, from words [rows, words_per_row] and the
// rows order[set, from ... from + batch - 1]. A warp turns 32 rows x 64 inputs by ballots.
KERNEL relu_batch_bits(const u64* words, const int* order, int* bits, int batch, int from,
                       int rows_per_set, int inputs, int words_per_row) {
  int lane = threadIdx.x & 31;
  int word = blockIdx.x;
  i64 set = blockIdx.y;
  u64 mine = 0;
  if (lane < batch) {
    i64 row = order[set * rows_per_set + from + lane];
    mine = words[row * words_per_row + word];
  }
  for (int half = 0; half < 2; half++) {
    unsigned kept = 0;
    for (int j = 0; j < 32; j++) {
      unsigned column = __ballot_sync(FULL_WARP, static_cast<int>((mine >> (32 * half + j)) & 1));
      kept = lane == j ? column : kept;
    }
    int input = word * 64 + 32 * half + lane;
    if (input < inputs) {
      bits[set * inputs + input] = static_cast<int>(kept);
    }
  }
}

// Four units of a tile's inputs 2t, 2t + 1, 2t + 8 and 2t + 9, and the rows that list these.
__device__ inline void load_tile(float (&weights)[4][4], unsigned (&rows)[4], const float* w,
                                 const int* bits, int from, int end, int units, int there,
                                 bool aligned) {
#pragma unroll
  for (int k = 0; k < 4; k++) {
    int input = from + (k & 1) + 8 * (k >> 1);
    bool inside = input < end;
    load_four(weights[k], w + static_cast<i64>(input) * units, inside ? there : 0, aligned);
    rows[k] = inside ? static_cast<unsigned>(bits[input]) : 0;
  }
}

// The body of relu_forward for batches of up to 16 * HALVES rows. The warps of a block take tiles of
// the inputs in turns and add up in the end; a tile is loaded while the one before it is computed.
// Columns of a tensor core's tile are every fourth unit, so that a lane loads four side by side.
template <int HALVES>
__device__ inline void forward(const float* weights, const int* bits, const int* active,
                               float* partial, int batch, int inputs, int units, int sets,
                               float (&sums)[BLOCK_WARPS][BATCH][BLOCK_UNITS]) {
  i64 example = blockIdx.z;
  if (active[example] == 0) {
    return;
  }
  int warp = threadIdx.x >> 5;
  int g = (threadIdx.x & 31) >> 2;
  int t = threadIdx.x & 3;
  int width = slice_width(inputs);
  int first = blockIdx.y * width;
  int end = min(inputs, first + width);
  int unit = blockIdx.x * BLOCK_UNITS + 4 * g;
  int there = units - unit;
  bool aligned = units % 4 == 0;
  const float* w = weights + weights_of(example, inputs, units) + unit;
  const int* of_set = bits + (sets == 1 ? 0 : example) * inputs;
  float held[HALVES][4][4] = {};
  float next[4][4];
  unsigned next_rows[4];
  int start = first + INPUT_TILE * warp;
  load_tile(next, next_rows, w, of_set, start + 2 * t, end, units, there, aligned);
  for (int j = start; j < end; j += INPUT_TILE * BLOCK_WARPS) {
    float now[4][4];
    unsigned rows[4];
#pragma unroll
    for (int k = 0; k < 4; k++) {
      rows[k] = next_rows[k];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        now[k][i] = next[k][i];
      }
    }
    load_tile(next, next_rows, w, of_set, j + INPUT_TILE * BLOCK_WARPS + 2 * t, end, units, there,
              aligned);
    unsigned masks[HALVES][4];
#pragma unroll
    for (int i = 0; i < 4 * HALVES; i++) {
      int word = i & 3;
      masks[i >> 2][word] = bit_pair(rows[word & 2], rows[(word & 2) + 1],
                                     g + 8 * (word & 1) + 16 * (i >> 2));
    }
#pragma unroll
    for (int tile = 0; tile < 4; tile++) {
      unsigned values[2][3];
      split(now[0][tile], now[1][tile], values[0]);
      split(now[2][tile], now[3][tile], values[1]);
#pragma unroll
      for (int half = 0; half < HALVES; half++) {
        multiply_add(held[half][tile], masks[half], values);
      }
    }
  }
#pragma unroll
  for (int half = 0; half < HALVES; half++) {
#pragma unroll
    for (int entry = 0; entry < 4; entry++) {
      int row = 16 * half + g + 8 * (entry >> 1);
      int column = 2 * t + (entry & 1);
#pragma unroll
      for (int tile = 0; tile < 4; tile++) {
        sums[warp][row][4 * column + tile] = held[half][tile][entry];
      }
    }
  }
  __syncthreads();
  float* target = partial + (blockIdx.y * static_cast<i64>(gridDim.z) + example) * BATCH * units;
  for (int i = threadIdx.x; i < batch * BLOCK_UNITS; i += 32 * BLOCK_WARPS) {
    int row = i / BLOCK_UNITS;
    int of_block = i % BLOCK_UNITS;
    int column = static_cast<int>(blockIdx.x) * BLOCK_UNITS + of_block;
    float sum = 0;
#pragma unroll
    for (int from = 0; from < BLOCK_WARPS; from++) {
      sum += sums[from][row][of_block];
    }
    if (column < units) {
      target[static_cast<i64>(row) * units + column] = sum;
    }
  }
}

// partial [slices, examples, 32, units]: W1's share of what units hold, by slices of the inputs that
// keep the device busy when examples are few; grid (unit tiles, slices, examples).
KERNEL __launch_bounds__(32 * BLOCK_WARPS, 2)
    relu_forward(const float* weights, const int* bits, const int* active, float* partial,
                 int batch, int inputs, int units, int sets) {
  __shared__ float sums[BLOCK_WARPS][BATCH][BLOCK_UNITS];
  forward<2>(weights, bits, active, partial, batch, inputs, units, sets, sums);
}

// The same for batches of up to 16 rows, with fewer registers.
KERNEL __launch_bounds__(32 * BLOCK_WARPS, 3)
    relu_forward_16(const float* weights, const int* bits, const int* active, float* partial,
                    int batch, int inputs, int units, int sets) {
  __shared__ float sums[BLOCK_WARPS][BATCH][BLOCK_UNITS];
  forward<1>(weights, bits, active, partial, batch, inputs, units, sets, sums);
}

// What this thread's unit holds for every row, and phi of every row less b2 in `outputs`. One block
// of whole warps has all units of an example.
__device__ void predict(const float* partial, const float* w, float* held, float (*scratch)[BATCH],
                        float* outputs, int batch, int inputs, int units, int slices,
                        int examples) {
  int unit = threadIdx.x;
  float bias = unit < units ? w[static_cast<i64>(inputs) * units + unit] : 0;
  float outer = unit < units ? w[static_cast<i64>(inputs + 1) * units + unit] : 0;
#pragma unroll
  for (int i = 0; i < BATCH; i++) {
    float sum = bias;
    for (int slice = 0; slice < slices && i < batch && unit < units; slice++) {
      i64 of = (slice * static_cast<i64>(examples) + blockIdx.x) * BATCH + i;
      sum += partial[of * units + unit];
    }
    held[i] = sum;
    float share = warp_sum(outer * fmaxf(sum, 0));
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

__device__ inline void adam(float* weight, float* first, float* second, float gradient, float rate,
                            float epsilon, float keep) {
  float m = BETA_1 * *first + (1 - BETA_1) * gradient;
  float v = BETA_2 * *second + (1 - BETA_2) * gradient * gradient;
  *first = m;
  *second = v;
  *weight = keep * *weight - rate * m / (sqrtf(v) + epsilon);
}

// Errors of the batch and what of them reaches every unit, back [examples, 32, units]; b1, w2 and b2
// take their step. target [examples, rows]; a block per example. rate and epsilon are already
// corrected for the step's number; keep is 1 - rate x decay and spares biases.
KERNEL relu_output(const float* partial, const float* target, const int* order, const int* active,
                   float* weights, float* first, float* second, float* back, int batch, int from,
                   int rows, int rows_per_set, int inputs, int units, int slices, int sets,
                   float rate, float epsilon, float keep) {
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

// The body of relu_step for batches of up to 16 * HALVES rows. A warp has half of the block's units and
// every fourth tile of its inputs. A tensor core's two columns side by side, of two of its tiles, are
// four units side by side.
template <int HALVES>
__device__ inline void step(const float* back, const int* bits, const int* active, float* weights,
                            float* first, float* second, int batch, int inputs, int units,
                            int sets, float rate, float epsilon, float keep) {
  i64 example = blockIdx.z;
  if (active[example] == 0) {
    return;
  }
  int warp = threadIdx.x >> 5;
  int g = (threadIdx.x & 31) >> 2;
  int t = threadIdx.x & 3;
  int base = blockIdx.x * BLOCK_UNITS + 16 * (warp & 1);
  if (base >= units) {
    return;
  }
  // Derivatives of a lane's units: by tile, 16 rows and 8 of them.
  unsigned parts[2][HALVES][2][3];
#pragma unroll
  for (int tile = 0; tile < 2; tile++) {
    int unit = base + (g >> 1) * 4 + tile * 2 + (g & 1);
#pragma unroll
    for (int half = 0; half < HALVES; half++) {
#pragma unroll
      for (int word = 0; word < 2; word++) {
        float pair[2];
#pragma unroll
        for (int k = 0; k < 2; k++) {
          int row = 16 * half + 8 * word + 2 * t + k;
          bool there = row < batch && unit < units;
          pair[k] = there ? back[(example * BATCH + row) * units + unit] : 0;
        }
        split(pair[0], pair[1], parts[tile][half][word]);
      }
    }
  }
  int width = slice_width(inputs);
  int from = blockIdx.y * width;
  int end = min(inputs, from + width);
  int unit = base + 4 * t;
  int there = units - unit;
  bool aligned = units % 4 == 0;
  const int* of_set = bits + (sets == 1 ? 0 : example) * inputs;
  i64 start = weights_of(example, inputs, units) + unit;
  for (int j = from + INPUT_TILE * (warp >> 1); j < end; j += INPUT_TILE * (BLOCK_WARPS / 2)) {
    float w[2][4];
    float m[2][4];
    float v[2][4];
    unsigned rows[2];
#pragma unroll
    for (int low = 0; low < 2; low++) {
      int input = j + g + 8 * low;
      i64 at = start + static_cast<i64>(input) * units;
      int count = input < end ? there : 0;
      load_four(w[low], weights + at, count, aligned);
      load_four(m[low], first + at, count, aligned);
      load_four(v[low], second + at, count, aligned);
      rows[low] = input < end ? static_cast<unsigned>(of_set[input]) : 0;
    }
    float gradient[2][4] = {};
#pragma unroll
    for (int half = 0; half < HALVES; half++) {
      unsigned masks[4];
#pragma unroll
      for (int word = 0; word < 4; word++) {
        unsigned of = rows[word & 1] >> (16 * half + 8 * (word >> 1) + 2 * t);
        masks[word] = bit_pair(of, of >> 1, 0);
      }
      multiply_add(gradient[0], masks, parts[0][half]);
      multiply_add(gradient[1], masks, parts[1][half]);
    }
#pragma unroll
    for (int low = 0; low < 2; low++) {
      int input = j + g + 8 * low;
      i64 at = start + static_cast<i64>(input) * units;
#pragma unroll
      for (int i = 0; i < 4; i++) {
        adam(&w[low][i], &m[low][i], &v[low][i], gradient[i >> 1][2 * low + (i & 1)], rate, epsilon,
             keep);
      }
      int count = input < end ? there : 0;
      store_four(weights + at, w[low], count, aligned);
      store_four(first + at, m[low], count, aligned);
      store_four(second + at, v[low], count, aligned);
    }
  }
}

// W1's step: an input's gradient is the sum of `back` over the rows that list it. Grid as in
// relu_forward.
KERNEL __launch_bounds__(32 * BLOCK_WARPS, 2)
    relu_step(const float* back, const int* bits, const int* active, float* weights, float* first,
              float* second, int batch, int inputs, int units, int sets, float rate, float epsilon,
              float keep) {
  step<2>(back, bits, active, weights, first, second, batch, inputs, units, sets, rate, epsilon,
          keep);
}

// The same for batches of up to 16 rows, with fewer registers.
KERNEL __launch_bounds__(32 * BLOCK_WARPS, 3)
    relu_step_16(const float* back, const int* bits, const int* active, float* weights,
                 float* first, float* second, int batch, int inputs, int units, int sets,
                 float rate, float epsilon, float keep) {
  step<1>(back, bits, active, weights, first, second, batch, inputs, units, sets, rate, epsilon,
          keep);
}

// squares [examples, rows_per_set]: squared errors of the batch, at its places in the order.
KERNEL relu_errors(const float* partial, const float* weights, const float* target,
                   const int* order, const int* active, float* squares, int batch, int from,
                   int rows, int rows_per_set, int inputs, int units, int slices, int sets) {
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
