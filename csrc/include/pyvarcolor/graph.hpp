// Quadratic propagation on the graph of 8 neighbours, both channels in lockstep, by conjugate gradients.
//
//   min_u  first/2 sum_edges w_ij |u_i - u_j|^2  +  beta/2 sum_i |(L u)_i|^2 / d_i  +  hints
//
// with (L u)_i = sum_j w_ij (u_i - u_j) and d_i = sum_j w_ij, so that A = first L + beta L D^-1 L plus the soft hints'
// weights. Each pixel stores its 8 weights in reading order of the neighbours; an edge over the border has weight 0.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "pyvarcolor/differences.hpp"
#include "pyvarcolor/edge_weight.hpp"
#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/prox.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// Row and column offsets of the 8 neighbours in reading order.
constexpr std::array<std::array<int, 2>, 8> neighbour_offsets{
    {{-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 1}, {1, -1}, {1, 0}, {1, 1}}};

// f(k, row, column) for each neighbour k of (i, j) that exists.
template <class F>
void for_neighbours(Index i, Index j, Index rows, Index cols, F f) {
    for (std::size_t k = 0; k < 8; ++k) {
        const Index row = i + neighbour_offsets[k][0], col = j + neighbour_offsets[k][1];
        if (row >= 0 && row < rows && col >= 0 && col < cols) f(k, row, col);
    }
}

// w_ij = edge stop of L_i - L_j, over the distance |i - j|
template <class T>
void graph_weights(Image<const T> lightness, EdgeStop<T> stop, Image<T> w) {
    parallel_rows(w, [&](Index i) {
        std::fill(w.row(i), w.row(i) + 8 * w.cols, T(0));
        for (Index j = 0; j < w.cols; ++j) {
            for_neighbours(i, j, w.rows, w.cols, [&](std::size_t k, Index row, Index col) {
                const T distance = row != i && col != j ? std::sqrt(T(2)) : T(1);
                w.row(i, Index(k))[j] = stop(lightness.row(row)[col] - lightness.row(i)[j]) / distance;
            });
        }
    });
}

// The weights of the code published with Levin, Lischinski and Weiss 2004: exp(-(Y_i - Y_j)^2 / c), c from
// the variance of the 3x3 window, normalised to sum 1 (so they are not symmetric). `gray` is in 0..1.
template <class T>
void levin_weights(Image<const T> gray, Image<T> w) {
    parallel_rows(w, [&](Index i) {
        std::fill(w.row(i), w.row(i) + 8 * w.cols, T(0));
        for (Index j = 0; j < w.cols; ++j) {
            const T here = gray.row(i)[j];
            T sum = here, squares = here * here, closest = std::numeric_limits<T>::max(), count = 1;
            for_neighbours(i, j, w.rows, w.cols, [&](std::size_t, Index row, Index col) {
                const T value = gray.row(row)[col];
                sum += value, squares += value * value, count += 1;
                closest = std::min(closest, (value - here) * (value - here));
            });
            const T variance = std::max(T(0), squares / count - (sum / count) * (sum / count));
            // the likest neighbour keeps a weight of at least 0.01
            const T c = std::max({T(0.6) * variance, closest / -std::log(T(0.01)), T(2e-6)});
            T total = 0;
            for_neighbours(i, j, w.rows, w.cols, [&](std::size_t k, Index row, Index col) {
                const T d = gray.row(row)[col] - here;
                total += w.row(i, Index(k))[j] = std::exp(-d * d / c);
            });
            for (Index k = 0; k < 8 && total > 0; ++k) w.row(i, k)[j] /= total;
        }
    });
}

// The quadratic form; `inverse_degree` (1 / d_i) is read when beta > 0.
template <class T>
struct Graph {
    Image<const T> w, inverse_degree, hint_weight;
    T first, beta;
};

// out = L u of one row and channel
template <class T>
PYVARCOLOR_ROW_KERNEL void graph_laplacian_row(Index cols, std::array<const T*, 8> w, Rows<T> u, T* out) {
    for_columns(cols, Neighbours<T>{}, [=](Index j, Neighbours<T> at) {
        const Index l = at.left != 0 ? j - 1 : j, r = at.right != 0 ? j + 1 : j;
        const T here = u.here[j];
        out[j] = w[0][j] * (here - u.up[l]) + w[1][j] * (here - u.up[j]) + w[2][j] * (here - u.up[r]) +
                 w[3][j] * (here - u.here[l]) + w[4][j] * (here - u.here[r]) + w[5][j] * (here - u.down[l]) +
                 w[6][j] * (here - u.down[j]) + w[7][j] * (here - u.down[r]);
    });
}

template <class T>
void graph_laplacian_row(Image<const T> w, Image<const T> u, Index i, Index channel, T* out) {
    std::array<const T*, 8> weights;
    for (std::size_t k = 0; k < 8; ++k) weights[k] = w.row(i, Index(k));
    graph_laplacian_row<T>(u.cols, weights, rows_of(u, i, channel), out);
}

// out = first u + beta t / d; what L is applied to in A = L (first + beta D^-1 L)
template <class T>
PYVARCOLOR_ROW_KERNEL void mix_row(Index cols, T first, T beta, const T* inverse_degree, const T* u, T* t) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) t[j] = first * u[j] + beta * inverse_degree[j] * t[j];
}

// out = scale out + soft u, where soft is the weight of a soft hint
template <class T>
PYVARCOLOR_ROW_KERNEL void add_soft_row(Index cols, T scale, const T* hint_weight, const T* u, T* out) {
    constexpr T hard = std::numeric_limits<T>::max();
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) out[j] = scale * out[j] + (hint_weight[j] <= hard ? hint_weight[j] * u[j] : T(0));
}

// out = A u; `scratch` has the shape of u and is used when beta > 0. then(i) follows row i.
template <class T, class Then>
void graph_apply(Team& team, const Graph<T>& graph, Image<const T> u, Image<T> scratch, Image<T> out, Then then) {
    const bool mixed = graph.beta > 0;
    if (mixed) {
        team.rows([&](Index i) {
            for (Index c = 0; c < u.channels; ++c) {
                graph_laplacian_row(graph.w, u, i, c, scratch.row(i, c));
                mix_row<T>(u.cols, graph.first, graph.beta, graph.inverse_degree.row(i), u.row(i, c),
                           scratch.row(i, c));
            }
        });
    }
    team.rows([&](Index i) {
        for (Index c = 0; c < u.channels; ++c) {
            graph_laplacian_row(graph.w, mixed ? scratch.read() : u, i, c, out.row(i, c));
            add_soft_row<T>(u.cols, mixed ? T(1) : graph.first, graph.hint_weight.row(i), u.row(i, c), out.row(i, c));
        }
        then(i);
    });
}

// sum of a b, in 16 lanes that are added in order
template <class T>
PYVARCOLOR_ROW_KERNEL double dot_row(Index cols, const T* a, const T* b) {
    double lane[16] = {};
    Index j = 0;
    for (; j + 16 <= cols; j += 16)
        for (Index k = 0; k < 16; ++k) lane[k] += double(a[j + k]) * double(b[j + k]);
    for (; j < cols; ++j) lane[j % 16] += double(a[j]) * double(b[j]);
    double sum = 0;
    for (double value : lane) sum += value;
    return sum;
}

// y += alpha x
template <class T>
PYVARCOLOR_ROW_KERNEL void axpy_row(Index cols, T alpha, const T* x, T* y) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) y[j] += alpha * x[j];
}

// d = z + b d with the preconditioned residual z = m r; m = 1 / diagonal of A, and 0 where a hint is hard
template <class T>
PYVARCOLOR_ROW_KERNEL void direction_row(Index cols, T b, const T* m, const T* r, T* d) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) d[j] = m[j] * r[j] + b * d[j];
}

// r' z = sum m r^2
template <class T>
PYVARCOLOR_ROW_KERNEL double preconditioned_norm_row(Index cols, const T* m, const T* r) {
    double lane[16] = {};
    Index j = 0;
    for (; j + 16 <= cols; j += 16)
        for (Index k = 0; k < 16; ++k) lane[k] += double(m[j + k]) * double(r[j + k]) * double(r[j + k]);
    for (; j < cols; ++j) lane[j % 16] += double(m[j]) * double(r[j]) * double(r[j]);
    double sum = 0;
    for (double value : lane) sum += value;
    return sum;
}

// a / b of each channel, 0 where b is 0: the solution is reached.
inline Sums ratio(const Sums& a, const Sums& b) {
    return {{b.of[0] > 0 ? a.of[0] / b.of[0] : 0, b.of[1] > 0 ? a.of[1] / b.of[1] : 0}};
}

// What conjugate gradients carry from one call to the next, all of the shape of u; m is (rows, cols).
template <class T>
struct CGState {
    Image<T> u, residual, direction, image, scratch;
    Image<const T> inverse_diagonal;
};

// residual = b - A u with b from the hints, and the first direction.
template <class T>
void graph_cg_start(const Graph<T>& graph, Image<const T> hints, const CGState<T>& cg) {
    const auto residual_row = [&](Index i) {
        for (Index c = 0; c < hints.channels; ++c) {
            T *r = cg.residual.row(i, c), *d = cg.direction.row(i, c);
            for (Index j = 0; j < hints.cols; ++j) {
                const T w = graph.hint_weight.row(i)[j];
                r[j] = (std::isfinite(w) ? w * hints.row(i, c)[j] : T(0)) - r[j];
            }
            std::fill(d, d + hints.cols, T(0));
            direction_row<T>(hints.cols, T(0), cg.inverse_diagonal.row(i), r, d);
        }
    };
    with_team(cg.u, [&](Team& team) { graph_apply(team, graph, cg.u.read(), cg.scratch, cg.residual, residual_row); });
}

// n iterations in place (Hestenes and Stiefel 1952, Jacobi-preconditioned); each channel has its own step sizes.
template <class T>
void graph_cg(const Graph<T>& graph, const CGState<T>& cg, Index n) {
    const Index cols = cg.u.cols;
    const auto both = [](auto f) { return Sums{{f(Index(0)), f(Index(1))}}; };
    const auto norm = [&](Index i, Index c) {
        return preconditioned_norm_row<T>(cols, cg.inverse_diagonal.row(i), cg.residual.row(i, c));
    };
    with_team(cg.u, [&](Team& team) {
        Sums rho = team.sum([&](Index i) { return both([&](Index c) { return norm(i, c); }); });
        for (Index k = 0; k < n; ++k) {
            graph_apply(team, graph, cg.direction.read(), cg.scratch, cg.image, [](Index) {});
            const Sums curvature = team.sum([&](Index i) {
                return both([&](Index c) { return dot_row<T>(cols, cg.direction.row(i, c), cg.image.row(i, c)); });
            });
            const Sums alpha = ratio(rho, curvature);
            const Sums next = team.sum([&](Index i) {
                return both([&](Index c) {
                    const T step = T(alpha.of[static_cast<std::size_t>(c)]);
                    axpy_row<T>(cols, step, cg.direction.row(i, c), cg.u.row(i, c));
                    axpy_row<T>(cols, -step, cg.image.row(i, c), cg.residual.row(i, c));
                    return norm(i, c);
                });
            });
            const Sums b = ratio(next, rho);
            rho = next;
            team.rows([&](Index i) {
                for (Index c = 0; c < 2; ++c)
                    direction_row<T>(cols, T(b.of[static_cast<std::size_t>(c)]), cg.inverse_diagonal.row(i),
                                     cg.residual.row(i, c), cg.direction.row(i, c));
            });
        }
    });
}

// The energy of u without the hard hints; `scratch` has the shape of u.
template <class T>
double graph_energy(const Graph<T>& graph, Image<const T> u, Image<const T> hints, Image<T> scratch) {
    return parallel_sum(u, [&](Index i) {
        double energy = hint_energy_row(u, hints, graph.hint_weight, i);
        for (Index c = 0; c < u.channels; ++c) {
            T* lu = scratch.row(i, c);
            graph_laplacian_row(graph.w, u, i, c, lu);
            // sum_edges w |u_i - u_j|^2 = u' L u
            energy += 0.5 * double(graph.first) * dot_row<T>(u.cols, u.row(i, c), lu);
            if (graph.beta > 0)
                energy +=
                    0.5 * double(graph.beta) * preconditioned_norm_row<T>(u.cols, graph.inverse_degree.row(i), lu);
        }
        return energy;
    });
}

}  // namespace pyvarcolor
