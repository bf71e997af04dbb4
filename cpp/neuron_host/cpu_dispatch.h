// Loops compiled for several instruction sets, of which the CPU's best is called.
//
// By hand rather than by GCC's target_clones: those are resolved before a sanitizer has started,
// and no other compiler or C library need have them.

#ifndef SOTTO_NEURON_HOST_CPU_DISPATCH_H_
#define SOTTO_NEURON_HOST_CPU_DISPATCH_H_

namespace sotto::neuron {

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define SOTTO_X86_LEVELS 1
#define SOTTO_AVX2 __attribute__((target("avx2,fma")))
#define SOTTO_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#endif

// What a loop is compiled for: the least that the compiler is told, or more.
enum class CpuLevel { kPlain, kAvx2, kAvx512 };

inline CpuLevel ThisCpu() {
#ifdef SOTTO_X86_LEVELS
  static const CpuLevel level = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
      return CpuLevel::kAvx512;
    }
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return avx2 ? CpuLevel::kAvx2 : CpuLevel::kPlain;
  }();
  return level;
#else
  return CpuLevel::kPlain;
#endif
}

}  // namespace sotto::neuron

// Inlined into each of the functions that it is compiled for.
#define SOTTO_INLINE inline __attribute__((always_inline))

// Defines `void Name parameters`, which calls `Body arguments`, an SOTTO_INLINE function.
#ifdef SOTTO_X86_LEVELS
#define SOTTO_DISPATCH(Name, parameters, Body, arguments)              \
  SOTTO_AVX2 static void Name##Avx2 parameters { Body arguments; }     \
  SOTTO_AVX512 static void Name##Avx512 parameters { Body arguments; } \
  static void Name##Plain parameters { Body arguments; }               \
  void Name parameters {                                               \
    switch (ThisCpu()) {                                               \
      case CpuLevel::kAvx512:                                          \
        return Name##Avx512 arguments;                                 \
      case CpuLevel::kAvx2:                                            \
        return Name##Avx2 arguments;                                   \
      case CpuLevel::kPlain:                                           \
        return Name##Plain arguments;                                  \
    }                                                                  \
  }
#else
#define SOTTO_DISPATCH(Name, parameters, Body, arguments) \
  void Name parameters { Body arguments; }
#endif

#endif  // SOTTO_NEURON_HOST_CPU_DISPATCH_H_
