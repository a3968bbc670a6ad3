#include "arrays.hpp"
#include "pyvarcolor/levin.hpp"

namespace pyvarcolor {

void bind_levin(py::module_& m) {
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
        "levin_apply",
        [](const py::array& u, const py::array& w, py::array out) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto in = read<T>(u, "u", size.image(2));
                const auto weights = read<T>(w, "w", size.image(8));
                const auto result = write<T>(out, "out", size.image(2));
                py::gil_scoped_release unlocked;
                levin_apply<T>(in, weights, result);
            });
        },
        array("u"), array("w"), array("out"));
}

}  // namespace pyvarcolor
