// Total variation of two chroma channels, min_u alpha1 sum |G grad u|_F + hints; first-order sibling of tgv.hpp.
#pragma once

#include <vector>

#include "pyvarcolor/differences.hpp"
#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/prox.hpp"

namespace pyvarcolor {

template <class T, class Weights>
struct TV {
    Image<const T> weights, hints, hint_weight, tau, sigma;
    T alpha1;

    Index rows() const { return weights.rows; }
    Index cols() const { return weights.cols; }

    // Row i of K u = alpha1 G grad u, both channels; u(k, c) gives row k of channel c.
    template <class U>
    void forward(Index i, U u, T* p) const {
        const Index down = i + 1 < rows() ? i + 1 : i;
        for (int c = 0; c < 2; ++c)
            gradient_row<T, Weights>(cols(), row_neighbours<T>(i, rows()), Weights(weights, i), alpha1,
                                     {nullptr, u(i, c), u(down, c)}, p + 2 * c * cols(), p + (2 * c + 1) * cols());
    }
    // Row i of K* p.
    void adjoint(Index i, Image<const T> p, T* ku) const {
        for (int c = 0; c < 2; ++c)
            minus_divergence_row<T, Weights>(cols(), row_neighbours<T>(i, rows()), Weights(weights, i > 0 ? i - 1 : i),
                                             Weights(weights, i), alpha1, rows_of(p, i, 2 * c),
                                             rows_of(p, i, 2 * c + 1), ku + c * cols());
    }
};

// n iterations in place, as in tgv.hpp.
template <class T, class Weights>
void tv_iterate(const TV<T, Weights>& tv, Image<T> u, Image<T> p, T relaxation, Index n) {
    const Index rows = tv.rows(), cols = tv.cols();
    struct Level {
        std::vector<T> bar, k;
    };
    const auto make_level = [=] {
        const auto size = static_cast<std::size_t>(cols);
        return Level{std::vector<T>(4 * size), std::vector<T>(4 * size)};
    };
    const auto step = [&](Level& level, Index i) {
        T* const k = level.k.data();
        const auto u_bar = [&](Index row, int c) { return level.bar.data() + ((row % 2) * 2 + c) * cols; };
        if (i < rows) {
            tv.adjoint(i, p.read(), k);
            for (int c = 0; c < 2; ++c)
                primal_row_with_hints<T>(cols, relaxation, tv.tau.row(i), k + c * cols, tv.hints.row(i, c),
                                         tv.hint_weight.row(i), u.row(i, c), u_bar(i, c));
        }
        if (i > 0) {
            tv.forward(i - 1, u_bar, k);
            dual_row<4, T>(cols, relaxation, tv.sigma.row(i - 1), k, p.row(i - 1));
        }
    };
    wavefront(tv.weights, n, rows + 1, Index(1), make_level, step);
}

template <class T, class Weights>
double tv_energy(const TV<T, Weights>& tv, Image<const T> u) {
    const Index cols = tv.cols();
    return parallel_sum(u, [&](Index i) {
        std::vector<T> k(static_cast<std::size_t>(4 * cols));
        tv.forward(i, [&](Index row, int c) { return u.row(row, c); }, k.data());
        return norm_row<4>(cols, k.data()) + hint_energy_row(u, tv.hints, tv.hint_weight, i);
    });
}

}  // namespace pyvarcolor
