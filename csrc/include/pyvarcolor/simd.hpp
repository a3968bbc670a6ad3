// Clones of the hot row kernels for x86-64-v3 (AVX2) and x86-64-v4 (AVX-512), chosen once when the module is loaded.
#pragma once

// Processor names such as arch=skylake-avx512 would select nothing on AMD; levels do. Clang and others: plain build.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__) && \
    !defined(PYVARCOLOR_NO_CLONES)
#define PYVARCOLOR_HAS_CLONES 1
#define PYVARCOLOR_ROW_KERNEL \
    __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4"), noinline, flatten))
#define PYVARCOLOR_INLINE __attribute__((always_inline)) inline
#define PYVARCOLOR_NO_ALIAS _Pragma("GCC ivdep")
#else
#define PYVARCOLOR_HAS_CLONES 0
#define PYVARCOLOR_ROW_KERNEL
#define PYVARCOLOR_INLINE inline
#define PYVARCOLOR_NO_ALIAS
#endif

namespace pyvarcolor {

// Says which clone the loader picks, by the same mechanism that picks the row kernels.
#if PYVARCOLOR_HAS_CLONES
__attribute__((target("default"))) inline const char* simd_level() { return "baseline"; }
__attribute__((target("arch=x86-64-v3"))) inline const char* simd_level() { return "x86-64-v3"; }
__attribute__((target("arch=x86-64-v4"))) inline const char* simd_level() { return "x86-64-v4"; }
#else
inline const char* simd_level() { return "baseline"; }
#endif

}  // namespace pyvarcolor
