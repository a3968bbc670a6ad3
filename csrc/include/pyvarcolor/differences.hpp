// Weighted differences of one channel, a row at a time: gradient, divergence, E, Laplacian.
//
// Every difference is taken between two real pixels. What would reach over the border is left out, on both
// sides of the weights: each operator is the exact adjoint of its partner, and affine chroma costs nothing.
#pragma once

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// A row of one channel, the rows above and below; a missing one points to a row that exists and counts 0.
template <class T>
struct Rows {
    const T *up, *here, *down;
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
template <class T, class Weights>
PYVARCOLOR_INLINE Vector<T> flux(Weights g, Index j, Neighbours<T> at, const T* here, const T* down) {
    const T dx = at.right != 0 ? here[j + 1] - here[j] : T(0);
    const Vector<T> f = g.times(j, dx, at.below * (down[j] - here[j]));
    return {at.right * f.x, at.below * f.y};
}

// p = alpha G grad u
template <class T, class Weights>
PYVARCOLOR_ROW_KERNEL void gradient_row(Index cols, Neighbours<T> row, Weights g, T alpha, Rows<T> u, T* px, T* py) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Vector<T> f = flux(g, j, at, u.here, u.down);
        px[j] = alpha * f.x;
        py[j] = alpha * f.y;
    });
}

// p = alpha G (grad u - v), where v is left out together with the difference it belongs to
template <class T, class Weights>
PYVARCOLOR_ROW_KERNEL void gradient_minus_v_row(Index cols, Neighbours<T> row, Weights g, T alpha, Rows<T> u,
                                                const T* vx, const T* vy, T* px, T* py) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const T dx = at.right != 0 ? u.here[j + 1] - u.here[j] - vx[j] : T(0);
        const Vector<T> f = g.times(j, dx, at.below * (u.down[j] - u.here[j] - vy[j]));
        px[j] = alpha * at.right * f.x;
        py[j] = alpha * at.below * f.y;
    });
}

// out = -alpha div (G p), the adjoint of u -> alpha G grad u
template <class T, class Weights>
PYVARCOLOR_ROW_KERNEL void minus_divergence_row(Index cols, Neighbours<T> row, Weights g_up, Weights g, T alpha,
                                                Rows<T> px, Rows<T> py, T* out) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Vector<T> here = g.times(j, at.right * px.here[j], at.below * py.here[j]);
        const T left = at.left != 0 ? g.times(j - 1, px.here[j - 1], at.below * py.here[j - 1]).x : T(0);
        const T up = at.above * g_up.times(j, at.right * px.up[j], py.up[j]).y;
        out[j] = alpha * (left - at.right * here.x + up - at.below * here.y);
    });
}

// q = alpha E v by backward differences; the xy channel carries sqrt 2, so that |q| is the Frobenius norm
template <class T>
PYVARCOLOR_ROW_KERNEL void symmetrised_gradient_row(Index cols, Neighbours<T> row, T alpha, Rows<T> vx, Rows<T> vy,
                                                    T* qxx, T* qyy, T* qxy) {
    constexpr T inverse_sqrt2 = T(0.70710678118654752440);
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const T x_of_vx = at.left != 0 ? vx.here[j] - vx.here[j - 1] : T(0);
        const T x_of_vy = at.left != 0 ? vy.here[j] - vy.here[j - 1] : T(0);
        qxx[j] = alpha * x_of_vx;
        qyy[j] = alpha * at.above * (vy.here[j] - vy.up[j]);
        qxy[j] = alpha * inverse_sqrt2 * (at.above * (vx.here[j] - vx.up[j]) + x_of_vy);
    });
}

// (kx, ky) = alpha0 E* q - alpha1 G p, the part of K* that belongs to v
template <class T, class Weights>
PYVARCOLOR_ROW_KERNEL void adjoint_v_row(Index cols, Neighbours<T> row, Weights g, T alpha0, T alpha1, const T* px,
                                         const T* py, const T* qxx, Rows<T> qyy, Rows<T> qxy, T* kx, T* ky) {
    constexpr T inverse_sqrt2 = T(0.70710678118654752440);
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const Vector<T> gp = g.times(j, at.right * px[j], at.below * py[j]);
        const T xx = at.left * qxx[j] - (at.right != 0 ? qxx[j + 1] : T(0));
        const T yy = at.above * qyy.here[j] - at.below * qyy.down[j];
        const T xy_by_x = at.left * qxy.here[j] - (at.right != 0 ? qxy.here[j + 1] : T(0));
        const T xy_by_y = at.above * qxy.here[j] - at.below * qxy.down[j];
        kx[j] = alpha0 * (xx + inverse_sqrt2 * xy_by_y) - alpha1 * at.right * gp.x;
        ky[j] = alpha0 * (yy + inverse_sqrt2 * xy_by_x) - alpha1 * at.below * gp.y;
    });
}

// out = div (G grad z); symmetric
template <class T, class Weights>
PYVARCOLOR_INLINE T laplacian(Weights g_up, Weights g, Index j, Neighbours<T> at, Rows<T> z) {
    const Neighbours<T> at_left{T(1), T(1), at.above, at.below}, at_up{at.left, at.right, T(1), T(1)};
    const Vector<T> here = flux(g, j, at, z.here, z.down);
    const T left = at.left != 0 ? flux(g, j - 1, at_left, z.here, z.down).x : T(0);
    return here.x - left + here.y - at.above * flux(g_up, j, at_up, z.up, z.here).y;
}

// out = s div (G grad u)
template <class T, class Weights>
PYVARCOLOR_ROW_KERNEL void laplacian_row(Index cols, Neighbours<T> row, Weights g_up, Weights g, const T* s, Rows<T> u,
                                         T* out) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) { out[j] = s[j] * laplacian(g_up, g, j, at, u); });
}

// out += div (G grad (s r)), the adjoint of u -> s div (G grad u); sr receives s r of the three rows
template <class T, class Weights>
PYVARCOLOR_ROW_KERNEL void add_laplacian_adjoint_row(Index cols, Neighbours<T> row, Weights g_up, Weights g, Rows<T> s,
                                                     Rows<T> r, T* sr, T* out) {
    T *up = sr, *here = sr + cols, *down = sr + 2 * cols;
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) {
        up[j] = s.up[j] * r.up[j];
        here[j] = s.here[j] * r.here[j];
        down[j] = s.down[j] * r.down[j];
    }
    const Rows<T> z{up, here, down};
    for_columns(cols, row, [=](Index j, Neighbours<T> at) { out[j] += laplacian(g_up, g, j, at, z); });
}

}  // namespace pyvarcolor
