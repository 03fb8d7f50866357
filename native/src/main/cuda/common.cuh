// What all kernels share. The test build takes its own <cuda_emulation.h> in place of the device.
#pragma once

#ifdef ABLATE_EMULATION
#include "cuda_emulation.h"
#else
#include <cuda_fp16.h>
#endif

#define KERNEL extern "C" __global__ void

typedef unsigned long long u64;
typedef long long i64;
typedef unsigned short f16;  // its bits

#define FULL_WARP 0xFFFFFFFFu

__device__ inline i64 global_thread() {
  return static_cast<i64>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ inline i64 global_threads() {
  return static_cast<i64>(gridDim.x) * blockDim.x;
}

__device__ inline float to_float(float value) { return value; }

__device__ inline float to_float(f16 bits) { return __half2float(__ushort_as_half(bits)); }

__device__ inline void from_float(float value, float* target) { *target = value; }

__device__ inline void from_float(float value, f16* target) {
  *target = __half_as_ushort(__float2half_rn(value));
}

// 16 bytes that are moved at once.
struct alignas(16) Quad {
  unsigned words[4];
};

// N neighbours as floats: one, or as many as 16 bytes hold, which must then be aligned to 16 bytes.
template <int N, class T>
__device__ inline void load(const T* source, float* values) {
  if (N == 1) {
    values[0] = to_float(*source);
    return;
  }
  Quad quad = *reinterpret_cast<const Quad*>(source);
#pragma unroll
  for (int i = 0; i < N; i++) {
    if (sizeof(T) == 2) {
      values[i] = to_float(static_cast<f16>(quad.words[i >> 1] >> (i & 1) * 16));
    } else {
      values[i] = __uint_as_float(quad.words[i & 3]);
    }
  }
}

template <int N, class T>
__device__ inline void store(const float* values, T* target) {
  if (N == 1) {
    from_float(values[0], target);
    return;
  }
  Quad quad = {};
#pragma unroll
  for (int i = 0; i < N; i++) {
    if (sizeof(T) == 2) {
      f16 half;
      from_float(values[i], &half);
      quad.words[i >> 1] |= static_cast<unsigned>(half) << (i & 1) * 16;
    } else {
      quad.words[i & 3] = __float_as_uint(values[i]);
    }
  }
  *reinterpret_cast<Quad*>(target) = quad;
}

// Always in the same order, so that results are the same bits in every run.
template <class T>
__device__ inline T warp_sum(T value) {
  for (int step = 16; step > 0; step >>= 1) {
    value += __shfl_xor_sync(FULL_WARP, value, step);
  }
  return value;
}

// The sum over a block of whole warps, at most 1,024 threads, to all of them.
template <class T>
__device__ inline T block_sum(T value, T* scratch) {
  value = warp_sum(value);
  __syncthreads();  // scratch may still be read by the caller's last call
  if ((threadIdx.x & 31) == 0) {
    scratch[threadIdx.x >> 5] = value;
  }
  __syncthreads();
  T sum = 0;
  for (unsigned warp = 0; warp < blockDim.x >> 5; warp++) {
    sum += scratch[warp];
  }
  return sum;
}
