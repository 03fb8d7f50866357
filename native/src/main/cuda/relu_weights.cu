// What goes over W1 in a step of ReLU networks. It is bound by memory: W1 is read once to go forward,
// and with its moments once to go back, where the gradient is summed and applied without being stored.
// Both products run on tensor cores and lose nothing but the order of sums: a mask is exact in
// bfloat16, and a float32 is the sum of three bfloat16.
#include "relu.cuh"

constexpr int INPUT_TILE = 16;  // what a warp takes at once
constexpr int BLOCK_UNITS = 32;
constexpr int BLOCK_WARPS = 8;  // they share the block's inputs

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
