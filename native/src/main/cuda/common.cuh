// What all kernels share. The test build takes its own <cuda_emulation.h> in place of the device.
#pragma once

#ifdef ABLATE_EMULATION
#include "cuda_emulation.h"
#endif

#define KERNEL extern "C" __global__ void

typedef unsigned long long u64;
typedef long long i64;

#define FULL_WARP 0xFFFFFFFFu

__device__ inline i64 global_thread() {
  return static_cast<i64>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ inline i64 global_threads() {
  return static_cast<i64>(gridDim.x) * blockDim.x;
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
