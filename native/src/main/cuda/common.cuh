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

// d [16, 8] += a [16, 16] b [16, 8] of a warp on its tensor cores: factors in bfloat16, two to a word,
// sums in float32. A lane holds of a the rows g and g + 8 in the columns 2t, 2t + 1 (words 0, 1) and
// 2t + 8, 2t + 9 (words 2, 3), of b column g in the same rows, of d the rows g and g + 8 in the columns
// 2t, 2t + 1, where g is the lane's number by 4 and t what is left of it.
__device__ inline void multiply_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#ifdef ABLATE_EMULATION
  emulation::multiply_bf16(d, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
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
