#include "arrays.hpp"
#include "pyvarcolor/kriging.hpp"

namespace pyvarcolor {

void bind_kriging(py::module_& m) {
    m.def(
        "kriging_add",
        [](const py::array& features, const py::array& sites, const py::array& weights, py::array u) {
            with_dtype(features, "features", [&](auto t) {
                using T = decltype(t);
                const Size size(features), count(sites);
                const Index channels = channels_of(features, "features");
                const auto in = read<T>(features, "features", size.image(channels));
                const auto at = read<T>(sites, "sites", {count.rows, channels});
                const auto by = read<T>(weights, "weights", {count.rows, 2});
                const auto out = write<T>(u, "u", size.image(2));
                py::gil_scoped_release unlocked;
                kriging_add<T>(in, at, by, out);
            });
        },
        array("features"), array("sites"), array("weights"), array("u"));
}

}  // namespace pyvarcolor
