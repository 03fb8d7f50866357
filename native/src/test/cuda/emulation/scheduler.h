#pragma once

#include <functional>

#include "cuda_emulation.h"

namespace emulation {
// Runs a kernel on all threads of all blocks.
void run(dim3 grid, dim3 block, const std::function<void()>& kernel);
}  // namespace emulation
