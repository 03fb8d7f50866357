// What goes over W1 in a step of ReLU networks. It is bound by memory: W1 is read once to go forward,
// and with its moments once to go back, where the gradient is summed and applied without being stored.
// Both products run on tensor cores and lose nothing but the order of sums: a mask is exact in
// bfloat16, and a float32 is the sum of three bfloat16.
#include "relu.cuh"

constexpr int INPUT_TILE = 16;  // what a warp takes at once
constexpr int FORWARD_UNITS = 32;  // of a warp
constexpr int STEP_UNITS = 16;
constexpr int MOST_THREADS = 256;

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

// The body of relu_forward for batches of up to 16 * HALVES rows. A warp has its units over all inputs
// of the slice, so that nothing is added up between warps; a tile is loaded while the one before it is
// computed. Columns of a tensor core's tile are every fourth unit, so that a lane loads four side by
// side.
template <int HALVES>
__device__ inline void forward(const float* weights, const int* bits, const int* active,
                               float* partial, int batch, int inputs, int units, int sets) {
  i64 example = blockIdx.z;
  int base = static_cast<int>(global_thread() >> 5) * FORWARD_UNITS;
  if (active[example] == 0 || base >= units) {
    return;
  }
  int g = (threadIdx.x & 31) >> 2;
  int t = threadIdx.x & 3;
  int slices = static_cast<int>(gridDim.y);
  int tiles = (inputs + INPUT_TILE - 1) / INPUT_TILE;
  int width = (tiles + slices - 1) / slices * INPUT_TILE;
  int first = blockIdx.y * width;
  int end = min(inputs, first + width);
  int unit = base + 4 * g;
  int there = units - unit;
  bool aligned = units % 4 == 0;
  const float* w = weights + weights_of(example, inputs, units) + unit;
  const int* of_set = bits + (sets == 1 ? 0 : example) * inputs;
  float held[HALVES][4][4] = {};
  float next[4][4];
  unsigned next_rows[4];
  load_tile(next, next_rows, w, of_set, first + 2 * t, end, units, there, aligned);
  for (int j = first; j < end; j += INPUT_TILE) {
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
    load_tile(next, next_rows, w, of_set, j + INPUT_TILE + 2 * t, end, units, there, aligned);
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
  float* target = partial + (blockIdx.y * static_cast<i64>(gridDim.z) + example) * BATCH * units;
#pragma unroll
  for (int half = 0; half < HALVES; half++) {
#pragma unroll
    for (int entry = 0; entry < 4; entry++) {
      int row = 16 * half + g + 8 * (entry >> 1);
      int column = base + 4 * (2 * t + (entry & 1));
      float of_tiles[4] = {held[half][0][entry], held[half][1][entry], held[half][2][entry],
                           held[half][3][entry]};
      store_four(target + static_cast<i64>(row) * units + column, of_tiles,
                 row < batch ? units - column : 0, aligned);
    }
  }
}

// partial [slices, examples, 32, units]: W1's share of what units hold, by slices of the inputs that
// keep the device busy when examples are few. Warps side by side over units, 32 each; grid (blocks of
// units, slices, examples).
KERNEL __launch_bounds__(MOST_THREADS, 2)
    relu_forward(const float* weights, const int* bits, const int* active, float* partial,
                 int batch, int inputs, int units, int sets) {
  forward<2>(weights, bits, active, partial, batch, inputs, units, sets);
}

// The same for batches of up to 16 rows, with fewer registers.
KERNEL __launch_bounds__(MOST_THREADS, 3)
    relu_forward_16(const float* weights, const int* bits, const int* active, float* partial,
                    int batch, int inputs, int units, int sets) {
  forward<1>(weights, bits, active, partial, batch, inputs, units, sets);
}

// The body of relu_step for batches of up to 16 * HALVES rows. A tensor core's two columns side by
// side, of two of its tiles, are four units side by side. Memory is fast where the device is at few
// places of the three arrays at a time. So there are many blocks to an example, which take tiles of its
// inputs in turns: what runs at the same time sweeps one region. And what is stored leaves the cache
// first.
template <int HALVES>
__device__ inline void step(const float* back, const int* bits, const int* active, float* weights,
                            float* first, float* second, int batch, int inputs, int units,
                            int sets, float rate, float epsilon, float keep) {
  i64 example = blockIdx.z;
  int base = static_cast<int>(global_thread() >> 5) * STEP_UNITS;
  if (active[example] == 0 || base >= units) {
    return;
  }
  int g = (threadIdx.x & 31) >> 2;
  int t = threadIdx.x & 3;
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
  int unit = base + 4 * t;
  int there = units - unit;
  bool aligned = units % 4 == 0;
  const int* of_set = bits + (sets == 1 ? 0 : example) * inputs;
  i64 start = weights_of(example, inputs, units) + unit;
  int tile_of_warp = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
  int tiles_at_once = static_cast<int>(gridDim.y * blockDim.y);
  for (int j = INPUT_TILE * tile_of_warp; j < inputs; j += INPUT_TILE * tiles_at_once) {
    float w[2][4];
    float m[2][4];
    float v[2][4];
    unsigned rows[2];
#pragma unroll
    for (int low = 0; low < 2; low++) {
      int input = j + g + 8 * low;
      i64 at = start + static_cast<i64>(input) * units;
      int count = input < inputs ? there : 0;
      load_four(w[low], weights + at, count, aligned);
      load_four(m[low], first + at, count, aligned);
      load_four(v[low], second + at, count, aligned);
      rows[low] = input < inputs ? static_cast<unsigned>(of_set[input]) : 0;
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
      int count = input < inputs ? there : 0;
      stream_four(weights + at, w[low], count, aligned);
      stream_four(first + at, m[low], count, aligned);
      stream_four(second + at, v[low], count, aligned);
    }
  }
}

// W1's step: an input's gradient is the sum of `back` over the rows that list it. Warps of a block are
// side by side over units in x, 16 each, and over tiles of inputs in y; grid (blocks of units, blocks
// that share the inputs, examples).
KERNEL __launch_bounds__(MOST_THREADS, 2)
    relu_step(const float* back, const int* bits, const int* active, float* weights, float* first,
              float* second, int batch, int inputs, int units, int sets, float rate, float epsilon,
              float keep) {
  step<2>(back, bits, active, weights, first, second, batch, inputs, units, sets, rate, epsilon,
          keep);
}

// The same for batches of up to 16 rows, with fewer registers.
KERNEL __launch_bounds__(MOST_THREADS, 3)
    relu_step_16(const float* back, const int* bits, const int* active, float* weights,
                 float* first, float* second, int batch, int inputs, int units, int sets,
                 float rate, float epsilon, float keep) {
  step<1>(back, bits, active, weights, first, second, batch, inputs, units, sets, rate, epsilon,
          keep);
}
