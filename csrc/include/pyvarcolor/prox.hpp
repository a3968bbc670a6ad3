// The proximal steps of one row, each over-relaxed: x <- x + relaxation (x~ - x) (Condat 2013,
// algorithm 3.1).
#pragma once

#include <algorithm>
#include <cmath>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// x~ = x - tau k with k = K* y; bar = 2 x~ - x
template <class T>
PYVARCOLOR_ROW_KERNEL void primal_row(Index cols, T relaxation, const T* tau, const T* k, T* x, T* bar) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) {
        const T step = -tau[j] * k[j];
        bar[j] = x[j] + 2 * step;
        x[j] += relaxation * step;
    }
}

// The same with the hints' proximal map: x~ <- argmin_z 1/2 |z - x~|^2 + tau w/2 |z - hint|^2; w may be infinite
template <class T>
PYVARCOLOR_ROW_KERNEL void primal_row_with_hints(Index cols, T relaxation, const T* tau, const T* k, const T* hint,
                                                 const T* w, T* x, T* bar) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) {
        const T moved = hint[j] + (x[j] - tau[j] * k[j] - hint[j]) / (1 + tau[j] * w[j]);
        bar[j] = 2 * moved - x[j];
        x[j] += relaxation * (moved - x[j]);
    }
}

// y~ = projection of y + sigma k onto |y| <= 1, with k = K x; the norm couples N components (stride `cols`)
template <int N, class T>
PYVARCOLOR_ROW_KERNEL void dual_row(Index cols, T relaxation, const T* sigma, const T* k, T* y) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) {
        T ascent[N], square = 0;
        for (int c = 0; c < N; ++c) {
            ascent[c] = y[c * cols + j] + sigma[j] * k[c * cols + j];
            square += ascent[c] * ascent[c];
        }
        const T shrink = T(1) / std::max(T(1), std::sqrt(square));
        for (int c = 0; c < N; ++c) y[c * cols + j] += relaxation * (shrink * ascent[c] - y[c * cols + j]);
    }
}

// y~ = (y + sigma k) / (1 + sigma), the proximal map of the conjugate of 1/2 |.|^2
template <class T>
PYVARCOLOR_ROW_KERNEL void quadratic_dual_row(Index cols, T relaxation, const T* sigma, const T* k, T* y) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) y[j] += relaxation * ((y[j] + sigma[j] * k[j]) / (1 + sigma[j]) - y[j]);
}

// sum of |k|, the norm over N components (stride `cols`)
template <int N, class T>
double norm_row(Index cols, const T* k) {
    double sum = 0;
    for (Index j = 0; j < cols; ++j) {
        T square = 0;
        for (int c = 0; c < N; ++c) square += k[c * cols + j] * k[c * cols + j];
        sum += double(std::sqrt(square));
    }
    return sum;
}

// 1/2 sum w |u - hint|^2 over the soft hints of row i
template <class T>
double hint_energy_row(Image<const T> u, Image<const T> hints, Image<const T> hint_weight, Index i) {
    double sum = 0;
    for (Index c = 0; c < u.channels; ++c) {
        for (Index j = 0; j < u.cols; ++j) {
            const double w = double(hint_weight.row(i)[j]), away = double(u.row(i, c)[j] - hints.row(i, c)[j]);
            if (std::isfinite(w)) sum += 0.5 * w * away * away;
        }
    }
    return sum;
}

}  // namespace pyvarcolor
