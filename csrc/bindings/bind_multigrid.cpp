#include "arrays.hpp"
#include "pyvarcolor/multigrid.hpp"

namespace pyvarcolor {

constexpr int progress_numbers = 4;

Index hierarchy_size(Size size, bool diagonals) { return Hierarchy<float>(size.rows, size.cols, diagonals).size; }

// The levels in the caller's workspace, whose size tells 4 neighbours from 8.
template <class T>
Hierarchy<T> hierarchy_in(py::array& workspace, Size size) {
    const bool diagonals = workspace.size() == hierarchy_size(size, true);
    const auto memory = write<T>(workspace, "workspace", {1, hierarchy_size(size, diagonals)});
    return {size.rows, size.cols, diagonals, memory.data};
}

// with the progress of conjugate gradients as Python keeps it: rho a, rho b, energy, path
template <class F>
void with_progress(py::array& progress, F f) {
    double* numbers = write<double>(progress, "progress", {1, progress_numbers}).data;
    Progress state{{{numbers[0], numbers[1]}}, numbers[2], numbers[3]};
    {
        py::gil_scoped_release unlocked;
        f(state);
    }
    numbers[0] = state.rho.of[0], numbers[1] = state.rho.of[1], numbers[2] = state.energy, numbers[3] = state.path;
}

void bind_multigrid(py::module_& m) {
    m.def(
        "multigrid_size",
        [](Index rows, Index cols, Index neighbours) {
            return Hierarchy<float>(rows, cols, neighbours == 8).size;
        },
        number("rows"), number("cols"), number("neighbours"));

    m.def(
        "multigrid_weights",
        [](const py::array& edges, py::array workspace) {
            with_dtype(edges, "edges", [&](auto t) {
                using T = decltype(t);
                const Size size(edges);
                const auto h = hierarchy_in<T>(workspace, size);
                const auto in = read<T>(edges, "edges", size.image(h.levels[0].diagonals ? 4 : 2));
                py::gil_scoped_release unlocked;
                multigrid_weights<T>(in, h);
            });
        },
        array("edges"), array("workspace"));

    m.def(
        "multigrid_setup",
        [](const py::array& hint_weight, py::array workspace) {
            with_dtype(hint_weight, "hint_weight", [&](auto t) {
                using T = decltype(t);
                const Size size(hint_weight);
                const auto h = hierarchy_in<T>(workspace, size);
                const auto in = read<T>(hint_weight, "hint_weight", size.plane());
                py::gil_scoped_release unlocked;
                multigrid_setup<T>(in, h);
            });
        },
        array("hint_weight"), array("workspace"));

    m.def(
        "multigrid_start",
        [](py::array u, const py::array& hints, const py::array& hint_weight, py::array workspace, py::array progress) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto h = hierarchy_in<T>(workspace, size);
                const auto x = write<T>(u, "u", size.image(2));
                const auto b = read<T>(hints, "hints", size.image(2));
                const auto w = read<T>(hint_weight, "hint_weight", size.plane());
                with_progress(progress, [&](Progress& state) {
                    h.levels[0].diagonals ? multigrid_start<true, T>(x, b, w, h, state)
                                          : multigrid_start<false, T>(x, b, w, h, state);
                });
            });
        },
        array("u"), array("hints"), array("hint_weight"), array("workspace"), array("progress"));

    m.def(
        "multigrid_cg",
        [](py::array u, py::array workspace, py::array progress, Index n) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto h = hierarchy_in<T>(workspace, size);
                const auto x = write<T>(u, "u", size.image(2));
                with_progress(progress, [&](Progress& state) {
                    h.levels[0].diagonals ? multigrid_cg<true, T>(x, h, state, n)
                                          : multigrid_cg<false, T>(x, h, state, n);
                });
            });
        },
        array("u"), array("workspace"), array("progress"), number("n"));

    m.def(
        "multigrid_cycle",
        [](const py::array& r, py::array workspace, py::array z) {
            with_dtype(r, "r", [&](auto t) {
                using T = decltype(t);
                const Size size(r);
                const auto h = hierarchy_in<T>(workspace, size);
                const auto in = read<T>(r, "r", size.image(2));
                const auto out = write<T>(z, "z", size.image(2));
                py::gil_scoped_release unlocked;
                multigrid_cycle<T>(in, h, out);
            });
        },
        array("r"), array("workspace"), array("z"));
}

}  // namespace pyvarcolor
