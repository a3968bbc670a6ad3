#include "bind.hpp"
#include "pyvarcolor/tv.hpp"

namespace pyvarcolor {
namespace {

// f(TV<T, Weights>) with scalar or tensor weights, as g has 1 or 3 channels.
template <class T, class F>
auto with_tv(Image<const T> g, Image<const T> hints, Image<const T> hint_weight, Image<const T> tau,
             Image<const T> sigma, T alpha1, F f) {
    if (g.channels == 1) return f(TV<T, ScalarWeights<T>>{g, hints, hint_weight, tau, sigma, alpha1});
    return f(TV<T, TensorWeights<T>>{g, hints, hint_weight, tau, sigma, alpha1});
}

template <class T>
void iterate(Image<T> u, Image<T> p, Image<const T> g, Image<const T> hints, Image<const T> hint_weight,
             Image<const T> tau, Image<const T> sigma, T alpha1, T relaxation, Index n) {
    with_tv<T>(g, hints, hint_weight, tau, sigma, alpha1, [&](const auto& tv) { tv_iterate(tv, u, p, relaxation, n); });
}

template <class T>
double energy(Image<const T> u, Image<const T> g, Image<const T> hints, Image<const T> hint_weight, T alpha1) {
    return with_tv<T>(g, hints, hint_weight, {}, {}, alpha1, [&](const auto& tv) { return tv_energy(tv, u); });
}

template <class T>
void edges(Image<const T> u, Image<const T> g, T alpha1, T epsilon, Image<T> edges) {
    tv_edges<T>({g, {}, {}, {}, {}, alpha1}, u, epsilon, edges);
}

}  // namespace

void bind_tv(py::module_& m) {
    bind(m, "tv_iterate", iterate<float>, iterate<double>);
    bind(m, "tv_energy", energy<float>, energy<double>);
    bind(m, "tv_edges", edges<float>, edges<double>);
}

}  // namespace pyvarcolor
