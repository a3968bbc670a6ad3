// Bilaplacian + TGV^2 of two chroma channels by the over-relaxed primal-dual method (Chambolle and Pock 2011).
//
//   min_{u, v}  1/2 sum |s div(G grad u)|^2  +  alpha1 sum |G (grad u - v)|_F  +  alpha0 sum |E v|_F  +  hints
//
//   K (u, v) = ( p: alpha1 G (grad u - v),   q: alpha0 E v,   r: s div(G grad u) )
//
// Channels: u and r (a, b); v and p (a.x, a.y, b.x, b.y); q (a.xx, a.yy, a.xy, b.xx, b.yy, b.xy). The norms
// couple both colour channels. s = sqrt(beta / degree); without a bilaplacian r has no rows.
#pragma once

#include <cmath>
#include <vector>

#include "pyvarcolor/differences.hpp"
#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/prox.hpp"

namespace pyvarcolor {

template <class T, class Weights>
struct TGV {
    Image<const T> weights, s, hints, hint_weight, tau, sigma;  // tau of (u, v), sigma of (p, q, r)
    T alpha0, alpha1;

    bool bilaplacian() const { return !s.empty(); }

    Index rows() const { return weights.rows; }
    Index cols() const { return weights.cols; }
    Neighbours<T> at(Index i) const { return row_neighbours<T>(i, rows()); }
    Weights g(Index i) const { return Weights(weights, i); }
    Weights g_up(Index i) const { return Weights(weights, i > 0 ? i - 1 : i); }

    // Row i of the three blocks of K, channel c; u(k, c) and v(k, c) give the row k of a channel.
    template <class U, class V>
    void forward_p(Index i, U u, V v, T* p) const {
        for (int c = 0; c < 2; ++c)
            gradient_minus_v_row<T, Weights>(cols(), at(i), g(i), alpha1, rows_at(i, u, c), v(i, 2 * c),
                                             v(i, 2 * c + 1), p + 2 * c * cols(), p + (2 * c + 1) * cols());
    }
    template <class V>
    void forward_q(Index i, V v, T* q) const {
        for (int c = 0; c < 2; ++c)
            symmetrised_gradient_row<T>(cols(), at(i), alpha0, rows_at(i, v, 2 * c), rows_at(i, v, 2 * c + 1),
                                        q + 3 * c * cols(), q + (3 * c + 1) * cols(), q + (3 * c + 2) * cols());
    }
    template <class U>
    void forward_r(Index i, U u, T* r) const {
        for (int c = 0; c < 2; ++c)
            laplacian_row<T, Weights>(cols(), at(i), g_up(i), g(i), s.row(i), rows_at(i, u, c), r + c * cols());
    }

    // Row i of K* (p, q, r): the parts of u (2 channels) and v (4); `scratch` holds 3 rows.
    void adjoint_u(Index i, Image<const T> p, Image<const T> r, T* ku, T* scratch) const {
        for (int c = 0; c < 2; ++c) {
            minus_divergence_row<T, Weights>(cols(), at(i), g_up(i), g(i), alpha1, rows_of(p, i, 2 * c),
                                             rows_of(p, i, 2 * c + 1), ku + c * cols());
            if (bilaplacian())
                add_laplacian_adjoint_row<T, Weights>(cols(), at(i), g_up(i), g(i), rows_of(s, i), rows_of(r, i, c),
                                                      scratch, ku + c * cols());
        }
    }
    void adjoint_v(Index i, Image<const T> p, Image<const T> q, T* kv) const {
        for (int c = 0; c < 2; ++c)
            adjoint_v_row<T, Weights>(cols(), at(i), g(i), alpha0, alpha1, p.row(i, 2 * c), p.row(i, 2 * c + 1),
                                      q.row(i, 3 * c), rows_of(q, i, 3 * c + 1), rows_of(q, i, 3 * c + 2),
                                      kv + 2 * c * cols(), kv + (2 * c + 1) * cols());
    }

private:
    template <class Row>
    Rows<T> rows_at(Index i, Row row, int c) const {
        return {row(i > 0 ? i - 1 : i, c), row(i, c), row(i + 1 < rows() ? i + 1 : i, c)};
    }
};

// n iterations in place:  x~ = prox(x - tau K* y),  y~ = prox(y + sigma K(2 x~ - x)),  both relaxed.
template <class T, class Weights>
void tgv_iterate(const TGV<T, Weights>& tgv, Image<T> u, Image<T> v, Image<T> p, Image<T> q, Image<T> r, T relaxation,
                 Index n) {
    const Index rows = tgv.rows(), cols = tgv.cols();

    // What an iteration in flight carries: three rows of 2 x~ - x (u, v), and one row of K* y or K x.
    struct Level {
        std::vector<T> bar, k, scratch;
    };
    const auto make_level = [=] {
        const auto size = static_cast<std::size_t>(cols);
        return Level{std::vector<T>(18 * size), std::vector<T>(6 * size), std::vector<T>(3 * size)};
    };

    const auto step = [&](Level& level, Index i) {
        T* const k = level.k.data();
        const auto u_bar = [&](Index row, int c) { return level.bar.data() + ((row % 3) * 6 + c) * cols; };
        const auto v_bar = [&](Index row, int c) { return u_bar(row, 2 + c); };
        if (i < rows) {
            tgv.adjoint_u(i, p.read(), r.read(), k, level.scratch.data());
            for (int c = 0; c < 2; ++c)
                primal_row_with_hints<T>(cols, relaxation, tgv.tau.row(i, 0), k + c * cols, tgv.hints.row(i, c),
                                         tgv.hint_weight.row(i), u.row(i, c), u_bar(i, c));
            tgv.adjoint_v(i, p.read(), q.read(), k);
            for (int c = 0; c < 4; ++c)
                primal_row<T>(cols, relaxation, tgv.tau.row(i, 1), k + c * cols, v.row(i, c), v_bar(i, c));
            tgv.forward_q(i, v_bar, k);
            dual_row<6, T>(cols, relaxation, tgv.sigma.row(i, 1), k, q.row(i));
        }
        if (i > 0) {  // K u of row i - 1 reaches down to row i
            tgv.forward_p(i - 1, u_bar, v_bar, k);
            dual_row<4, T>(cols, relaxation, tgv.sigma.row(i - 1, 0), k, p.row(i - 1));
            if (!tgv.bilaplacian()) return;
            tgv.forward_r(i - 1, u_bar, k);
            for (int c = 0; c < 2; ++c)
                quadratic_dual_row<T>(cols, relaxation, tgv.sigma.row(i - 1, 2), k + c * cols, r.row(i - 1, c));
        }
    };
    wavefront(tgv.weights, n, rows + 1, Index(tgv.bilaplacian() ? 2 : 1), make_level, step);
}

// p, q, r = K (u, v)
template <class T, class Weights>
void tgv_forward(const TGV<T, Weights>& tgv, Image<const T> u, Image<const T> v, Image<T> p, Image<T> q, Image<T> r) {
    const auto u_row = [&](Index row, int c) { return u.row(row, c); };
    const auto v_row = [&](Index row, int c) { return v.row(row, c); };
    parallel_rows(tgv.weights, [&](Index i) {
        tgv.forward_p(i, u_row, v_row, p.row(i));
        tgv.forward_q(i, v_row, q.row(i));
        if (tgv.bilaplacian()) tgv.forward_r(i, u_row, r.row(i));
    });
}

// u, v = K* (p, q, r)
template <class T, class Weights>
void tgv_adjoint(const TGV<T, Weights>& tgv, Image<const T> p, Image<const T> q, Image<const T> r, Image<T> u,
                 Image<T> v) {
    parallel_rows(tgv.weights, [&](Index i) {
        std::vector<T> scratch(static_cast<std::size_t>(3 * tgv.cols()));
        tgv.adjoint_u(i, p, r, u.row(i), scratch.data());
        tgv.adjoint_v(i, p, q, v.row(i));
    });
}

// The energy of (u, v) without the hard hints, which u meets by construction.
template <class T, class Weights>
double tgv_energy(const TGV<T, Weights>& tgv, Image<const T> u, Image<const T> v) {
    const Index cols = tgv.cols();
    const auto u_row = [&](Index row, int c) { return u.row(row, c); };
    const auto v_row = [&](Index row, int c) { return v.row(row, c); };
    return parallel_sum(u, [&](Index i) {
        std::vector<T> k(static_cast<std::size_t>(6 * cols));
        double energy = hint_energy_row(u, tgv.hints, tgv.hint_weight, i);
        tgv.forward_p(i, u_row, v_row, k.data());
        energy += norm_row<4>(cols, k.data());
        tgv.forward_q(i, v_row, k.data());
        energy += norm_row<6>(cols, k.data());
        if (tgv.bilaplacian()) {
            tgv.forward_r(i, u_row, k.data());
            for (Index j = 0; j < 2 * cols; ++j) energy += 0.5 * double(k[j]) * double(k[j]);
        }
        return energy;
    });
}

}  // namespace pyvarcolor
