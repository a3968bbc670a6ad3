#include "arrays.hpp"
#include "pyvarcolor/graph.hpp"

namespace pyvarcolor {

// The quadratic form as Python passes it.
struct GraphArrays {
    const py::array &w, &inverse_degree, &hint_weight;
    double first, beta;
};

template <class T>
Graph<T> graph_of(const GraphArrays& arrays, Size size) {
    return {read<T>(arrays.w, "w", size.image(8)), read<T>(arrays.inverse_degree, "inverse_degree", size.plane()),
            read<T>(arrays.hint_weight, "hint_weight", size.plane()), T(arrays.first), T(arrays.beta)};
}

// What conjugate gradients carry, as Python passes it: u, residual, direction, image, scratch,
// inverse_diagonal.
struct CGArrays {
    py::array &u, &residual, &direction, &image, &scratch;
    const py::array& inverse_diagonal;
};

template <class T>
CGState<T> cg_of(const CGArrays& arrays, Size size) {
    return {write<T>(arrays.u, "u", size.image(2)),
            write<T>(arrays.residual, "residual", size.image(2)),
            write<T>(arrays.direction, "direction", size.image(2)),
            write<T>(arrays.image, "image", size.image(2)),
            write<T>(arrays.scratch, "scratch", size.image(2)),
            read<T>(arrays.inverse_diagonal, "inverse_diagonal", size.plane())};
}

void bind_graph(py::module_& m) {
    m.def(
        "graph_weights",
        [](const py::array& lightness, double scale, double power, double floor, py::array w) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto in = read<T>(lightness, "lightness", size.plane());
                const auto out = write<T>(w, "w", size.image(8));
                py::gil_scoped_release unlocked;
                graph_weights<T>(in, {T(scale), T(power), T(floor)}, out);
            });
        },
        array("lightness"), number("scale"), number("power"), number("floor"), array("w"));

    m.def(
        "levin_weights",
        [](const py::array& gray, py::array w) {
            with_dtype(gray, "gray", [&](auto t) {
                using T = decltype(t);
                const Size size(gray);
                const auto in = read<T>(gray, "gray", size.plane());
                const auto out = write<T>(w, "w", size.image(8));
                py::gil_scoped_release unlocked;
                levin_weights<T>(in, out);
            });
        },
        array("gray"), array("w"));

    m.def(
        "graph_apply",
        [](const py::array& u, const py::array& w, const py::array& inverse_degree, const py::array& hint_weight,
           double first, double beta, py::array scratch, py::array out) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto in = read<T>(u, "u", size.image(2));
                const auto graph = graph_of<T>({w, inverse_degree, hint_weight, first, beta}, size);
                const auto spare = write<T>(scratch, "scratch", size.image(2));
                const auto result = write<T>(out, "out", size.image(2));
                py::gil_scoped_release unlocked;
                with_team(in, [&](Team& team) { graph_apply<T>(team, graph, in, spare, result, [](Index) {}); });
            });
        },
        array("u"), array("w"), array("inverse_degree"), array("hint_weight"), number("first"), number("beta"),
        array("scratch"), array("out"));

    m.def(
        "graph_cg_start",
        [](py::array u, py::array residual, py::array direction, py::array image, py::array scratch,
           const py::array& inverse_diagonal, const py::array& w, const py::array& inverse_degree,
           const py::array& hints, const py::array& hint_weight, double first, double beta) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto cg = cg_of<T>({u, residual, direction, image, scratch, inverse_diagonal}, size);
                const auto graph = graph_of<T>({w, inverse_degree, hint_weight, first, beta}, size);
                const auto h = read<T>(hints, "hints", size.image(2));
                py::gil_scoped_release unlocked;
                graph_cg_start<T>(graph, h, cg);
            });
        },
        array("u"), array("residual"), array("direction"), array("image"), array("scratch"), array("inverse_diagonal"),
        array("w"), array("inverse_degree"), array("hints"), array("hint_weight"), number("first"), number("beta"));

    m.def(
        "graph_cg",
        [](py::array u, py::array residual, py::array direction, py::array image, py::array scratch,
           const py::array& inverse_diagonal, const py::array& w, const py::array& inverse_degree,
           const py::array& hint_weight, double first, double beta, Index n) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto cg = cg_of<T>({u, residual, direction, image, scratch, inverse_diagonal}, size);
                const auto graph = graph_of<T>({w, inverse_degree, hint_weight, first, beta}, size);
                py::gil_scoped_release unlocked;
                graph_cg<T>(graph, cg, n);
            });
        },
        array("u"), array("residual"), array("direction"), array("image"), array("scratch"), array("inverse_diagonal"),
        array("w"), array("inverse_degree"), array("hint_weight"), number("first"), number("beta"), number("n"));

    m.def(
        "graph_energy",
        [](const py::array& u, const py::array& w, const py::array& inverse_degree, const py::array& hints,
           const py::array& hint_weight, double first, double beta, py::array scratch) {
            return with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto in = read<T>(u, "u", size.image(2));
                const auto graph = graph_of<T>({w, inverse_degree, hint_weight, first, beta}, size);
                const auto h = read<T>(hints, "hints", size.image(2));
                const auto spare = write<T>(scratch, "scratch", size.image(2));
                py::gil_scoped_release unlocked;
                return graph_energy<T>(graph, in, h, spare);
            });
        },
        array("u"), array("w"), array("inverse_degree"), array("hints"), array("hint_weight"), number("first"),
        number("beta"), array("scratch"));
}

}  // namespace pyvarcolor
