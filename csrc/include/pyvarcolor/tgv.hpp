// Bilaplacian + TGV^2 of two chroma channels by the over-relaxed primal-dual method (Chambolle and Pock 2011).
//
//   min_{u, v}  1/2 sum |s div(G grad u)|^2  +  alpha1 sum |G (grad u - v)|_F  +  alpha0 sum |E v|_F  +  hints
//
//   K (u, v) = ( p: alpha1 G (grad u - v),   q: alpha0 E v,   r: s div(G grad u) )
//
// Channels: u and r (a, b); v and p (a.x, a.y, b.x, b.y); q (a.xx, a.yy, a.xy, b.xx, b.yy, b.xy). The norms
// couple both colour channels. s = sqrt(beta / degree); without a bilaplacian r has no rows.
#pragma once

#include <algorithm>
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

    // Row i of the three blocks of K, both colours, handed to then(j, k); u and v are rows of their first channel, the
    // others `stride` apart.
    template <class Then>
    void forward_p(Index i, Rows<T> u, const T* v, Index stride, Then then) const {
        gradient_minus_v_row<T, Weights>(cols(), at(i), g(i), alpha1, u, v, stride, then);
    }
    template <class Then>
    void forward_q(Index i, Rows<T> v, Index stride, Then then) const {
        symmetrised_gradient_row<T>(cols(), at(i), alpha0, v, stride, then);
    }
    template <class Then>
    void forward_r(Index i, Rows<T> u, Then then) const {
        laplacian_row<T, Weights>(cols(), at(i), g_up(i), g(i), s.row(i), u, then);
    }

    // Row i of K* (p, q, r), colour c: the parts of u and v; `scratch` holds a row.
    template <class Then>
    void adjoint_u(Index i, int c, Image<const T> p, Image<const T> r, T* scratch, Then then) const {
        const Rows<T> px = rows_of(p, i, 2 * c), py = rows_of(p, i, 2 * c + 1);
        if (!bilaplacian()) return minus_divergence_row(cols(), at(i), g_up(i), g(i), alpha1, px, py, then);
        laplacian_adjoint_row(cols(), at(i), g_up(i), g(i), rows_of(s, i), rows_of(r, i, c), Store<T>{scratch});
        minus_divergence_row(cols(), at(i), g_up(i), g(i), alpha1, px, py, Plus<T, Then>{scratch, then});
    }
    template <class Then>
    void adjoint_v(Index i, int c, Image<const T> p, Image<const T> q, Then then) const {
        adjoint_v_row(cols(), at(i), g(i), alpha0, alpha1, p.row(i, 2 * c), p.row(i, 2 * c + 1), q.row(i, 3 * c),
                      rows_of(q, i, 3 * c + 1), rows_of(q, i, 3 * c + 2), then);
    }
};

// n iterations in place:  x~ = prox(x - tau K* y),  y~ = prox(y + sigma K(2 x~ - x)),  both relaxed.
template <class T, class Weights>
void tgv_iterate(const TGV<T, Weights>& tgv, Image<T> u, Image<T> v, Image<T> p, Image<T> q, Image<T> r, T relaxation,
                 Index n) {
    const Index rows = tgv.rows(), cols = tgv.cols();
    // An odd number of cache lines: channels of a row that lie 4096 bytes apart would evict each other.
    const Index stride = cols / 32 * 32 + 48;

    // What an iteration in flight carries: three rows of 2 x~ - x (u, v), and a row of K* r.
    struct Level {
        std::vector<T> bar, scratch;
    };
    const auto make_level = [=] {
        return Level{std::vector<T>(static_cast<std::size_t>(18 * stride)),
                     std::vector<T>(static_cast<std::size_t>(stride))};
    };

    const auto step = [&](Level& level, Index i) {
        const Image<T> bar{level.bar.data(), 3, 6, stride};  // row i lies in i % 3
        const auto u_bar = [&](Index row, Index c) { return bar.row(row % 3, c); };
        const auto v_bar = [&](Index row, Index c) { return bar.row(row % 3, 2 + c); };
        const auto rows_at = [&](Index row, const auto& z_bar, Index c) {
            return Rows<T>{z_bar(std::max<Index>(row - 1, 0), c), z_bar(row, c), z_bar(std::min(row + 1, rows - 1), c)};
        };
        if (i < rows) {
            for (int c = 0; c < 2; ++c) {
                tgv.adjoint_u(i, c, p.read(), r.read(), level.scratch.data(),
                              PrimalStepWithHints<T>{relaxation, tgv.tau.row(i, 0), tgv.hints.row(i, c),
                                                     tgv.hint_weight.row(i), u.row(i, c), u_bar(i, c)});
                tgv.adjoint_v(
                    i, c, p.read(), q.read(),
                    PrimalStep<T>{relaxation, tgv.tau.row(i, 1), v.row(i, 2 * c), v_bar(i, 2 * c), cols, stride});
            }
            tgv.forward_q(i, rows_at(i, v_bar, 0), stride,
                          DualStep<T>{relaxation, tgv.sigma.row(i, 1), q.row(i), cols});
        }
        if (i > 0) {  // K u of row i - 1 reaches down to row i
            const Index k = i - 1;
            tgv.forward_p(k, rows_at(k, u_bar, 0), v_bar(k, 0), stride,
                          DualStep<T>{relaxation, tgv.sigma.row(k, 0), p.row(k), cols});
            for (int c = 0; tgv.bilaplacian() && c < 2; ++c)
                tgv.forward_r(k, rows_at(k, u_bar, c),
                              QuadraticDualStep<T>{relaxation, tgv.sigma.row(k, 2), r.row(k, c)});
        }
    };
    wavefront(tgv.weights, n, rows + 1, Index(tgv.bilaplacian() ? 2 : 1), make_level, step);
}

// p, q, r = K (u, v)
template <class T, class Weights>
void tgv_forward(const TGV<T, Weights>& tgv, Image<const T> u, Image<const T> v, Image<T> p, Image<T> q, Image<T> r) {
    const Index cols = tgv.cols();
    parallel_rows(tgv.weights, [&](Index i) {
        tgv.forward_p(i, rows_of(u, i), v.row(i), cols, Store<T>{p.row(i), cols});
        tgv.forward_q(i, rows_of(v, i), cols, Store<T>{q.row(i), cols});
        for (int c = 0; tgv.bilaplacian() && c < 2; ++c) tgv.forward_r(i, rows_of(u, i, c), Store<T>{r.row(i, c)});
    });
}

// u, v = K* (p, q, r)
template <class T, class Weights>
void tgv_adjoint(const TGV<T, Weights>& tgv, Image<const T> p, Image<const T> q, Image<const T> r, Image<T> u,
                 Image<T> v) {
    parallel_rows(tgv.weights, [&](Index i) {
        std::vector<T> scratch(static_cast<std::size_t>(tgv.cols()));
        for (int c = 0; c < 2; ++c) {
            tgv.adjoint_u(i, c, p, r, scratch.data(), Store<T>{u.row(i, c)});
            tgv.adjoint_v(i, c, p, q, Store<T>{v.row(i, 2 * c), tgv.cols()});
        }
    });
}

// The energy of (u, v) without the hard hints, which u meets by construction.
template <class T, class Weights>
double tgv_energy(const TGV<T, Weights>& tgv, Image<const T> u, Image<const T> v) {
    const Index cols = tgv.cols();
    return parallel_sum(u, [&](Index i) {
        std::vector<T> k(static_cast<std::size_t>(6 * cols));
        double energy = hint_energy_row(u, tgv.hints, tgv.hint_weight, i);
        const Store<T> store{k.data(), cols};
        tgv.forward_p(i, rows_of(u, i), v.row(i), cols, store);
        energy += norm_row<4>(cols, k.data());
        tgv.forward_q(i, rows_of(v, i), cols, store);
        energy += norm_row<6>(cols, k.data());
        for (int c = 0; tgv.bilaplacian() && c < 2; ++c) {
            tgv.forward_r(i, rows_of(u, i, c), store);
            for (Index j = 0; j < cols; ++j) energy += 0.5 * double(k[j]) * double(k[j]);
        }
        return energy;
    });
}

}  // namespace pyvarcolor
