// pyvarcolor.kernels._core: a table of contents. The contract is pyvarcolor/kernels/contract.py.
#include "bind.hpp"
#include "pyvarcolor/edge_weight.hpp"
#include "pyvarcolor/geodesic.hpp"
#include "pyvarcolor/heat.hpp"
#include "pyvarcolor/kriging.hpp"
#include "pyvarcolor/levin.hpp"
#include "pyvarcolor/matting.hpp"
#include "pyvarcolor/simd.hpp"
#include "pyvarcolor/state.hpp"

namespace pyvarcolor {

void bind_color(py::module_& m);
void bind_tv(py::module_& m);
void bind_tgv(py::module_& m);
void bind_multigrid(py::module_& m);

namespace {

// A kernel(lightness, stop, weights), its edge stop as three numbers.
template <class T, auto Kernel>
void stopped(Image<const T> lightness, T scale, T power, T floor, Image<T> weights) {
    Kernel(lightness, EdgeStop<T>{scale, power, floor}, weights);
}

}  // namespace
}  // namespace pyvarcolor

PYBIND11_MODULE(_core, m) {
    using namespace pyvarcolor;
    make_forks_safe();
    m.doc() = "C++/OpenMP kernels. By themselves they trust their caller: call them through pyvarcolor.kernels.";
    m.def("simd_level", [] { return simd_level(); });
    m.def("available_threads", &available_threads);
    m.def("set_threads", [](int threads) { thread_limit() = threads; });
    bind(m, "edge_weight", stopped<float, edge_weight<float>>, stopped<double, edge_weight<double>>);
    bind(m, "edge_tensor", stopped<float, edge_tensor<float>>, stopped<double, edge_tensor<double>>);
    bind(m, "graph_edges", stopped<float, graph_edges<float>>, stopped<double, graph_edges<double>>);
    bind(m, "mean_change", mean_change<float>, mean_change<double>);
    bind(m, "heat_iterate", heat_iterate<float>, heat_iterate<double>);
    bind(m, "kriging_add", kriging_add<float>, kriging_add<double>);
    bind(m, "geodesic_blend", geodesic_blend<float>, geodesic_blend<double>);
    bind(m, "levin_weights", levin_weights<float>, levin_weights<double>);
    bind(m, "levin_apply", levin_apply<float>, levin_apply<double>);
    bind(m, "matting_windows", matting_windows<float>, matting_windows<double>);
    bind(m, "matting_diagonal", matting_diagonal<float>, matting_diagonal<double>);
    bind(m, "matting_residual", matting_residual<float>, matting_residual<double>);
    bind(m, "matting_restrict", matting_restrict<float>, matting_restrict<double>);
    bind(m, "matting_prolong", matting_prolong<float>, matting_prolong<double>);
    bind_color(m);
    bind_tv(m);
    bind_tgv(m);
    bind_multigrid(m);
}
