// An emulated device: memory and launches on request, over standard input and output, both
// little-endian. Requests start with a letter:
//   A bytes               -> address                 allocate
//   F address                                        free
//   W address bytes data                             write
//   R address bytes       -> data                    read
//   Z address bytes                                  fill with 0
//   L name grid[3] block[3] count {type value}       launch; -> 0, or 1 and a message
// A kernel's arguments must have exactly the types of its declaration.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "kernels.h"
#include "scheduler.h"

namespace {

struct Argument {
  char type;
  uint64_t bits;
};

void in(void* target, size_t bytes) {
  if (bytes != 0 && std::fread(target, 1, bytes, stdin) != bytes) {
    std::exit(0);  // the other side is gone
  }
}

template <class T>
T in() {
  T value;
  in(&value, sizeof(T));
  return value;
}

void out(const void* source, size_t bytes) { std::fwrite(source, 1, bytes, stdout); }

template <class T>
struct TypeCode;
// clang-format off
template <> struct TypeCode<int> { static constexpr char code = 'i'; };
template <> struct TypeCode<long long> { static constexpr char code = 'l'; };
template <> struct TypeCode<float> { static constexpr char code = 'f'; };
template <> struct TypeCode<double> { static constexpr char code = 'd'; };
template <> struct TypeCode<int*> { static constexpr char code = 'I'; };
template <> struct TypeCode<unsigned*> { static constexpr char code = 'L'; };  // halves of words
template <> struct TypeCode<long long*> { static constexpr char code = 'L'; };
template <> struct TypeCode<unsigned long long*> { static constexpr char code = 'L'; };
template <> struct TypeCode<unsigned short*> { static constexpr char code = 'H'; };  // float16
template <> struct TypeCode<float*> { static constexpr char code = 'F'; };
template <> struct TypeCode<double*> { static constexpr char code = 'D'; };
template <class T> struct TypeCode<const T*> : TypeCode<T*> {};
// clang-format on

template <class T>
T value(const Argument& argument) {
  T result;
  std::memcpy(&result, &argument.bits, sizeof(T));
  return result;
}

using Launch = std::function<std::string(dim3, dim3, const std::vector<Argument>&)>;

template <class... A, size_t... I>
Launch launcher(void (*kernel)(A...), std::index_sequence<I...>) {
  return [kernel](dim3 grid, dim3 block, const std::vector<Argument>& arguments) -> std::string {
    const std::string expected = {TypeCode<A>::code...};
    std::string found;
    for (const Argument& argument : arguments) {
      found += argument.type;
    }
    if (found != expected) {
      return "arguments are declared as " + expected + ", not " + found;
    }
    std::tuple<A...> values{value<A>(arguments[I])...};
    emulation::run(grid, block, [&] { kernel(std::get<I>(values)...); });
    return "";
  };
}

template <class... A>
Launch launcher(void (*kernel)(A...)) {
  return launcher(kernel, std::index_sequence_for<A...>());
}

dim3 extent() {
  unsigned x = in<unsigned>(), y = in<unsigned>(), z = in<unsigned>();
  return {x, y, z};
}

std::string launch(const std::map<std::string, Launch>& kernels) {
  std::string name(in<unsigned>(), ' ');
  in(&name[0], name.size());
  dim3 grid = extent();
  dim3 block = extent();
  std::vector<Argument> arguments(in<unsigned>());
  for (Argument& argument : arguments) {
    argument.type = in<char>();
    argument.bits = in<uint64_t>();
  }
  auto kernel = kernels.find(name);
  std::string problem = kernel == kernels.end() ? "unknown" : kernel->second(grid, block, arguments);
  return problem.empty() ? problem : "kernel " + name + ": " + problem;
}

}  // namespace

int main() {
  std::map<std::string, Launch> kernels;
#define ENTER(kernel) kernels[#kernel] = launcher(&kernel);
  ALL_KERNELS(ENTER)
#undef ENTER
  for (;;) {
    switch (in<char>()) {
      case 'A': {
        void* memory = std::malloc(in<uint64_t>());
        out(&memory, sizeof(memory));
        break;
      }
      case 'F':
        std::free(in<void*>());
        break;
      case 'W': {
        void* target = in<void*>();
        in(target, in<uint64_t>());
        break;
      }
      case 'R': {
        void* source = in<void*>();
        out(source, in<uint64_t>());
        break;
      }
      case 'Z': {
        void* target = in<void*>();
        std::memset(target, 0, in<uint64_t>());
        break;
      }
      case 'L': {
        std::string problem = launch(kernels);
        char failed = !problem.empty();
        out(&failed, 1);
        if (failed) {
          unsigned length = static_cast<unsigned>(problem.size());
          out(&length, sizeof(length));
          out(problem.data(), length);
        }
        break;
      }
      default:
        std::fprintf(stderr, "emulation: unknown request\n");
        return 2;
    }
    std::fflush(stdout);
  }
}
