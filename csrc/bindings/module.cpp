// pyvarcolor.kernels._core: a table of contents. The contract is pyvarcolor/kernels/_core.pyi.
#include <pybind11/pybind11.h>

#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {
void bind_color(pybind11::module_& m);
void bind_edge_weight(pybind11::module_& m);
void bind_levin(pybind11::module_& m);
void bind_heat(pybind11::module_& m);
void bind_geodesic(pybind11::module_& m);
void bind_kriging(pybind11::module_& m);
void bind_matting(pybind11::module_& m);
void bind_tv(pybind11::module_& m);
void bind_tgv(pybind11::module_& m);
void bind_multigrid(pybind11::module_& m);
void bind_state(pybind11::module_& m);
}  // namespace pyvarcolor

PYBIND11_MODULE(_core, m) {
    using namespace pyvarcolor;
    make_forks_safe();
    m.doc() = "C++/OpenMP kernels; see pyvarcolor.kernels.";
    m.def("simd_level", [] { return simd_level(); });
    m.def("available_threads", &available_threads);
    m.def("set_threads", [](int threads) { thread_limit() = threads; }, pybind11::arg("threads"));
    bind_color(m);
    bind_edge_weight(m);
    bind_levin(m);
    bind_heat(m);
    bind_geodesic(m);
    bind_kriging(m);
    bind_matting(m);
    bind_tv(m);
    bind_tgv(m);
    bind_multigrid(m);
    bind_state(m);
}
