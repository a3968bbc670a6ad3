#include <stdexcept>

#include "bind.hpp"
#include "pyvarcolor/multigrid.hpp"

namespace pyvarcolor {
namespace {

Index size(Index rows, Index cols, Index neighbours, bool bilaplacian) {
    return Hierarchy<float>(Layout{rows, cols, neighbours == 8, bilaplacian}).size;
}

// f(hierarchy, true or false as types: whether pixels have 8 neighbours) with the levels in the caller's workspace,
// whose size tells what they are laid out for.
template <class T, class F>
void in_workspace(Image<T> workspace, Index rows, Index cols, F f) {
    for (bool diagonals : {false, true}) {
        for (bool bilaplacian : {false, true}) {
            const Layout layout{rows, cols, diagonals, bilaplacian};
            if (Hierarchy<T>(layout).size != workspace.cols) continue;
            const Hierarchy<T> h(layout, workspace.data);
            diagonals ? f(h, std::true_type{}) : f(h, std::false_type{});
            return;
        }
    }
    throw std::logic_error("the workspace has the size of no layout");
}

// f(progress) with the numbers that Python keeps: rho a, rho b, energy, path.
template <class F>
void in_progress(Image<double> numbers, F f) {
    double* const of = numbers.data;
    Progress progress{{{of[0], of[1]}}, of[2], of[3]};
    f(progress);
    of[0] = progress.rho.of[0], of[1] = progress.rho.of[1], of[2] = progress.energy, of[3] = progress.path;
}

template <class T>
void weights(Image<const T> edges, Image<T> workspace) {
    in_workspace(workspace, edges.rows, edges.cols, [&](const auto& h, auto) { multigrid_weights<T>(edges, h); });
}

template <class T>
void setup(Image<const T> hint_weight, Image<T> workspace) {
    in_workspace(workspace, hint_weight.rows, hint_weight.cols,
                 [&](const auto& h, auto eight) { multigrid_setup<eight.value, T>(hint_weight, h); });
}

template <class T>
void start(Image<T> u, Image<const T> hints, Image<const T> hint_weight, T first, T beta, Image<T> workspace,
           Image<double> numbers) {
    in_workspace(workspace, u.rows, u.cols, [&](const auto& h, auto eight) {
        in_progress(numbers, [&](Progress& progress) {
            multigrid_start<eight.value, T>(u, hints, hint_weight, first, beta, h, progress);
        });
    });
}

template <class T>
void cg(Image<T> u, T first, T beta, Image<T> workspace, Image<double> numbers, Index n) {
    in_workspace(workspace, u.rows, u.cols, [&](const auto& h, auto eight) {
        in_progress(numbers, [&](Progress& progress) { multigrid_cg<eight.value, T>(u, first, beta, h, progress, n); });
    });
}

template <class T>
void cycle(Image<const T> r, Image<T> workspace, Image<T> z) {
    in_workspace(workspace, r.rows, r.cols, [&](const auto& h, auto) { multigrid_cycle<T>(r, h, z); });
}

}  // namespace

void bind_multigrid(py::module_& m) {
    m.def("multigrid_size", &size);
    bind(m, "multigrid_weights", weights<float>, weights<double>);
    bind(m, "multigrid_setup", setup<float>, setup<double>);
    bind(m, "multigrid_start", start<float>, start<double>);
    bind(m, "multigrid_cg", cg<float>, cg<double>);
    bind(m, "multigrid_cycle", cycle<float>, cycle<double>);
}

}  // namespace pyvarcolor
