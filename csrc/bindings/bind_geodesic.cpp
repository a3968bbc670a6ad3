#include "arrays.hpp"
#include "pyvarcolor/geodesic.hpp"

namespace pyvarcolor {

void bind_geodesic(py::module_& m) {
    m.def(
        "geodesic_blend",
        [](const py::array& lightness, const py::array& hints, const py::array& hint_weight, const py::array& strokes,
           double per_pixel, double power, Index nearest, py::array u) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto light = read<T>(lightness, "lightness", size.plane());
                const auto h = read<T>(hints, "hints", size.image(2));
                const auto w = read<T>(hint_weight, "hint_weight", size.plane());
                const auto s = read<T>(strokes, "strokes", size.plane());
                const auto state = write<T>(u, "u", size.image(2));
                py::gil_scoped_release unlocked;
                geodesic_blend<T>(light, h, w, s, T(per_pixel), T(power), nearest, state);
            });
        },
        array("lightness"), array("hints"), array("hint_weight"), array("strokes"), number("per_pixel"),
        number("power"), number("nearest"), array("u"));
}

}  // namespace pyvarcolor
