// Enough of CUDA C++ to run our kernels, unchanged, on one processor under the address sanitizer.
// A thread is a fiber; blocks run one after the other, hence shared memory is static. Fibers run to
// the next barrier or warp operation, in an order that changes from round to round, so that a
// missing barrier shows. A barrier that not all threads of the block (or lanes of the warp) reach
// is an error.
#pragma once

#include <math.h>

#include <cstdint>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __shared__ static
#define __launch_bounds__(...)

struct uint3 {
  unsigned x, y, z;
};
typedef uint3 dim3;

// Of the running thread; the scheduler sets them before it switches to a fiber.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

namespace emulation {
void block_barrier();
// Hands in a value of up to 8 bytes, waits for the whole warp, and returns all 32.
const uint64_t* exchange(uint64_t value);

template <class T>
uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8, "shuffles move at most 8 bytes");
  uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <class T>
T from_bits(uint64_t bits) {
  T value;
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}

void require_full(unsigned mask);

inline float from_bfloat16(unsigned bits) {
  return from_bits<float>(static_cast<uint64_t>(bits & 0xFFFF) << 16);
}

// Three mma.sync.m16n8k16 of bfloat16. Lanes read each other's fragments where they lie, between two
// meetings.
inline void multiply_add(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2][3]) {
  struct Fragments {
    unsigned a[4];
    unsigned b[2][3];
  } mine;
  __builtin_memcpy(mine.a, a, sizeof(a));
  __builtin_memcpy(mine.b, b, sizeof(b));
  const Fragments* of[32];
  const uint64_t* all = exchange(reinterpret_cast<uint64_t>(&mine));
  for (int lane = 0; lane < 32; lane++) {
    of[lane] = reinterpret_cast<const Fragments*>(all[lane]);
  }
  int lane = static_cast<int>(threadIdx.x & 31);
  for (int part = 0; part < 3; part++) {
    for (int entry = 0; entry < 4; entry++) {
      int column = 2 * (lane & 3) + (entry & 1);
      for (int k = 0; k < 16; k++) {
        int t = (k & 7) >> 1;
        int high = k >> 3;
        int shift = 16 * (k & 1);
        unsigned left = of[(lane & ~3) + t]->a[(entry >> 1) + 2 * high] >> shift;
        unsigned right = of[4 * column + t]->b[high][part] >> shift;
        d[entry] += from_bfloat16(left) * from_bfloat16(right);
      }
    }
  }
  exchange(0);
}
}  // namespace emulation

inline void __syncthreads() { emulation::block_barrier(); }

inline void __syncwarp(unsigned mask = 0xFFFFFFFFu) {
  emulation::require_full(mask);
  emulation::exchange(0);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int lane) {
  emulation::require_full(mask);
  return emulation::from_bits<T>(emulation::exchange(emulation::to_bits(value))[lane & 31]);
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int step) {
  return __shfl_sync(mask, value, static_cast<int>(threadIdx.x & 31) ^ step);
}

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  emulation::require_full(mask);
  const uint64_t* all = emulation::exchange(predicate != 0);
  unsigned ballot = 0;
  for (int lane = 0; lane < 32; lane++) {
    ballot |= static_cast<unsigned>(all[lane]) << lane;
  }
  return ballot;
}

// Threads of a block never run at the same time.
inline unsigned atomicOr(unsigned* target, unsigned bits) {
  unsigned before = *target;
  *target |= bits;
  return before;
}

// Rounded by themselves: the emulation is compiled without contraction into fused operations.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }

inline float __uint_as_float(unsigned bits) { return emulation::from_bits<float>(bits); }
inline unsigned __float_as_uint(float value) {
  return static_cast<unsigned>(emulation::to_bits(value));
}

// float16 by its bits, rounded to nearest even.
struct __half {
  unsigned short bits;
};

inline __half __ushort_as_half(unsigned short bits) { return {bits}; }
inline unsigned short __half_as_ushort(__half value) { return value.bits; }

inline float __half2float(__half value) {
  unsigned exponent = value.bits >> 10 & 31, mantissa = value.bits & 1023;
  float size = exponent == 31   ? (mantissa == 0 ? HUGE_VALF : __builtin_nanf(""))
               : exponent == 0 ? ldexpf(static_cast<float>(mantissa), -24)
                               : ldexpf(static_cast<float>(mantissa + 1024),
                                        static_cast<int>(exponent) - 25);
  return value.bits >> 15 ? -size : size;
}

inline __half __float2half_rn(float value) {
  unsigned sign = signbit(value) ? 0x8000u : 0, bits;
  float size = fabsf(value);
  if (size != size) {
    bits = 0x7FFF;
  } else if (size >= 65520) {
    bits = 0x7C00;
  } else {
    int exponent = size < 0x1p-14f ? -14 : ilogbf(size);
    // Whole steps; nearbyintf rounds to even. A carry moves into the exponent by itself.
    unsigned steps = static_cast<unsigned>(nearbyintf(ldexpf(size, 10 - exponent)));
    bits = (static_cast<unsigned>(exponent + 14) << 10) + steps;
  }
  return {static_cast<unsigned short>(sign | bits)};
}

struct alignas(16) float4 {
  float x, y, z, w;
};

inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

// Its hint to the cache changes no value.
inline void __stcs(float4* target, float4 value) { *target = value; }

inline int min(int a, int b) { return a < b ? a : b; }
inline int max(int a, int b) { return a > b ? a : b; }
inline float __fdividef(float a, float b) { return a / b; }
inline int __popc(unsigned value) { return __builtin_popcount(value); }
inline int __popcll(unsigned long long value) { return __builtin_popcountll(value); }
inline int __ffs(int value) { return __builtin_ffs(value); }
