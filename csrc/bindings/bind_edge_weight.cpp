#include "arrays.hpp"
#include "pyvarcolor/edge_weight.hpp"

namespace pyvarcolor {

void bind_edge_weight(py::module_& m) {
    m.def(
        "edge_weight",
        [](const py::array& lightness, double scale, double power, double floor, py::array g) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto in = read<T>(lightness, "lightness", size.plane());
                const auto out = write<T>(g, "g", size.image(1));
                py::gil_scoped_release unlocked;
                edge_weight<T>(in, {T(scale), T(power), T(floor)}, out);
            });
        },
        array("lightness"), number("scale"), number("power"), number("floor"), array("g"));

    m.def(
        "edge_tensor",
        [](const py::array& lightness, double scale, double power, double floor, py::array g) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto in = read<T>(lightness, "lightness", size.plane());
                const auto out = write<T>(g, "g", size.image(3));
                py::gil_scoped_release unlocked;
                edge_tensor<T>(in, {T(scale), T(power), T(floor)}, out);
            });
        },
        array("lightness"), number("scale"), number("power"), number("floor"), array("g"));
}

}  // namespace pyvarcolor
