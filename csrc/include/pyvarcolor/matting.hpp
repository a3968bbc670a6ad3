// The matting Laplacian (Levin, Lischinski, Weiss 2008): in each 3x3 window chroma is an affine function of lightness.
//
//   min_u  1/2 sum_windows min_(s, t) ( sum_i |s L_i + t - u_i|^2 + epsilon |s|^2 )  +  1/2 sum_soft w |u - hint|^2
//
// The best fit of a window has the slope s = inverse sum_i (L_i - mean) u_i, inverse = 1 / (sum_i (L_i - mean)^2 +
// epsilon), and s mean + t is the mean of u; so the operator is (A u)_i = sum over the windows around i of
// (u_i - mean of u) - s (L_i - mean), + w_i u_i. A window that reaches over the border is cut there.
//
// Its coarse grid, for a multigrid, has a node on every fourth pixel of every fourth row, with an s and a t each: what
// costs least is affine in lightness. A pixel belongs to the node next to it, and to two or four of them halfway.
#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "pyvarcolor/differences.hpp"
#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// f(row, column, factor) for the 3x3 window around column j; the factor is 0 where it would reach over the border.
template <class T, class F>
PYVARCOLOR_INLINE void for_window(Index j, Neighbours<T> at, F f) {
    const Index l = at.left != 0 ? j - 1 : j, r = at.right != 0 ? j + 1 : j;
    f(&Rows<T>::up, l, at.above * at.left), f(&Rows<T>::up, j, at.above), f(&Rows<T>::up, r, at.above * at.right);
    f(&Rows<T>::here, l, at.left), f(&Rows<T>::here, j, T(1)), f(&Rows<T>::here, r, at.right);
    f(&Rows<T>::down, l, at.below * at.left), f(&Rows<T>::down, j, at.below), f(&Rows<T>::down, r, at.below * at.right);
}

template <class T>
PYVARCOLOR_INLINE T pixels_in_window(Neighbours<T> at) {
    return (1 + at.left + at.right) * (1 + at.above + at.below);
}

template <class T>
PYVARCOLOR_ROW_KERNEL void window_row(Index cols, Neighbours<T> row, Rows<T> lightness, T epsilon, T* mean,
                                      T* inverse) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        T sum = 0, squares = 0;
        for_window(j, at, [&](auto in, Index k, T factor) { sum += factor * (lightness.*in)[k]; });
        const T middle = sum / pixels_in_window(at);
        for_window(j, at, [&](auto in, Index k, T factor) {
            const T d = (lightness.*in)[k] - middle;
            squares += factor * d * d;
        });
        mean[j] = middle;
        inverse[j] = 1 / (squares + epsilon);
    });
}

// Mean of lightness, and inverse as above, of the window around each pixel; epsilon in units of L*^2.
template <class T>
void matting_windows(Image<const T> lightness, T epsilon, Image<T> windows) {
    parallel_rows(windows, [&](Index i) {
        window_row<T>(windows.cols, row_neighbours<T>(i, windows.rows), rows_of(lightness, i), epsilon,
                      windows.row(i, 0), windows.row(i, 1));
    });
}

// Diagonal of A, inverted; 0 where a hint is hard or nothing is joined.
template <class T>
void matting_diagonal(Image<const T> lightness, Image<const T> windows, Image<const T> hint_weight, Image<T> inverse) {
    const auto length = [](Index at, Index count) { return std::min(at + 2, count) - std::max<Index>(at - 1, 0); };
    parallel_rows(inverse, [&](Index i) {
        for (Index j = 0; j < inverse.cols; ++j) {
            T sum = hint_weight.row(i)[j];
            for (Index row = std::max<Index>(i - 1, 0); row < std::min(i + 2, inverse.rows); ++row)
                for (Index col = std::max<Index>(j - 1, 0); col < std::min(j + 2, inverse.cols); ++col) {
                    const T d = lightness.row(i)[j] - windows.row(row, 0)[col];
                    const T pixels = T(length(row, inverse.rows) * length(col, inverse.cols));
                    sum += 1 - 1 / pixels - windows.row(row, 1)[col] * d * d;
                }
            inverse.row(i)[j] = sum > 0 ? 1 / sum : T(0);
        }
    });
}

// The best fit of each window: mean of u, and slope.
template <class T>
PYVARCOLOR_ROW_KERNEL void fit_row(Index cols, Neighbours<T> row, Rows<T> lightness, const T* mean, const T* inverse,
                                   Rows<T> u, T* middle, T* slope) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const T here = u.here[j], center = mean[j];
        T sum = 0, product = 0;
        for_window(j, at, [&](auto in, Index k, T factor) {
            const T step = factor * ((u.*in)[k] - here);  // steps, so that nothing is lost where colour is even
            sum += step;
            product += ((lightness.*in)[k] - center) * step;
        });
        middle[j] = here + sum / pixels_in_window(at);
        slope[j] = inverse[j] * product;
    });
}

// r = b - A u where no hint is hard, else 0
template <class T>
PYVARCOLOR_ROW_KERNEL void misfit_row(Index cols, Neighbours<T> row, const T* lightness, Rows<T> mean, Rows<T> middle,
                                      Rows<T> slope, const T* hint_weight, const T* b, const T* u, T* r) {
    for_columns(cols, row, [=](Index j, Neighbours<T> at) {
        const T here = u[j], light = lightness[j], weight = hint_weight[j];
        T sum = 0;
        for_window(j, at, [&](auto in, Index k, T factor) {
            sum += factor * ((here - (middle.*in)[k]) - (slope.*in)[k] * (light - (mean.*in)[k]));
        });
        const bool is_free = weight <= std::numeric_limits<T>::max();
        r[j] = is_free ? b[j] - weight * here - sum : T(0);
    });
}

// r = b - A u; `fits` is scratch.
template <class T>
void matting_residual(Image<const T> u, Image<const T> b, Image<const T> lightness, Image<const T> windows,
                      Image<const T> hint_weight, Image<T> fits, Image<T> r) {
    with_team(u, [&](Team& team) {
        const auto fit = [&](Index i) {
            for (Index c = 0; c < 2; ++c)
                fit_row<T>(u.cols, row_neighbours<T>(i, u.rows), rows_of(lightness, i), windows.row(i, 0),
                           windows.row(i, 1), rows_of(u, i, c), fits.row(i, c), fits.row(i, 2 + c));
        };
        const auto misfit = [&](Index i) {
            for (Index c = 0; c < 2; ++c)
                misfit_row<T>(u.cols, row_neighbours<T>(i, u.rows), lightness.row(i), rows_of(windows, i),
                              rows_of(fits.read(), i, c), rows_of(fits.read(), i, 2 + c), hint_weight.row(i),
                              b.row(i, c), u.row(i, c), r.row(i, c));
        };
        team.pipeline(u.rows, fit, misfit);
    });
}

constexpr Index node_spacing = 4;

// Nodes along so many pixels.
inline Index nodes_along(Index pixels) { return (pixels + 1) / node_spacing + 1; }

// What pixel i takes from node i / 4, the rest being from the next one.
template <class T>
PYVARCOLOR_INLINE T share_of_node(Index i) {
    constexpr std::array<T, node_spacing> shares{1, 1, T(0.5), 0};
    return shares[std::size_t(i % node_spacing)];
}

// coarse = what r says about t (a, b) and s (a, b) of each node: P* r, P as below
template <class T>
void matting_restrict(Image<const T> r, Image<const T> lightness, Image<T> coarse) {
    with_team(coarse, [&](Team& team) {
        std::vector<T> lines(std::size_t(4 * r.cols));
        const auto reach = [](Index node, Index pixels, auto f) {  // f(pixel, share) for the pixels of a node
            const Index middle = node_spacing * node;
            for (Index i = std::max<Index>(middle - 2, 0); i < std::min(middle + 3, pixels); ++i)
                f(i, i < middle ? 1 - share_of_node<T>(i) : share_of_node<T>(i));
        };
        team.rows([&](Index node_row) {
            std::fill(lines.begin(), lines.end(), T(0));
            reach(node_row, r.rows, [&](Index i, T share) {
                for (Index c = 0; c < 2; ++c) {
                    T *t = &lines[std::size_t(c * r.cols)], *s = &lines[std::size_t((2 + c) * r.cols)];
                    const T *value = r.row(i, c), *light = lightness.row(i);
                    PYVARCOLOR_NO_ALIAS
                    for (Index j = 0; j < r.cols; ++j) {
                        t[j] += share * value[j];
                        s[j] += share * value[j] * light[j];
                    }
                }
            });
            for (Index channel = 0; channel < 4; ++channel)
                for (Index node = 0; node < coarse.cols; ++node) {
                    T sum = 0;
                    reach(node, r.cols,
                          [&](Index j, T share) { sum += share * lines[std::size_t(channel * r.cols + j)]; });
                    coarse.row(node_row, channel)[node] = sum;
                }
        });
    });
}

// u += P coarse where no hint is hard: t + s L, blended between nodes
template <class T>
void matting_prolong(Image<T> u, Image<const T> lightness, Image<const T> hint_weight, Image<const T> coarse) {
    with_team(u, [&](Team& team) {
        std::vector<T> line(std::size_t(4 * coarse.cols));
        team.rows([&](Index i) {
            const Index above = i / node_spacing, below = std::min(above + 1, coarse.rows - 1);
            const T share = share_of_node<T>(i);
            for (Index k = 0; k < 4 * coarse.cols; ++k)
                line[std::size_t(k)] = share * coarse.row(above)[k] + (1 - share) * coarse.row(below)[k];
            for (Index j = 0; j < u.cols; ++j) {
                if (!(hint_weight.row(i)[j] <= std::numeric_limits<T>::max())) continue;
                const Index left = j / node_spacing, right = std::min(left + 1, coarse.cols - 1);
                const T from_left = share_of_node<T>(j), light = lightness.row(i)[j];
                for (Index c = 0; c < 2; ++c) {
                    const T *t = &line[std::size_t(c * coarse.cols)], *s = &line[std::size_t((2 + c) * coarse.cols)];
                    u.row(i, c)[j] +=
                        from_left * (t[left] + light * s[left]) + (1 - from_left) * (t[right] + light * s[right]);
                }
            }
        });
    });
}

}  // namespace pyvarcolor
