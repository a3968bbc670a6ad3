// Weighted differences, a row at a time: gradient, divergence, E, Laplacian.
//
// An operator hands what it finds at column j to then(j, k): to be stored (Store), or used at once by a proximal step
// (prox.hpp), so that no row of K x or K* y travels through the cache.
//
// Every difference is taken between two real pixels. What would reach over the border is left out, on both
// sides of the weights: each operator is the exact adjoint of its partner, and affine chroma costs nothing.
#pragma once

#include <array>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// A row of one channel, the rows above and below; a missing one points to a row that exists and counts 0.
template <class T>
struct Rows {
    const T *up, *here, *down;
    PYVARCOLOR_INLINE Rows operator+(Index offset) const { return {up + offset, here + offset, down + offset}; }
};

template <class T>
Rows<T> rows_of(Image<const T> image, Index i, Index channel = 0) {
    return {image.row(i > 0 ? i - 1 : i, channel), image.row(i, channel),
            image.row(i + 1 < image.rows ? i + 1 : i, channel)};
}

// Which neighbours a pixel has, as factors 1 or 0.
template <class T>
struct Neighbours {
    T left, right, above, below;
};

template <class T>
Neighbours<T> row_neighbours(Index i, Index rows) {
    return {T(1), T(1), T(i > 0), T(i + 1 < rows)};
}

// cell(j, at) for each column; the border columns stand apart, so that the loop between them has no branch.
template <class T, class Cell>
PYVARCOLOR_INLINE void for_columns(Index cols, Neighbours<T> row, Cell cell) {
    if (cols == 1) return cell(Index(0), Neighbours<T>{T(0), T(0), row.above, row.below});
    cell(Index(0), Neighbours<T>{T(0), T(1), row.above, row.below});
    PYVARCOLOR_NO_ALIAS
    for (Index j = 1; j < cols - 1; ++j) cell(j, Neighbours<T>{T(1), T(1), row.above, row.below});
    cell(cols - 1, Neighbours<T>{T(1), T(0), row.above, row.below});
}

// Keeps what an operator finds: N channels, `stride` apart.
template <class T>
struct Store {
    T* out;
    Index stride = 0;
    template <std::size_t N>
    PYVARCOLOR_INLINE void operator()(Index j, const std::array<T, N>& k) const {
        for (std::size_t c = 0; c < N; ++c) out[Index(c) * stride + j] = k[c];
    }
};

template <class T>
struct Vector {
    T x, y;
};

// Edge weights of row i: a scalar g, or a symmetric tensor G with channels xx, xy, yy.
template <class T>
struct ScalarWeights {
    const T* g;
    ScalarWeights(Image<const T> weights, Index i) : g(weights.row(i)) {}
    PYVARCOLOR_INLINE Vector<T> times(Index j, T x, T y) const { return {g[j] * x, g[j] * y}; }
};

template <class T>
struct TensorWeights {
    const T *xx, *xy, *yy;
    TensorWeights(Image<const T> weights, Index i)
        : xx(weights.row(i, 0)), xy(weights.row(i, 1)), yy(weights.row(i, 2)) {}
    PYVARCOLOR_INLINE Vector<T> times(Index j, T x, T y) const {
        return {xx[j] * x + xy[j] * y, xy[j] * x + yy[j] * y};
    }
};

// G grad z at column j, by forward differences.
template <class Weights, class T, class Z>
PYVARCOLOR_INLINE Vector<T> flux(Weights g, Index j, Neighbours<T> at, Z here, Z down) {
    const T dx = at.right != 0 ? here[j + 1] - here[j] : T(0);
    const Vector<T> f = g.times(j, dx, at.below * (down[j] - here[j]));
    return {at.right * f.x, at.below * f.y};
}

// alpha G grad u of both colours, which lie `stride` apart
template <class T, class Weights, class Then>
PYVARCOLOR_ROW_KERNEL void gradient_row(Index cols, Neighbours<T> row, Weights g, T alpha, Rows<T> u, Index stride,
                                        Then then) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Vector<T> a = flux(g, j, at, u.here, u.down);
        const Vector<T> b = flux(g, j, at, u.here + stride, u.down + stride);
        then(j, std::array<T, 4>{alpha * a.x, alpha * a.y, alpha * b.x, alpha * b.y});
    });
}

// G (grad u - v) at column j, where v is left out together with the difference it belongs to
template <class T, class Weights>
PYVARCOLOR_INLINE Vector<T> flux_minus_v(Weights g, Index j, Neighbours<T> at, Rows<T> u, const T* vx, const T* vy) {
    const T dx = at.right != 0 ? u.here[j + 1] - u.here[j] - vx[j] : T(0);
    const Vector<T> f = g.times(j, dx, at.below * (u.down[j] - u.here[j] - vy[j]));
    return {at.right * f.x, at.below * f.y};
}

// alpha G (grad u - v) of both colours
template <class T, class Weights, class Then>
PYVARCOLOR_ROW_KERNEL void gradient_minus_v_row(Index cols, Neighbours<T> row, Weights g, T alpha, Rows<T> u,
                                                const T* v, Index stride, Then then) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Vector<T> a = flux_minus_v(g, j, at, u, v, v + stride);
        const Vector<T> b = flux_minus_v(g, j, at, u + stride, v + 2 * stride, v + 3 * stride);
        then(j, std::array<T, 4>{alpha * a.x, alpha * a.y, alpha * b.x, alpha * b.y});
    });
}

// -alpha div (G p), the adjoint of u -> alpha G grad u
template <class T, class Weights, class Then>
PYVARCOLOR_ROW_KERNEL void minus_divergence_row(Index cols, Neighbours<T> row, Weights g_up, Weights g, T alpha,
                                                Rows<T> px, Rows<T> py, Then then) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Vector<T> here = g.times(j, at.right * px.here[j], at.below * py.here[j]);
        const T left = at.left != 0 ? g.times(j - 1, px.here[j - 1], at.below * py.here[j - 1]).x : T(0);
        const T up = at.above * g_up.times(j, at.right * px.up[j], py.up[j]).y;
        then(j, std::array<T, 1>{alpha * (left - at.right * here.x + up - at.below * here.y)});
    });
}

template <class T>
struct Symmetric {
    T xx, yy, xy;
};

// E v at column j by backward differences; xy carries sqrt 2, so that |E v| is the Frobenius norm
template <class T>
PYVARCOLOR_INLINE Symmetric<T> symmetrised_gradient(Index j, Neighbours<T> at, Rows<T> vx, Rows<T> vy) {
    constexpr T inverse_sqrt2 = T(0.70710678118654752440);
    const T x_of_vx = at.left != 0 ? vx.here[j] - vx.here[j - 1] : T(0);
    const T x_of_vy = at.left != 0 ? vy.here[j] - vy.here[j - 1] : T(0);
    return {x_of_vx, at.above * (vy.here[j] - vy.up[j]),
            inverse_sqrt2 * (at.above * (vx.here[j] - vx.up[j]) + x_of_vy)};
}

// alpha E v of both colours
template <class T, class Then>
PYVARCOLOR_ROW_KERNEL void symmetrised_gradient_row(Index cols, Neighbours<T> row, T alpha, Rows<T> v, Index stride,
                                                    Then then) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Symmetric<T> a = symmetrised_gradient(j, at, v, v + stride);
        const Symmetric<T> b = symmetrised_gradient(j, at, v + 2 * stride, v + 3 * stride);
        then(j, std::array<T, 6>{alpha * a.xx, alpha * a.yy, alpha * a.xy, alpha * b.xx, alpha * b.yy, alpha * b.xy});
    });
}

// alpha0 E* q - alpha1 G p, the part of K* that belongs to v
template <class T, class Weights, class Then>
PYVARCOLOR_ROW_KERNEL void adjoint_v_row(Index cols, Neighbours<T> row, Weights g, T alpha0, T alpha1, const T* px,
                                         const T* py, const T* qxx, Rows<T> qyy, Rows<T> qxy, Then then) {
    constexpr T inverse_sqrt2 = T(0.70710678118654752440);
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Vector<T> gp = g.times(j, at.right * px[j], at.below * py[j]);
        const T xx = at.left * qxx[j] - (at.right != 0 ? qxx[j + 1] : T(0));
        const T yy = at.above * qyy.here[j] - at.below * qyy.down[j];
        const T xy_by_x = at.left * qxy.here[j] - (at.right != 0 ? qxy.here[j + 1] : T(0));
        const T xy_by_y = at.above * qxy.here[j] - at.below * qxy.down[j];
        then(j, std::array<T, 2>{alpha0 * (xx + inverse_sqrt2 * xy_by_y) - alpha1 * at.right * gp.x,
                                 alpha0 * (yy + inverse_sqrt2 * xy_by_x) - alpha1 * at.below * gp.y});
    });
}

// div (G grad z) at column j; symmetric
template <class Weights, class T, class Z>
PYVARCOLOR_INLINE T laplacian(Weights g_up, Weights g, Index j, Neighbours<T> at, Z up, Z here, Z down) {
    const Neighbours<T> at_left{T(1), T(1), at.above, at.below}, at_up{at.left, at.right, T(1), T(1)};
    const Vector<T> f = flux(g, j, at, here, down);
    const T left = at.left != 0 ? flux(g, j - 1, at_left, here, down).x : T(0);
    return f.x - left + f.y - at.above * flux(g_up, j, at_up, up, here).y;
}

// s div (G grad u)
template <class T, class Weights, class Then>
PYVARCOLOR_ROW_KERNEL void laplacian_row(Index cols, Neighbours<T> row, Weights g_up, Weights g, const T* s, Rows<T> u,
                                         Then then) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        then(j, std::array<T, 1>{s[j] * laplacian(g_up, g, j, at, u.up, u.here, u.down)});
    });
}

// A row of s r, multiplied where it is read.
template <class T>
struct Product {
    const T *s, *r;
    PYVARCOLOR_INLINE T operator[](Index j) const { return s[j] * r[j]; }
};

// div (G grad (s r)), the adjoint of u -> s div (G grad u)
template <class T, class Weights, class Then>
PYVARCOLOR_ROW_KERNEL void laplacian_adjoint_row(Index cols, Neighbours<T> row, Weights g_up, Weights g, Rows<T> s,
                                                 Rows<T> r, Then then) {
    using Z = Product<T>;
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        then(j, std::array<T, 1>{laplacian(g_up, g, j, at, Z{s.up, r.up}, Z{s.here, r.here}, Z{s.down, r.down})});
    });
}

}  // namespace pyvarcolor
