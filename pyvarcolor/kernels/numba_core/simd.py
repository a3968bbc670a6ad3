"""What the kernels are compiled for; the C++ twin is `simd.hpp`."""

import llvmlite.binding  # type: ignore[import-untyped]


def simd_level() -> str:
    """Name of the processor that LLVM compiles for."""
    return f"llvm:{llvmlite.binding.get_host_cpu_name()}"
