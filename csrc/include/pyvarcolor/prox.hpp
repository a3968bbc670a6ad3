// The proximal steps at column j, each over-relaxed: x <- x + relaxation (x~ - x) (Condat 2013, algorithm 3.1).
// They take K* y or K x from the row operators of differences.hpp; channels lie `stride` apart.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// x~ = x - tau k with k = K* y; bar = 2 x~ - x
template <class T>
struct PrimalStep {
    T relaxation;
    const T* tau;
    T *x, *bar;
    Index stride, bar_stride;
    template <std::size_t N>
    PYVARCOLOR_INLINE void operator()(Index j, const std::array<T, N>& k) const {
        for (std::size_t c = 0; c < N; ++c) {
            T& here = x[Index(c) * stride + j];
            const T step = -tau[j] * k[c];
            bar[Index(c) * bar_stride + j] = here + 2 * step;
            here += relaxation * step;
        }
    }
};

// The same with the hints' proximal map: x~ <- argmin_z 1/2 |z - x~|^2 + tau w/2 |z - hint|^2; w may be infinite
template <class T>
struct PrimalStepWithHints {
    T relaxation;
    const T *tau, *hint, *w;
    T *x, *bar;
    PYVARCOLOR_INLINE void operator()(Index j, const std::array<T, 1>& k) const {
        const T moved = hint[j] + (x[j] - tau[j] * k[0] - hint[j]) / (1 + tau[j] * w[j]);
        bar[j] = 2 * moved - x[j];
        x[j] += relaxation * (moved - x[j]);
    }
};

// then(j, k + more): a second part of K* y that another operator has stored
template <class T, class Then>
struct Plus {
    const T* more;
    Then then;
    PYVARCOLOR_INLINE void operator()(Index j, const std::array<T, 1>& k) const {
        then(j, std::array<T, 1>{k[0] + more[j]});
    }
};

// y~ = projection of y + sigma k onto |y| <= 1, with k = K x; the norm couples all components
template <class T>
struct DualStep {
    T relaxation;
    const T* sigma;
    T* y;
    Index stride;
    template <std::size_t N>
    PYVARCOLOR_INLINE void operator()(Index j, const std::array<T, N>& k) const {
        T ascent[N], square = 0;
        for (std::size_t c = 0; c < N; ++c) {
            ascent[c] = y[Index(c) * stride + j] + sigma[j] * k[c];
            square += ascent[c] * ascent[c];
        }
        const T shrink = T(1) / std::max(T(1), std::sqrt(square));
        for (std::size_t c = 0; c < N; ++c) {
            T& here = y[Index(c) * stride + j];
            here += relaxation * (shrink * ascent[c] - here);
        }
    }
};

// y~ = (y + sigma k) / (1 + sigma), the proximal map of the conjugate of 1/2 |.|^2
template <class T>
struct QuadraticDualStep {
    T relaxation;
    const T* sigma;
    T* y;
    PYVARCOLOR_INLINE void operator()(Index j, const std::array<T, 1>& k) const {
        y[j] += relaxation * ((y[j] + sigma[j] * k[0]) / (1 + sigma[j]) - y[j]);
    }
};

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
