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

// To a few units of the last place; 0 for what is below the normal numbers.
__device__ inline float quick_sqrt(float value) {
#ifdef ABLATE_EMULATION
  return sqrtf(value);
#else
  float root;
  asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(root) : "f"(value));
  return root;
#endif
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

// d [16, 8] += a [16, 16] b [16, 8] of a warp on its tensor cores, with sums in float32. The entries of
// a are 0 or 1 in bfloat16, two to a word; those of b sums of three bfloat16, whose words are apart. A
// lane holds of a the rows g and g + 8 in the columns 2t, 2t + 1 (words 0, 1) and 2t + 8, 2t + 9 (words
// 2, 3), of b column g in the same rows, of d the rows g and g + 8 in the columns 2t, 2t + 1, where g
// is the lane's number by 4 and t what is left of it.
__device__ inline void multiply_add(float (&d)[4], const unsigned (&a)[4],
                                    const unsigned (&b)[2][3]) {
#ifdef ABLATE_EMULATION
  emulation::multiply_add(d, a, b);
#else
#pragma unroll
  for (int part = 0; part < 3; part++) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0][part]), "r"(b[1][part]));
  }
#endif
}

// Up to four values side by side, 0 for those that are not there.
__device__ inline void load_four(float (&to)[4], const float* from, int there, bool aligned) {
  if (aligned && there >= 4) {
    load<4>(from, to);
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      to[i] = i < there ? from[i] : 0;
    }
  }
}

__device__ inline void store_four(float* to, const float (&from)[4], int there, bool aligned) {
  if (aligned && there >= 4) {
    store<4>(from, to);
  } else {
#pragma unroll
    for (int i = 0; i < 4; i++) {
      if (i < there) {
        to[i] = from[i];
      }
    }
  }
}

// store_four of what is not read again soon: it is the first to leave the cache.
__device__ inline void stream_four(float* to, const float (&from)[4], int there, bool aligned) {
  if (aligned && there >= 4) {
    __stcs(reinterpret_cast<float4*>(to), make_float4(from[0], from[1], from[2], from[3]));
  } else {
    store_four(to, from, there, false);
  }
}

// Two float32 as three words of bfloat16 pairs, whose sum they are: each takes the first 8 bits of
// what the ones before it left.
__device__ inline void split(float low, float high, unsigned (&parts)[3]) {
#pragma unroll
  for (int i = 0; i < 3; i++) {
    unsigned of_low = __float_as_uint(low) & 0xFFFF0000u;
    unsigned of_high = __float_as_uint(high) & 0xFFFF0000u;
    parts[i] = of_high | (of_low >> 16);
    low -= __uint_as_float(of_low);
    high -= __uint_as_float(of_high);
  }
}

// One bit of each of two words as a pair of bfloat16, 0 or 1.
__device__ inline unsigned bit_pair(unsigned low, unsigned high, int at) {
  return ((low >> at) & 1) * 0x3F80u | ((high >> at) & 1) * 0x3F800000u;
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

// A sum over the 8 partial sums of a block's 32 columns, in order, to all.
template <class T>
__device__ T column_sum(T part, T (*scratch)[32]) {
  __syncthreads();
  scratch[threadIdx.y][threadIdx.x] = part;
  __syncthreads();
  T sum = 0;
  for (int i = 0; i < 8; i++) {
    sum += scratch[i][threadIdx.x];
  }
  return sum;
}
