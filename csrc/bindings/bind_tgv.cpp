#include "bind.hpp"
#include "pyvarcolor/tgv.hpp"

namespace pyvarcolor {
namespace {

// f(TGV<T, Weights>) with scalar or tensor weights, as g has 1 or 3 channels; hints and steps are left empty.
template <class T, class F>
auto with_tgv(Image<const T> g, Image<const T> s, T alpha0, T alpha1, F f) {
    const auto fill = [&](auto tgv) {
        tgv.weights = g, tgv.s = s, tgv.alpha0 = alpha0, tgv.alpha1 = alpha1;
        return f(tgv);
    };
    if (g.channels == 1) return fill(TGV<T, ScalarWeights<T>>{});
    return fill(TGV<T, TensorWeights<T>>{});
}

template <class T>
void iterate(Image<T> u, Image<T> v, Image<T> p, Image<T> q, Image<T> r, Image<const T> g, Image<const T> s,
             Image<const T> hints, Image<const T> hint_weight, Image<const T> tau, Image<const T> sigma, T alpha0,
             T alpha1, T relaxation, Index n) {
    with_tgv<T>(g, s, alpha0, alpha1, [&](auto tgv) {
        tgv.hints = hints, tgv.hint_weight = hint_weight, tgv.tau = tau, tgv.sigma = sigma;
        tgv_iterate(tgv, u, v, p, q, r, relaxation, n);
    });
}

template <class T>
void forward(Image<const T> u, Image<const T> v, Image<const T> g, Image<const T> s, T alpha0, T alpha1, Image<T> p,
             Image<T> q, Image<T> r) {
    with_tgv<T>(g, s, alpha0, alpha1, [&](const auto& tgv) { tgv_forward(tgv, u, v, p, q, r); });
}

template <class T>
void adjoint(Image<const T> p, Image<const T> q, Image<const T> r, Image<const T> g, Image<const T> s, T alpha0,
             T alpha1, Image<T> u, Image<T> v) {
    with_tgv<T>(g, s, alpha0, alpha1, [&](const auto& tgv) { tgv_adjoint(tgv, p, q, r, u, v); });
}

template <class T>
double energy(Image<const T> u, Image<const T> v, Image<const T> g, Image<const T> s, Image<const T> hints,
              Image<const T> hint_weight, T alpha0, T alpha1) {
    return with_tgv<T>(g, s, alpha0, alpha1, [&](auto tgv) {
        tgv.hints = hints, tgv.hint_weight = hint_weight;
        return tgv_energy(tgv, u, v);
    });
}

}  // namespace

void bind_tgv(py::module_& m) {
    bind(m, "tgv_iterate", iterate<float>, iterate<double>);
    bind(m, "tgv_forward", forward<float>, forward<double>);
    bind(m, "tgv_adjoint", adjoint<float>, adjoint<double>);
    bind(m, "tgv_energy", energy<float>, energy<double>);
}

}  // namespace pyvarcolor
