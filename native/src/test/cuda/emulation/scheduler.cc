// Compiled without the address sanitizer, which would intercept every switch; it is told of them.
#include "scheduler.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <vector>

#include "cuda_emulation.h"
#include "sanitizer_fibers.h"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace emulation {
namespace {

constexpr size_t STACK = 32 * 1024;

enum class State { Runnable, AtBlockBarrier, AtWarp, Done };

struct Fiber {
  ucontext_t context;  // to start with; later switches spare the system call that it costs
  void* place[5];
  bool started;
  char* stack;
  State state;
  uint3 index;
  void* fake_stack;
};

// Two generations: a lane may hand in its next value while others still read the last ones.
struct Warp {
  uint64_t slots[2][32];
  unsigned generation;
  unsigned arrived;
};

std::deque<Fiber> fibers;  // as many as any block had yet; they never move
size_t threads;            // of this block
std::vector<Warp> warps;
ucontext_t scheduler_context;
void* scheduler_place[5];
void* scheduler_fake_stack;
const void* scheduler_stack;
size_t scheduler_stack_size;
const std::function<void()>* body;
size_t current;
unsigned random_state = 12345;

[[noreturn]] void fail(const char* message) {
  std::fprintf(stderr, "emulation: %s (block %u,%u,%u thread %u)\n", message, blockIdx.x,
               blockIdx.y, blockIdx.z, threadIdx.x);
  std::exit(3);
}

// In a function of its own, as the builtin wants it.
[[noreturn]] __attribute__((noinline)) void jump(void** place) { __builtin_longjmp(place, 1); }

void suspend(State state) {
  Fiber& fiber = fibers[current];
  fiber.state = state;
  start_switch(&fiber.fake_stack, scheduler_stack, scheduler_stack_size);
  if (__builtin_setjmp(fiber.place) == 0) {
    jump(scheduler_place);
  }
  finish_switch(fibers[current].fake_stack, nullptr, nullptr);
}

// A fiber runs one thread of one block after the other.
void run_fiber() {
  finish_switch(nullptr, &scheduler_stack, &scheduler_stack_size);
  for (;;) {
    (*body)();
    suspend(State::Done);
  }
}

void resume(size_t which) {
  current = which;
  Fiber& fiber = fibers[which];
  threadIdx = fiber.index;
  start_switch(&scheduler_fake_stack, fiber.stack, STACK);
  if (__builtin_setjmp(scheduler_place) == 0) {
    if (fibers[current].started) {
      jump(fibers[current].place);
    }
    fibers[current].started = true;
    swapcontext(&scheduler_context, &fibers[current].context);
  }
  finish_switch(scheduler_fake_stack, nullptr, nullptr);
}

bool release_block() {
  for (size_t t = 0; t < threads; t++) {
    if (fibers[t].state != State::AtBlockBarrier) {
      return false;
    }
  }
  for (size_t t = 0; t < threads; t++) {
    fibers[t].state = State::Runnable;
  }
  return true;
}

void make_fibers() {
  while (fibers.size() < threads) {
    void* stack =
        mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) {
      fail("no memory for a stack");
    }
    fibers.emplace_back();
    Fiber& fiber = fibers.back();
    fiber.stack = static_cast<char*>(stack);
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stack;
    fiber.context.uc_stack.ss_size = STACK;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, run_fiber, 0);
  }
}

void run_block() {
  for (size_t t = 0; t < threads; t++) {
    fibers[t].state = State::Runnable;
  }
  for (Warp& warp : warps) {
    warp.generation = 0;
    warp.arrived = 0;
  }
  for (;;) {
    bool ran = false;
    random_state = random_state * 1664525u + 1013904223u;
    bool backwards = random_state >> 31;
    for (size_t i = 0; i < threads; i++) {
      size_t t = backwards ? threads - 1 - i : i;
      if (fibers[t].state == State::Runnable) {
        resume(t);
        ran = true;
      }
    }
    if (ran || release_block()) {
      continue;
    }
    for (size_t t = 0; t < threads; t++) {
      if (fibers[t].state != State::Done) {
        threadIdx = fibers[t].index;
        fail("a barrier or warp operation that not all threads reach");
      }
    }
    return;
  }
}

}  // namespace

void block_barrier() { suspend(State::AtBlockBarrier); }

const uint64_t* exchange(uint64_t value) {
  size_t self = current;
  Warp& warp = warps[self / 32];
  unsigned generation = warp.generation & 1;
  warp.slots[generation][self % 32] = value;
  if (++warp.arrived == 32) {
    warp.arrived = 0;
    warp.generation++;
    for (size_t t = self / 32 * 32; t < self / 32 * 32 + 32; t++) {
      fibers[t].state = State::Runnable;
    }
  } else {
    suspend(State::AtWarp);
  }
  return warp.slots[generation];
}

void require_full(unsigned mask) {
  if (mask != 0xFFFFFFFFu || threads % 32 != 0) {
    fail("a warp operation without all lanes");
  }
}

void run(dim3 grid, dim3 block, const std::function<void()>& kernel) {
  threads = static_cast<size_t>(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024) {
    fail("a block of 0 or more than 1,024 threads");
  }
  make_fibers();
  for (size_t t = 0; t < threads; t++) {
    fibers[t].index = {static_cast<unsigned>(t % block.x),
                       static_cast<unsigned>(t / block.x % block.y),
                       static_cast<unsigned>(t / block.x / block.y)};
  }
  warps.assign((threads + 31) / 32, Warp());
  body = &kernel;
  gridDim = grid;
  blockDim = block;
  size_t blocks = static_cast<size_t>(grid.x) * grid.y * grid.z;
  for (size_t i = 0; i < blocks; i++) {
    // Last block first: no kernel may count on an order of blocks.
    size_t b = blocks - 1 - i;
    blockIdx = {static_cast<unsigned>(b % grid.x), static_cast<unsigned>(b / grid.x % grid.y),
                static_cast<unsigned>(b / grid.x / grid.y)};
    run_block();
  }
}

}  // namespace emulation
