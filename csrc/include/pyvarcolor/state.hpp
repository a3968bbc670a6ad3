// What holds for any state (rows, 2, cols) of a solver.
#pragma once

#include <algorithm>
#include <cmath>

#include "pyvarcolor/parallel.hpp"

namespace pyvarcolor {

// Mean Euclidean distance between two states per pixel; `previous` then becomes `u`.
template <class T>
double mean_change(Image<const T> u, Image<T> previous) {
    const double sum = parallel_sum(u, [&](Index i) {
        double row = 0;
        for (Index j = 0; j < u.cols; ++j) {
            const T a = u.row(i, 0)[j] - previous.row(i, 0)[j], b = u.row(i, 1)[j] - previous.row(i, 1)[j];
            row += double(std::sqrt(a * a + b * b));
        }
        std::copy(u.row(i), u.row(i) + 2 * u.cols, previous.row(i));
        return row;
    });
    return sum / double(u.rows * u.cols);
}

}  // namespace pyvarcolor
