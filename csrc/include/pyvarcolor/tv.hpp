// Total variation of two chroma channels, min_u alpha1 sum |G grad u|_F + hints; first-order sibling of tgv.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
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

    // Row i of K u = alpha1 G grad u, both colours `stride` apart, handed to then(j, k).
    template <class Then>
    void forward(Index i, Rows<T> u, Index stride, Then then) const {
        gradient_row(cols(), row_neighbours<T>(i, rows()), Weights(weights, i), alpha1, u, stride, then);
    }
    // Row i of K* p, colour c.
    template <class Then>
    void adjoint(Index i, int c, Image<const T> p, Then then) const {
        minus_divergence_row(cols(), row_neighbours<T>(i, rows()), Weights(weights, i > 0 ? i - 1 : i),
                             Weights(weights, i), alpha1, rows_of(p, i, 2 * c), rows_of(p, i, 2 * c + 1), then);
    }
};

// n iterations in place, as in tgv.hpp.
template <class T, class Weights>
void tv_iterate(const TV<T, Weights>& tv, Image<T> u, Image<T> p, T relaxation, Index n) {
    const Index rows = tv.rows(), cols = tv.cols();
    using Level = std::vector<T>;  // two rows of 2 x~ - x
    const auto make_level = [=] { return Level(static_cast<std::size_t>(4 * cols)); };
    const auto step = [&](Level& level, Index i) {
        const Image<T> bar{level.data(), 2, 2, cols};  // row i lies in i % 2
        if (i < rows) {
            for (int c = 0; c < 2; ++c)
                tv.adjoint(i, c, p.read(),
                           PrimalStepWithHints<T>{relaxation, tv.tau.row(i), tv.hints.row(i, c), tv.hint_weight.row(i),
                                                  u.row(i, c), bar.row(i % 2, c)});
        }
        if (i > 0) {
            const Index k = i - 1, below = std::min(i, rows - 1);
            tv.forward(k, {nullptr, bar.row(k % 2), bar.row(below % 2)}, cols,
                       DualStep<T>{relaxation, tv.sigma.row(k), p.row(k), cols});
        }
    };
    wavefront(tv.weights, n, rows + 1, Index(1), make_level, step);
}

template <class T, class Weights>
double tv_energy(const TV<T, Weights>& tv, Image<const T> u) {
    const Index cols = tv.cols();
    return parallel_sum(u, [&](Index i) {
        std::vector<T> k(static_cast<std::size_t>(4 * cols));
        tv.forward(i, rows_of(u, i), cols, Store<T>{k.data(), cols});
        return norm_row<4>(cols, k.data()) + hint_energy_row(u, tv.hints, tv.hint_weight, i);
    });
}

// The weight of a pixel in the quadratic energy that touches alpha1 g |grad u| from above: alpha1 g / max(|grad u|,
// epsilon); k = alpha1 g grad u.
template <class T>
struct Reweigh {
    T alpha1, epsilon;
    const T* g;
    T* w;
    template <std::size_t N>
    PYVARCOLOR_INLINE void operator()(Index j, const std::array<T, N>& k) const {
        const T a = alpha1 * g[j];
        T square = 0;
        for (std::size_t c = 0; c < N; ++c) square += k[c] * k[c];
        w[j] = a * a / std::max(std::sqrt(square), a * epsilon);
    }
};

// edges (rows, 2, cols) of that energy, 0 over the border.
template <class T>
void tv_edges(const TV<T, ScalarWeights<T>>& tv, Image<const T> u, T epsilon, Image<T> edges) {
    const Index rows = tv.rows(), cols = tv.cols();
    parallel_rows(u, [&](Index i) {
        T *const right = edges.row(i, 0), *const down = edges.row(i, 1);
        tv.forward(i, rows_of(u, i), cols, Reweigh<T>{tv.alpha1, epsilon, tv.weights.row(i), right});
        if (i + 1 < rows)
            std::copy(right, right + cols, down);
        else
            std::fill(down, down + cols, T(0));
        right[cols - 1] = 0;
    });
}

}  // namespace pyvarcolor
