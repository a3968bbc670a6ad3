#include "arrays.hpp"
#include "pyvarcolor/multigrid.hpp"

namespace pyvarcolor {

constexpr int progress_numbers = 4;

// The levels in the caller's workspace, whose size tells what they are laid out for.
template <class T>
Hierarchy<T> hierarchy_in(py::array& workspace, Size size, bool may_have_4 = true, bool may_have_8 = true) {
    Layout layout{size.rows, size.cols, !may_have_4, false};
    for (bool diagonals : {false, true}) {
        for (bool bilaplacian : {false, true}) {
            const Layout other{size.rows, size.cols, diagonals, bilaplacian};
            if ((diagonals ? may_have_8 : may_have_4) && workspace.size() == Hierarchy<T>(other).size) layout = other;
        }
    }
    const auto memory = write<T>(workspace, "workspace", {1, Hierarchy<T>(layout).size});
    return Hierarchy<T>(layout, memory.data);
}

// f(true) or f(false) as types: whether pixels have 8 neighbours
template <class T, class F>
void for_neighbours(const Hierarchy<T>& h, F f) {
    h.levels[0].diagonals ? f(std::true_type{}) : f(std::false_type{});
}

// The progress of conjugate gradients as Python keeps it: rho a, rho b, energy, path.
template <class F>
void with_progress(py::array& progress, F f) {
    double* const numbers = write<double>(progress, "progress", {1, progress_numbers}).data;
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
        [](Index rows, Index cols, Index neighbours, bool bilaplacian) {
            return Hierarchy<float>(Layout{rows, cols, neighbours == 8, bilaplacian}).size;
        },
        number("rows"), number("cols"), number("neighbours"), number("bilaplacian"));

    m.def(
        "multigrid_weights",
        [](const py::array& edges, py::array workspace) {
            with_dtype(edges, "edges", [&](auto t) {
                using T = decltype(t);
                const Size size(edges);
                const auto in = read<T>(edges, "edges", size.image(edges_of(edges)));
                const auto h = hierarchy_in<T>(workspace, size, in.channels == 2, in.channels == 4);
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
                for_neighbours(h, [&](auto eight) { multigrid_setup<eight.value, T>(in, h); });
            });
        },
        array("hint_weight"), array("workspace"));

    m.def(
        "multigrid_start",
        [](py::array u, const py::array& hints, const py::array& hint_weight, double first, double beta,
           py::array workspace, py::array progress) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto x = write<T>(u, "u", size.image(2));
                const auto b = read<T>(hints, "hints", size.image(2));
                const auto w = read<T>(hint_weight, "hint_weight", size.plane());
                const auto h = hierarchy_in<T>(workspace, size);
                with_progress(progress, [&](Progress& state) {
                    for_neighbours(
                        h, [&](auto eight) { multigrid_start<eight.value, T>(x, b, w, T(first), T(beta), h, state); });
                });
            });
        },
        array("u"), array("hints"), array("hint_weight"), number("first"), number("beta"), array("workspace"),
        array("progress"));

    m.def(
        "multigrid_cg",
        [](py::array u, double first, double beta, py::array workspace, py::array progress, Index n) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto x = write<T>(u, "u", size.image(2));
                const auto h = hierarchy_in<T>(workspace, size);
                with_progress(progress, [&](Progress& state) {
                    for_neighbours(
                        h, [&](auto eight) { multigrid_cg<eight.value, T>(x, T(first), T(beta), h, state, n); });
                });
            });
        },
        array("u"), number("first"), number("beta"), array("workspace"), array("progress"), number("n"));

    m.def(
        "multigrid_cycle",
        [](const py::array& r, py::array workspace, py::array z) {
            with_dtype(r, "r", [&](auto t) {
                using T = decltype(t);
                const Size size(r);
                const auto in = read<T>(r, "r", size.image(2));
                const auto h = hierarchy_in<T>(workspace, size);
                const auto out = write<T>(z, "z", size.image(2));
                py::gil_scoped_release unlocked;
                multigrid_cycle<T>(in, h, out);
            });
        },
        array("r"), array("workspace"), array("z"));
}

}  // namespace pyvarcolor
