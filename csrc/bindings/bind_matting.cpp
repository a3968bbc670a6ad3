#include "arrays.hpp"
#include "pyvarcolor/matting.hpp"

namespace pyvarcolor {

// Shape of the coarse grid below an image: t and s of both channels.
inline std::vector<Index> coarse_shape(Size size) { return {nodes_along(size.rows), 4, nodes_along(size.cols)}; }

void bind_matting(py::module_& m) {
    m.def(
        "matting_windows",
        [](const py::array& lightness, double epsilon, py::array windows) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto in = read<T>(lightness, "lightness", size.plane());
                const auto out = write<T>(windows, "windows", size.image(2));
                py::gil_scoped_release unlocked;
                matting_windows<T>(in, T(epsilon), out);
            });
        },
        array("lightness"), number("epsilon"), array("windows"));

    m.def(
        "matting_diagonal",
        [](const py::array& lightness, const py::array& windows, const py::array& hint_weight, py::array inverse) {
            with_dtype(lightness, "lightness", [&](auto t) {
                using T = decltype(t);
                const Size size(lightness);
                const auto in = read<T>(lightness, "lightness", size.plane());
                const auto means = read<T>(windows, "windows", size.image(2));
                const auto weight = read<T>(hint_weight, "hint_weight", size.plane());
                const auto out = write<T>(inverse, "inverse", size.plane());
                py::gil_scoped_release unlocked;
                matting_diagonal<T>(in, means, weight, out);
            });
        },
        array("lightness"), array("windows"), array("hint_weight"), array("inverse"));

    m.def(
        "matting_residual",
        [](const py::array& u, const py::array& b, const py::array& lightness, const py::array& windows,
           const py::array& hint_weight, py::array fits, py::array r) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto x = read<T>(u, "u", size.image(2));
                const auto right = read<T>(b, "b", size.image(2));
                const auto light = read<T>(lightness, "lightness", size.plane());
                const auto means = read<T>(windows, "windows", size.image(2));
                const auto weight = read<T>(hint_weight, "hint_weight", size.plane());
                const auto scratch = write<T>(fits, "fits", size.image(4));
                const auto out = write<T>(r, "r", size.image(2));
                py::gil_scoped_release unlocked;
                matting_residual<T>(x, right, light, means, weight, scratch, out);
            });
        },
        array("u"), array("b"), array("lightness"), array("windows"), array("hint_weight"), array("fits"), array("r"));

    m.def(
        "matting_restrict",
        [](const py::array& r, const py::array& lightness, py::array coarse) {
            with_dtype(r, "r", [&](auto t) {
                using T = decltype(t);
                const Size size(r);
                const auto in = read<T>(r, "r", size.image(2));
                const auto light = read<T>(lightness, "lightness", size.plane());
                const auto out = write<T>(coarse, "coarse", coarse_shape(size));
                py::gil_scoped_release unlocked;
                matting_restrict<T>(in, light, out);
            });
        },
        array("r"), array("lightness"), array("coarse"));

    m.def(
        "matting_prolong",
        [](py::array u, const py::array& lightness, const py::array& hint_weight, const py::array& coarse) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto out = write<T>(u, "u", size.image(2));
                const auto light = read<T>(lightness, "lightness", size.plane());
                const auto weight = read<T>(hint_weight, "hint_weight", size.plane());
                const auto in = read<T>(coarse, "coarse", coarse_shape(size));
                py::gil_scoped_release unlocked;
                matting_prolong<T>(out, light, weight, in);
            });
        },
        array("u"), array("lightness"), array("hint_weight"), array("coarse"));
}

}  // namespace pyvarcolor
