#include "arrays.hpp"
#include "pyvarcolor/tgv.hpp"

namespace pyvarcolor {

// The operator K as Python passes it; s has no rows when beta = 0.
struct TGVArrays {
    const py::array &g, &s;
    double alpha0, alpha1;
};

// f(TGV<T, Weights>) with scalar or tensor weights, as g has 1 or 3 channels; hints and steps are left empty.
template <class T, class F>
auto with_tgv(const TGVArrays& k, Size size, F f) {
    const Index channels = weight_channels(k.g);
    const auto weights = read<T>(k.g, "g", size.image(channels));
    const bool bilaplacian = k.s.ndim() > 0 && k.s.shape(0) > 0;
    const auto scale = read<T>(k.s, "s", {bilaplacian ? size.rows : 0, size.cols});
    const auto fill = [&](auto tgv) {
        tgv.weights = weights, tgv.s = scale, tgv.alpha0 = T(k.alpha0), tgv.alpha1 = T(k.alpha1);
        return f(tgv);
    };
    if (channels == 1) return fill(TGV<T, ScalarWeights<T>>{});
    return fill(TGV<T, TensorWeights<T>>{});
}

template <class T, class Tgv>
std::vector<Index> r_shape(const Tgv& tgv) {
    return {tgv.s.rows, 2, tgv.cols()};
}

void bind_tgv(py::module_& m) {
    m.def(
        "tgv_iterate",
        [](py::array u, py::array v, py::array p, py::array q, py::array r, const py::array& g, const py::array& s,
           const py::array& hints, const py::array& hint_weight, const py::array& tau, const py::array& sigma,
           double alpha0, double alpha1, double relaxation, Index n) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                with_tgv<T>({g, s, alpha0, alpha1}, size, [&](auto tgv) {
                    const auto uu = write<T>(u, "u", size.image(2));
                    const auto vv = write<T>(v, "v", size.image(4));
                    const auto pp = write<T>(p, "p", size.image(4));
                    const auto qq = write<T>(q, "q", size.image(6));
                    const auto rr = write<T>(r, "r", r_shape<T>(tgv));
                    tgv.hints = read<T>(hints, "hints", size.image(2));
                    tgv.hint_weight = read<T>(hint_weight, "hint_weight", size.plane());
                    tgv.tau = read<T>(tau, "tau", size.image(2));
                    tgv.sigma = read<T>(sigma, "sigma", size.image(3));
                    py::gil_scoped_release unlocked;
                    tgv_iterate(tgv, uu, vv, pp, qq, rr, T(relaxation), n);
                });
            });
        },
        array("u"), array("v"), array("p"), array("q"), array("r"), array("g"), array("s"), array("hints"),
        array("hint_weight"), array("tau"), array("sigma"), number("alpha0"), number("alpha1"), number("relaxation"),
        number("n"));

    m.def(
        "tgv_forward",
        [](const py::array& u, const py::array& v, const py::array& g, const py::array& s, double alpha0, double alpha1,
           py::array p, py::array q, py::array r) {
            with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                with_tgv<T>({g, s, alpha0, alpha1}, size, [&](const auto& tgv) {
                    const auto uu = read<T>(u, "u", size.image(2));
                    const auto vv = read<T>(v, "v", size.image(4));
                    const auto pp = write<T>(p, "p", size.image(4));
                    const auto qq = write<T>(q, "q", size.image(6));
                    const auto rr = write<T>(r, "r", r_shape<T>(tgv));
                    py::gil_scoped_release unlocked;
                    tgv_forward(tgv, uu, vv, pp, qq, rr);
                });
            });
        },
        array("u"), array("v"), array("g"), array("s"), number("alpha0"), number("alpha1"), array("p"), array("q"),
        array("r"));

    m.def(
        "tgv_adjoint",
        [](const py::array& p, const py::array& q, const py::array& r, const py::array& g, const py::array& s,
           double alpha0, double alpha1, py::array u, py::array v) {
            with_dtype(p, "p", [&](auto t) {
                using T = decltype(t);
                const Size size(p);
                with_tgv<T>({g, s, alpha0, alpha1}, size, [&](const auto& tgv) {
                    const auto pp = read<T>(p, "p", size.image(4));
                    const auto qq = read<T>(q, "q", size.image(6));
                    const auto rr = read<T>(r, "r", r_shape<T>(tgv));
                    const auto uu = write<T>(u, "u", size.image(2));
                    const auto vv = write<T>(v, "v", size.image(4));
                    py::gil_scoped_release unlocked;
                    tgv_adjoint(tgv, pp, qq, rr, uu, vv);
                });
            });
        },
        array("p"), array("q"), array("r"), array("g"), array("s"), number("alpha0"), number("alpha1"), array("u"),
        array("v"));

    m.def(
        "tgv_energy",
        [](const py::array& u, const py::array& v, const py::array& g, const py::array& s, const py::array& hints,
           const py::array& hint_weight, double alpha0, double alpha1) {
            return with_dtype(u, "u", [&](auto t) {
                using T = decltype(t);
                const Size size(u);
                return with_tgv<T>({g, s, alpha0, alpha1}, size, [&](auto tgv) {
                    const auto uu = read<T>(u, "u", size.image(2));
                    const auto vv = read<T>(v, "v", size.image(4));
                    tgv.hints = read<T>(hints, "hints", size.image(2));
                    tgv.hint_weight = read<T>(hint_weight, "hint_weight", size.plane());
                    py::gil_scoped_release unlocked;
                    return tgv_energy(tgv, uu, vv);
                });
            });
        },
        array("u"), array("v"), array("g"), array("s"), array("hints"), array("hint_weight"), number("alpha0"),
        number("alpha1"));
}

}  // namespace pyvarcolor
