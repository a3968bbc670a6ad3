// Isotropic heat flow of both channels, blind to edges, by explicit Euler steps: the naive reference.
#pragma once

#include <algorithm>
#include <utility>

#include "pyvarcolor/differences.hpp"
#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// next = u + t (Laplacian u), then drawn to the hints as by primal_row_with_hints
template <class T>
PYVARCOLOR_ROW_KERNEL void heat_row(Index cols, Neighbours<T> row, T time_step, Rows<T> u, const T* hint, const T* w,
                                    T* next) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const T here = u.here[j];
        const T left = at.left != 0 ? u.here[j - 1] - here : T(0), right = at.right != 0 ? u.here[j + 1] - here : T(0);
        const T vertical = at.above * (u.up[j] - here) + at.below * (u.down[j] - here);
        const T flowed = here + time_step * (left + right + vertical);
        next[j] = hint[j] + (flowed - hint[j]) / (1 + time_step * w[j]);
    });
}

// n steps in place; `scratch` has the shape of u. Stable for time_step <= 1/4.
template <class T>
void heat_iterate(Image<T> u, Image<T> scratch, Image<const T> hints, Image<const T> hint_weight, T time_step,
                  Index n) {
    with_team(u, [&](Team& team) {
        Image<T> from = u, to = scratch;
        for (Index k = 0; k < n; ++k) {
            team.rows([&](Index i) {
                for (Index c = 0; c < u.channels; ++c)
                    heat_row<T>(u.cols, row_neighbours<T>(i, u.rows), time_step, rows_of(from.read(), i, c),
                                hints.row(i, c), hint_weight.row(i), to.row(i, c));
            });
            std::swap(from, to);
        }
        if (n % 2 == 1) team.rows([&](Index i) { std::copy(from.row(i), from.row(i) + 2 * u.cols, to.row(i)); });
    });
}

}  // namespace pyvarcolor
