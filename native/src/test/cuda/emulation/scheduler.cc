#include "scheduler.h"

#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
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
  jmp_buf place;
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

std::vector<Fiber> fibers;
std::vector<Warp> warps;
ucontext_t scheduler_context;
jmp_buf scheduler_place;
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

void suspend(State state) {
  Fiber& fiber = fibers[current];
  fiber.state = state;
  // A fiber that ends gives its fake stack back.
  start_switch(state == State::Done ? nullptr : &fiber.fake_stack, scheduler_stack,
               scheduler_stack_size);
  if (_setjmp(fiber.place) == 0) {
    _longjmp(scheduler_place, 1);
  }
  finish_switch(fibers[current].fake_stack, nullptr, nullptr);
}

void run_fiber() {
  finish_switch(nullptr, &scheduler_stack, &scheduler_stack_size);
  (*body)();
  suspend(State::Done);
}

void resume(size_t which) {
  current = which;
  Fiber& fiber = fibers[which];
  threadIdx = fiber.index;
  start_switch(&scheduler_fake_stack, fiber.stack, STACK);
  if (_setjmp(scheduler_place) == 0) {
    if (fibers[current].started) {
      _longjmp(fibers[current].place, 1);
    }
    fibers[current].started = true;
    swapcontext(&scheduler_context, &fibers[current].context);
  }
  finish_switch(scheduler_fake_stack, nullptr, nullptr);
}

bool release_block() {
  for (const Fiber& fiber : fibers) {
    if (fiber.state != State::AtBlockBarrier) {
      return false;
    }
  }
  for (Fiber& fiber : fibers) {
    fiber.state = State::Runnable;
  }
  return true;
}

void prepare(Fiber& fiber) {
  fiber.state = State::Runnable;
  fiber.started = false;
  fiber.fake_stack = nullptr;
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack;
  fiber.context.uc_stack.ss_size = STACK;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, run_fiber, 0);
}

void run_block(size_t threads) {
  for (Fiber& fiber : fibers) {
    prepare(fiber);
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
    for (const Fiber& fiber : fibers) {
      if (fiber.state != State::Done) {
        threadIdx = fiber.index;
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
  if (mask != 0xFFFFFFFFu || fibers.size() % 32 != 0) {
    fail("a warp operation without all lanes");
  }
}

void run(dim3 grid, dim3 block, const std::function<void()>& kernel) {
  size_t threads = static_cast<size_t>(block.x) * block.y * block.z;
  if (threads == 0 || threads > 1024) {
    fail("a block of 0 or more than 1,024 threads");
  }
  for (Fiber& fiber : fibers) {
    munmap(fiber.stack, STACK);
  }
  fibers.assign(threads, Fiber());
  for (size_t t = 0; t < threads; t++) {
    Fiber& fiber = fibers[t];
    void* stack =
        mmap(nullptr, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) {
      fail("no memory for a stack");
    }
    fiber.stack = static_cast<char*>(stack);
    fiber.index = {static_cast<unsigned>(t % block.x),
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
    run_block(threads);
  }
}

}  // namespace emulation
