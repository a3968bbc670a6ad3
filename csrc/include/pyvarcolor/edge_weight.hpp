// Edge weights from lightness: near 1 where it is smooth, near `floor` where it jumps.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// How strongly a lightness step d (L*) is joined: 1 / (1 + (|d| / scale)^power), at least floor.
template <class T>
struct EdgeStop {
    T scale, power, floor;

    T operator()(T d) const { return std::max(floor, T(1) / (T(1) + std::pow(std::abs(d) / scale, power))); }
};

// w = stop of each d; w and d are different rows. Small whole powers are products, which vectorise.
template <class T>
PYVARCOLOR_ROW_KERNEL void stop_row(Index cols, EdgeStop<T> stop, const T* d, T* w) {
    const int whole = stop.power <= 8 && stop.power == std::floor(stop.power) ? int(stop.power) : 0;
    const T per_scale = T(1) / stop.scale;
    if (whole == 0) {
        for (Index j = 0; j < cols; ++j) w[j] = stop(d[j]);
        return;
    }
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) w[j] = std::abs(d[j]) * per_scale;
    for (int k = 1; k < whole; ++k) {
        PYVARCOLOR_NO_ALIAS
        for (Index j = 0; j < cols; ++j) w[j] *= std::abs(d[j]) * per_scale;
    }
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) w[j] = std::max(stop.floor, T(1) / (T(1) + w[j]));
}

// d = b - a
template <class T>
PYVARCOLOR_ROW_KERNEL void step_row(Index cols, const T* a, const T* b, T* d) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) d[j] = b[j] - a[j];
}

// The weights of the edges that a pixel has to its right, down, and where there are four channels down right and down
// left: edge stop of their step over their length, 0 over the border.
template <class T>
void graph_edges(Image<const T> lightness, EdgeStop<T> stop, Image<T> edges) {
    constexpr int down[] = {0, 1, 1, 1}, along[] = {1, 0, 1, -1};
    const Index rows = edges.rows, cols = edges.cols;
    with_team(lightness, [&](Team& team) {
        std::vector<T> d(static_cast<std::size_t>(cols));
        team.rows([&](Index i) {
            for (Index edge = 0; edge < edges.channels; ++edge) {
                T* const w = edges.row(i, edge);
                const Index first = along[edge] < 0 ? 1 : 0, last = along[edge] > 0 ? cols - 1 : cols;
                std::fill(w, w + cols, T(0));
                if (i + down[edge] >= rows || first >= last) continue;
                step_row<T>(last - first, lightness.row(i) + first, lightness.row(i + down[edge]) + first + along[edge],
                            d.data());
                stop_row<T>(last - first, stop, d.data(), w + first);
                if (edge >= 2)
                    for (Index j = first; j < last; ++j) w[j] *= T(0.70710678118654752440);
            }
        });
    });
}

template <class T>
struct Gradient {
    T x, y;
};

// Forward differences of lightness at (i, j), zero over the border.
template <class T>
Gradient<T> lightness_gradient(Image<const T> lightness, Index i, Index j) {
    const T* here = lightness.row(i);
    return {j + 1 < lightness.cols ? here[j + 1] - here[j] : T(0),
            i + 1 < lightness.rows ? lightness.row(i + 1)[j] - here[j] : T(0)};
}

// g (1 channel) = edge stop of |grad L|
template <class T>
void edge_weight(Image<const T> lightness, EdgeStop<T> stop, Image<T> g) {
    parallel_rows(g, [&](Index i) {
        for (Index j = 0; j < g.cols; ++j) {
            const Gradient<T> d = lightness_gradient(lightness, i, j);
            g.row(i)[j] = stop(std::hypot(d.x, d.y));
        }
    });
}

// G (xx, xy, yy) = g n n' + m m', n along the lightness gradient and m across it: colour may flow along an
// edge, not over it (Ferstl, Reinbacher, Ranftl, Ruether, Bischof 2013, eq. 5).
template <class T>
void edge_tensor(Image<const T> lightness, EdgeStop<T> stop, Image<T> tensor) {
    parallel_rows(tensor, [&](Index i) {
        for (Index j = 0; j < tensor.cols; ++j) {
            const Gradient<T> d = lightness_gradient(lightness, i, j);
            const T norm = std::hypot(d.x, d.y), less = T(1) - stop(norm);
            const T nx = norm > 0 ? d.x / norm : T(0), ny = norm > 0 ? d.y / norm : T(0);
            tensor.row(i, 0)[j] = T(1) - less * nx * nx;
            tensor.row(i, 1)[j] = -less * nx * ny;
            tensor.row(i, 2)[j] = T(1) - less * ny * ny;
        }
    });
}

}  // namespace pyvarcolor
