// 2-layer ReLU networks of many examples on the same packed masks, each phi(x) = w2' relu(W1 x + b1)
// + b2, trained by Adam(W) on squared error as in ReluNetwork. At most 32 rows a batch.
//
// Weights are [examples, inputs + 3, units]: W1 transposed, then b1, w2, and b2 in the first place of
// the last row; both moments likewise. Examples whose `active` is 0 stand still.
#pragma once

#include "common.cuh"

constexpr int BATCH = 32;
constexpr float BETA_1 = .9f;
constexpr float BETA_2 = .999f;

__device__ inline i64 weights_of(i64 example, int inputs, int units) {
  return example * (inputs + 3) * units;
}

// Root and quotient to some units of the last place: the exact ones branch where a unit was never
// active, for all lanes of a warp, which made the step a third longer.
__device__ inline void adam(float* weight, float* first, float* second, float gradient, float rate,
                            float epsilon, float keep) {
  float m = BETA_1 * *first + (1 - BETA_1) * gradient;
  float v = BETA_2 * *second + (1 - BETA_2) * gradient * gradient;
  *first = m;
  *second = v;
  *weight = keep * *weight - __fdividef(rate * m, quick_sqrt(v) + epsilon);
}
