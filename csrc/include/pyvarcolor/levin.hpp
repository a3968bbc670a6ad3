// The directed weights of Levin, Lischinski and Weiss 2004, and their system: u_i = sum_j w_ij u_j over 8 neighbours.
//
// Each pixel stores its 8 weights in reading order of the neighbours; a neighbour over the border has weight 0.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "pyvarcolor/differences.hpp"
#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
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

// out = sum_j w_ij (u_i - u_j) of one row and channel
template <class T>
PYVARCOLOR_ROW_KERNEL void levin_row(Index cols, std::array<const T*, 8> w, Rows<T> u, T* out) {
    for_columns(cols, Neighbours<T>{}, [=](Index j, Neighbours<T> at) {
        const Index l = at.left != 0 ? j - 1 : j, r = at.right != 0 ? j + 1 : j;
        const T here = u.here[j];
        out[j] = w[0][j] * (here - u.up[l]) + w[1][j] * (here - u.up[j]) + w[2][j] * (here - u.up[r]) +
                 w[3][j] * (here - u.here[l]) + w[4][j] * (here - u.here[r]) + w[5][j] * (here - u.down[l]) +
                 w[6][j] * (here - u.down[j]) + w[7][j] * (here - u.down[r]);
    });
}

// out = sum_j w_ij (u_i - u_j)
template <class T>
void levin_apply(Image<const T> u, Image<const T> w, Image<T> out) {
    parallel_rows(u, [&](Index i) {
        std::array<const T*, 8> weights;
        for (std::size_t k = 0; k < 8; ++k) weights[k] = w.row(i, Index(k));
        for (Index c = 0; c < 2; ++c) levin_row<T>(u.cols, weights, rows_of(u, i, c), out.row(i, c));
    });
}

}  // namespace pyvarcolor
