#include "arrays.hpp"
#include "pyvarcolor/tv.hpp"

namespace pyvarcolor {

// f(TV<T, Weights>) with scalar or tensor weights, as g has 1 or 3 channels.
template <class T, class F>
auto with_tv(Index channels, Image<const T> g, Image<const T> hints, Image<const T> hint_weight, Image<const T> tau,
             Image<const T> sigma, double alpha1, F f) {
    if (channels == 1) return f(TV<T, ScalarWeights<T>>{g, hints, hint_weight, tau, sigma, T(alpha1)});
    return f(TV<T, TensorWeights<T>>{g, hints, hint_weight, tau, sigma, T(alpha1)});
}

void bind_tv(py::module_& m) {
    m.def(
        "tv_iterate",
        [](py::array u, py::array p, const py::array& g, const py::array& hints, const py::array& hint_weight,
           const py::array& tau, const py::array& sigma, double alpha1, double relaxation, Index n) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const Index channels = weight_channels(g);
                const auto primal = write<T>(u, "u", size.image(2));
                const auto dual = write<T>(p, "p", size.image(4));
                const auto weights = read<T>(g, "g", size.image(channels));
                const auto h = read<T>(hints, "hints", size.image(2));
                const auto w = read<T>(hint_weight, "hint_weight", size.plane());
                const auto ts = read<T>(tau, "tau", size.plane());
                const auto ss = read<T>(sigma, "sigma", size.plane());
                py::gil_scoped_release unlocked;
                with_tv<T>(channels, weights, h, w, ts, ss, alpha1,
                           [&](const auto& tv) { tv_iterate(tv, primal, dual, T(relaxation), n); });
            });
        },
        array("u"), array("p"), array("g"), array("hints"), array("hint_weight"), array("tau"), array("sigma"),
        number("alpha1"), number("relaxation"), number("n"));

    m.def(
        "tv_energy",
        [](const py::array& u, const py::array& g, const py::array& hints, const py::array& hint_weight,
           double alpha1) {
            return with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const Index channels = weight_channels(g);
                const auto primal = read<T>(u, "u", size.image(2));
                const auto weights = read<T>(g, "g", size.image(channels));
                const auto h = read<T>(hints, "hints", size.image(2));
                const auto w = read<T>(hint_weight, "hint_weight", size.plane());
                py::gil_scoped_release unlocked;
                return with_tv<T>(channels, weights, h, w, {}, {}, alpha1,
                                  [&](const auto& tv) { return tv_energy(tv, primal); });
            });
        },
        array("u"), array("g"), array("hints"), array("hint_weight"), number("alpha1"));

    m.def(
        "tv_edges",
        [](const py::array& u, const py::array& g, double alpha1, double epsilon, py::array edges) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                const auto primal = read<T>(u, "u", size.image(2));
                const auto weights = read<T>(g, "g", size.image(1));
                const auto out = write<T>(edges, "edges", size.image(2));
                py::gil_scoped_release unlocked;
                tv_edges<T>({weights, {}, {}, {}, {}, T(alpha1)}, primal, T(epsilon), out);
            });
        },
        array("u"), array("g"), number("alpha1"), number("epsilon"), array("edges"));
}

}  // namespace pyvarcolor
