// An emulated device: memory and launches on request, over standard input and output, both
// little-endian. Requests start with a letter:
//   A bytes               -> address                 allocate
//   F address                                        free
//   W address bytes data                             write
//   R address bytes       -> data                    read
//   Z address bytes                                  fill with 0
//   P transpose_a transpose_b m n k alpha a stride b stride beta c stride   C = alpha op(A) op(B) + beta C
//   S transposed n sides l stride b stride           LZ = B or L'Z = B in place
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

// A library for dense matrices, as `DenseLibrary` describes it.
void product() {
  bool turned_a = in<char>() != 0, turned_b = in<char>() != 0;
  int m = in<int>(), n = in<int>(), k = in<int>();
  double alpha = in<double>();
  const double* a = in<const double*>();
  int a_stride = in<int>();
  const double* b = in<const double*>();
  int b_stride = in<int>();
  double beta = in<double>();
  double* c = in<double*>();
  int c_stride = in<int>();
  for (long long i = 0; i < m; i++) {
    double* row = c + i * c_stride;
    for (int j = 0; j < n; j++) {
      row[j] = beta == 0 ? 0 : beta * row[j];
    }
    for (long long deep = 0; deep < k; deep++) {
      double left = alpha * (turned_a ? a[deep * a_stride + i] : a[i * a_stride + deep]);
      for (long long j = 0; j < n; j++) {
        row[j] += left * (turned_b ? b[j * b_stride + deep] : b[deep * b_stride + j]);
      }
    }
  }
}

void solution() {
  bool turned = in<char>() != 0;
  int n = in<int>(), sides = in<int>();
  const double* l = in<const double*>();
  int l_stride = in<int>();
  double* b = in<double*>();
  int b_stride = in<int>();
  for (long long step = 0; step < n; step++) {
    long long i = turned ? n - 1 - step : step;
    double* row = b + i * b_stride;
    for (long long k = turned ? i + 1 : 0; k < (turned ? n : i); k++) {
      double factor = turned ? l[k * l_stride + i] : l[i * l_stride + k];
      for (int j = 0; j < sides; j++) {
        row[j] -= factor * b[k * b_stride + j];
      }
    }
    for (int j = 0; j < sides; j++) {
      row[j] /= l[i * l_stride + i];
    }
  }
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
      case 'P':
        product();
        break;
      case 'S':
        solution();
        break;
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
