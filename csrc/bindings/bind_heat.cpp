#include "arrays.hpp"
#include "pyvarcolor/heat.hpp"

namespace pyvarcolor {

void bind_heat(py::module_& m) {
    m.def(
        "heat_iterate",
        [](py::array u, py::array scratch, const py::array& hints, const py::array& hint_weight, double time_step,
           Index n) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto state = write<T>(u, "u", size.image(2));
                const auto spare = write<T>(scratch, "scratch", size.image(2));
                const auto h = read<T>(hints, "hints", size.image(2));
                const auto w = read<T>(hint_weight, "hint_weight", size.plane());
                py::gil_scoped_release unlocked;
                heat_iterate<T>(state, spare, h, w, T(time_step), n);
            });
        },
        array("u"), array("scratch"), array("hints"), array("hint_weight"), number("time_step"), number("n"));
}

}  // namespace pyvarcolor
