#include "arrays.hpp"
#include "pyvarcolor/edge_weight.hpp"

namespace pyvarcolor {

// A kernel(lightness, stop, g) that makes weights of so many channels.
template <class Kernel>
void bind_weights(py::module_& m, const char* name, Index channels, Kernel kernel) {
    m.def(
        name,
        [=](const py::array& lightness, double scale, double power, double floor, py::array g) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto in = read<T>(lightness, "lightness", size.plane());
                const auto out = write<T>(g, "g", size.image(channels));
                py::gil_scoped_release unlocked;
                kernel(in, EdgeStop<T>{T(scale), T(power), T(floor)}, out);
            });
        },
        array("lightness"), number("scale"), number("power"), number("floor"), array("g"));
}

void bind_edge_weight(py::module_& m) {
    m.def(
        "graph_edges",
        [](const py::array& lightness, double scale, double power, double floor, py::array edges) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto in = read<T>(lightness, "lightness", size.plane());
                const auto out = write<T>(edges, "edges", size.image(edges_of(edges)));
                py::gil_scoped_release unlocked;
                graph_edges<T>(in, {T(scale), T(power), T(floor)}, out);
            });
        },
        array("lightness"), number("scale"), number("power"), number("floor"), array("edges"));
    bind_weights(m, "edge_weight", 1, [](auto lightness, auto stop, auto g) { edge_weight(lightness, stop, g); });
    bind_weights(m, "edge_tensor", 3, [](auto lightness, auto stop, auto g) { edge_tensor(lightness, stop, g); });
}

}  // namespace pyvarcolor
