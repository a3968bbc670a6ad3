// The levels of a multigrid: an image, the image of its even rows and columns, and so on down to one pixel.
//
// A row is stored as two half rows, its even and its odd columns: neighbours of one half lie in the other, so that a
// colour of Gauss-Seidel is a loop over consecutive numbers, and the even half of an even row is a row of the next
// level. Around each half row and above and below the image there are zeros: nothing has to know where the border is.
#pragma once

#include <algorithm>
#include <vector>

#include "pyvarcolor/image.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// Half rows of some planes; element k of half `parity` is column 2 k + parity. Rows -1 and `rows` are zero.
template <class T>
struct Halves {
    T* data = nullptr;
    Index planes = 0, stride = 0;

    T* half(Index i, Index parity, Index plane = 0) const {
        return data + (((i + 1) * planes + plane) * 2 + parity) * stride + 1;
    }
    Index plane_stride() const { return 2 * stride; }
};

// The edges stored with a pixel, the planes of `w`: to its right, down, down right, down left. Four neighbours use two.
enum Edge : Index { right, down, down_right, down_left };

// One level: (m + sum_j w_ij) u_i - sum_j w_ij u_j = f_i on the free pixels, u_i = 0 on the bound ones.
template <class T>
struct Level {
    Index rows, cols, half;
    bool diagonals;     // whether pixels have 8 neighbours, not 4
    Halves<T> w;        // edge weights
    Halves<T> m;        // what ties a pixel to zero
    Halves<T> inverse;  // 1 / (m + sum w), and 0 where the pixel is bound
    Halves<T> share;    // share of its two coarse neighbours in a pixel between them (half 0: left or upper)
    Halves<T> f, u;     // right-hand side and solution, two channels
};

// What a hierarchy is laid out for.
struct Layout {
    Index rows, cols;
    bool diagonals;    // 8 neighbours, not 4
    bool bilaplacian;  // whether the matrix has one besides the Laplacian that the levels are made from
};

// Lays the levels out in one piece of memory that starts as zeros; without memory it only measures.
template <class T>
class Hierarchy {
public:
    std::vector<Level<T>> levels;
    Halves<T> residual, image, direction;  // of conjugate gradients, on the finest level
    bool bilaplacian;
    Index size = 0;  // numbers that it takes

    explicit Hierarchy(Layout layout, T* memory = nullptr) : bilaplacian(layout.bilaplacian) {
        Index rows = layout.rows, cols = layout.cols;
        bool diagonals = layout.diagonals;
        for (;;) {
            const Index half = (cols + 1) / 2;
            levels.push_back({rows, cols, half, diagonals, {}, {}, {}, {}, {}, {}});
            Level<T>& level = levels.back();
            const auto take = [&](Index planes) {
                const Index stride = (half + 2 + 7) / 8 * 8;
                Halves<T> halves{memory ? memory + size : nullptr, planes, stride};
                size += (rows + 2) * planes * 2 * stride;
                return halves;
            };
            level.w = take(diagonals ? 4 : 2);
            level.m = take(1);
            level.inverse = take(1);
            level.share = take(1);
            level.f = take(2);
            level.u = take(2);
            if (levels.size() == 1) {
                direction = take(2);
                // the cycle solves for the residual itself, and its solution is spent when the image is taken
                residual = bilaplacian ? take(2) : level.f;
                image = bilaplacian ? take(2) : level.u;
            }
            if (rows == 1 && cols == 1) return;
            rows = (rows + 1) / 2, cols = half, diagonals = true;
        }
    }
};

constexpr Index deepest_pipeline = 3;

// Whether a level is worth a team, given the next one.
template <class T>
bool is_shared(const Team& team, const Level<T>& coarse) {
    return team.size() == 1 || (team.fits(coarse.rows, deepest_pipeline) && coarse.rows * coarse.cols >= 4096);
}

// Half rows to a row and back; the odd half has one number less if cols is odd.
template <class T>
PYVARCOLOR_ROW_KERNEL void join_row(Index cols, const T* even, const T* odd, T* row) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < cols / 2; ++k) {
        row[2 * k] = even[k];
        row[2 * k + 1] = odd[k];
    }
    if (cols % 2) row[cols - 1] = even[cols / 2];
}

template <class T>
PYVARCOLOR_ROW_KERNEL void split_row(Index cols, const T* row, T* even, T* odd) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < cols / 2; ++k) {
        even[k] = row[2 * k];
        odd[k] = row[2 * k + 1];
    }
    if (cols % 2) even[cols / 2] = row[cols - 1];
}

// The weights and the values around one half row, in the order left, right, up, down and the four diagonals.
template <bool Diagonals, class T>
struct Around {
    static constexpr int count = Diagonals ? 8 : 4;
    const T* w[count];
    const T* v[count];  // of the first channel
    Index channel;      // stride to the second

    // sum_j w_ij v_j
    PYVARCOLOR_INLINE T sum(Index k, Index c) const {
        T total = 0;
        for (int n = 0; n < count; ++n) total += w[n][k] * v[n][k + c * channel];
        return total;
    }
    // sum_j w_ij (v_j - here)
    PYVARCOLOR_INLINE T flow(Index k, Index c, T here) const {
        T total = 0;
        for (int n = 0; n < count; ++n) total += w[n][k] * (v[n][k + c * channel] - here);
        return total;
    }
};

// Which values of v count; the others stand for zeros.
struct Known {
    bool own_row = true, other_rows = true;
};

// What surrounds half `parity` of row i: the other half of the row, and the rows above and below.
template <bool Diagonals, class T>
Around<Diagonals, T> around(const Level<T>& level, const Halves<T>& v, Index i, Index parity, Known known = {}) {
    const Index other = 1 - parity, to_left = parity - 1, to_right = parity;
    const auto value = [&](bool is_known, Index row, Index which) {
        return v.half(is_known ? row : Index(-1), which);  // row -1 is zero
    };
    const auto weight = [&](Index row, Index which, Edge edge) { return level.w.half(row, which, edge); };
    const bool own = known.own_row, others = known.other_rows;
    Around<Diagonals, T> a{};
    a.channel = v.plane_stride();
    a.w[0] = weight(i, other, right) + to_left, a.v[0] = value(own, i, other) + to_left;
    a.w[1] = weight(i, parity, right), a.v[1] = value(own, i, other) + to_right;
    a.w[2] = weight(i - 1, parity, down), a.v[2] = value(others, i - 1, parity);
    a.w[3] = weight(i, parity, down), a.v[3] = value(others, i + 1, parity);
    if constexpr (Diagonals) {
        a.w[4] = weight(i - 1, other, down_right) + to_left, a.v[4] = value(others, i - 1, other) + to_left;
        a.w[5] = weight(i - 1, other, down_left) + to_right, a.v[5] = value(others, i - 1, other) + to_right;
        a.w[6] = weight(i, parity, down_left), a.v[6] = value(others, i + 1, other) + to_left;
        a.w[7] = weight(i, parity, down_right), a.v[7] = value(others, i + 1, other) + to_right;
    }
    return a;
}

}  // namespace pyvarcolor
