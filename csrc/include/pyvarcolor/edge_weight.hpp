// Edge weights from lightness: near 1 where it is smooth, near `floor` where it jumps.
#pragma once

#include <algorithm>
#include <cmath>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"

namespace pyvarcolor {

// How strongly a lightness step d (L*) is joined: 1 / (1 + (|d| / scale)^power), at least floor.
template <class T>
struct EdgeStop {
    T scale, power, floor;

    T operator()(T d) const { return std::max(floor, T(1) / (T(1) + std::pow(std::abs(d) / scale, power))); }
};

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
