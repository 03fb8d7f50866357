// Tells the address sanitizer which stack is in use.
#pragma once

#include <sanitizer/common_interface_defs.h>

#include <cstddef>

inline void start_switch(void** fake_stack, const void* bottom, size_t size) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}

inline void finish_switch(void* fake_stack, const void** bottom, size_t* size) {
  __sanitizer_finish_switch_fiber(fake_stack, bottom, size);
}
