// Black-box multigrid (Dendy 1982): how coarse pixels are shared by those between them, and P* A P on the coarse level.
//
// Pixels of even row and column stay. One between two coarse pixels, or two coarse rows, is interpolated by solving the
// whole line that it lies on, across the way from one to the other, with each side of the line at one value. (Looking
// at the pixel alone, as usual, gives the pixels of a thin line different shares, though they must all be alike: coarse
// levels then overrate by far what flows over the line, and that is where the colour of an object is decided.) A pixel
// in the middle of four coarse ones is then the solution of its own equation. Nothing is stored for it: relaxing it
// does the same.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "pyvarcolor/hierarchy.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// A middle pixel on a line: its weights to the pixel between, and to the two sides of the line.
template <bool Diagonals, class T>
struct Middle {
    static constexpr int count = Diagonals ? 3 : 1;
    const T *inverse, *m, *here, *first[count], *second[count];
};

// A pixel between two coarse ones on a line, and the middle pixels before and after it.
template <bool Diagonals, class T>
struct Between {
    static constexpr int count = Diagonals ? 3 : 1;
    const T *m, *first[count], *second[count];
    Middle<Diagonals, T> before, after;
    const T* beyond;  // weight from the middle pixel after to the next one between
};

template <int N, class T>
PYVARCOLOR_INLINE T sum_of(const T* const (&terms)[N], Index k) {
    T total = 0;
    for (int n = 0; n < N; ++n) total += terms[n][k];
    return total;
}

// The equations of a line for its pixels between alone, the middle ones eliminated:
//   (rest + tie + tie of the one before) share - tie next - (tie of the one before) previous = first, or second
// where `rest` holds all but the ties, so that no step of the solution subtracts.
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void line_row(Index half, Between<Diagonals, T> at, T* first, T* second, T* rest, T* tie) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        const T before = at.before.here[k] * at.before.inverse[k], after = at.after.here[k] * at.after.inverse[k];
        first[k] = sum_of(at.first, k) + before * sum_of(at.before.first, k) + after * sum_of(at.after.first, k);
        second[k] = sum_of(at.second, k) + before * sum_of(at.before.second, k) + after * sum_of(at.after.second, k);
        // a bound middle pixel ties to zero by its whole weight
        const T mass_before = at.before.inverse[k] > 0 ? before * at.before.m[k] : at.before.here[k];
        const T mass_after = at.after.inverse[k] > 0 ? after * at.after.m[k] : at.after.here[k];
        rest[k] = at.m[k] + mass_before + mass_after + first[k] + second[k];
        tie[k] = after * at.beyond[k];
    }
}

// Elimination down a line: what one pixel between leaves to the next.
template <class T>
struct Left {
    T first = 0, second = 0, tie = 0, weight = 0;
};

// Eliminates a pixel; `rest` becomes its dependence on the next one.
template <class T>
PYVARCOLOR_INLINE Left<T> eliminate(Left<T> last, bool free, T& first, T& second, T& rest, T tie) {
    const T pivot = rest + last.weight + tie;
    const T inverse = free && pivot > 0 ? T(1) / pivot : T(0);
    const T weight = free ? tie * (rest + last.weight) * inverse : tie;  // what ties the next one to all but this line
    first = (first + last.tie * last.first) * inverse;
    second = (second + last.tie * last.second) * inverse;
    rest = tie * inverse;
    return {first, second, tie, weight};
}

// Solves a line along a row, in place of its equations.
template <class T>
void solve_line(Index half, const T* inverse, T* first, T* second, T* rest, const T* tie) {
    Left<T> left;
    for (Index k = 0; k < half; ++k) left = eliminate(left, inverse[k] > 0, first[k], second[k], rest[k], tie[k]);
    for (Index k = half - 2; k >= 0; --k) {
        first[k] += rest[k] * first[k + 1];
        second[k] += rest[k] * second[k + 1];
    }
}

// The same for lines down columns, a row of each at a time; `above` are the rows of the pixels before.
template <class T>
struct LineRow {
    const T* inverse;
    T *first, *second, *rest, *tie;
};

template <class T>
PYVARCOLOR_ROW_KERNEL void eliminate_row(Index half, LineRow<T> above, LineRow<T> here, T* weight) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        const Left<T> last{above.first[k], above.second[k], above.tie[k], weight[k]};
        weight[k] =
            eliminate(last, here.inverse[k] > 0, here.first[k], here.second[k], here.rest[k], here.tie[k]).weight;
    }
}

template <class T>
PYVARCOLOR_ROW_KERNEL void substitute_row(Index half, LineRow<T> here, LineRow<T> below) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        here.first[k] += here.rest[k] * below.first[k];
        here.second[k] += here.rest[k] * below.second[k];
    }
}

// The lines down the odd columns at row i (even): between left and right.
template <bool Diagonals, class T>
Between<Diagonals, T> columns_at(const Level<T>& level, Index i) {
    const auto w = [&](Index row, Index parity, Edge edge) { return level.w.half(row, parity, edge); };
    const auto sides = [&](auto& at, Index row) {  // of the odd pixels of a row
        at.first[0] = w(row, 0, right), at.second[0] = w(row, 1, right);
        if constexpr (Diagonals) {
            const Index above = std::max<Index>(row - 1, -1);
            at.first[1] = w(above, 0, down_right), at.second[1] = w(above, 0, down_left) + 1;
            at.first[2] = w(row, 1, down_left), at.second[2] = w(row, 1, down_right);
        }
    };
    Between<Diagonals, T> at{};
    at.m = level.m.half(i, 1);
    at.before.inverse = level.inverse.half(i - 1, 1), at.before.m = level.m.half(i - 1, 1);
    at.after.inverse = level.inverse.half(i + 1, 1), at.after.m = level.m.half(i + 1, 1);
    at.before.here = w(i - 1, 1, down), at.after.here = w(i, 1, down), at.beyond = w(i + 1, 1, down);
    sides(at, i), sides(at.before, i - 1), sides(at.after, i + 1);
    return at;
}

// The line along row i (odd): between above and below.
template <bool Diagonals, class T>
Between<Diagonals, T> row_at(const Level<T>& level, Index i) {
    const auto w = [&](Index row, Index parity, Edge edge) { return level.w.half(row, parity, edge); };
    const auto sides = [&](auto& at, Index parity, Index shift) {  // of one half of the row
        const Index other = 1 - parity;
        at.first[0] = w(i - 1, parity, down) + shift, at.second[0] = w(i, parity, down) + shift;
        if constexpr (Diagonals) {
            at.first[1] = w(i - 1, other, down_right) + shift + parity - 1;
            at.first[2] = w(i - 1, other, down_left) + shift + parity;
            at.second[1] = w(i, parity, down_left) + shift, at.second[2] = w(i, parity, down_right) + shift;
        }
    };
    Between<Diagonals, T> at{};
    at.m = level.m.half(i, 0);
    at.before.inverse = level.inverse.half(i, 1) - 1, at.before.m = level.m.half(i, 1) - 1;
    at.after.inverse = level.inverse.half(i, 1), at.after.m = level.m.half(i, 1);
    at.before.here = w(i, 1, right) - 1, at.after.here = w(i, 0, right), at.beyond = w(i, 1, right);
    sides(at, 0, 0), sides(at.before, 1, -1), sides(at.after, 1, 0);
    return at;
}

// Row i (even) of the lines down columns; the right-hand side of the level is free to hold what they need meanwhile.
template <class T>
LineRow<T> line_of_columns(const Level<T>& level, Index i) {
    return {level.inverse.half(i, 1), level.share.half(i, 0), level.share.half(i, 1), level.f.half(i, 0),
            level.f.half(i, 1)};
}

// The shares of all pixels between coarse ones.
template <bool Diagonals, class T>
void shares(Team& team, const Level<T>& level, Index coarse_rows, std::vector<T>& scratch) {
    team.pipeline(coarse_rows, [&](Index I) {
        const Index i = 2 * I;
        const LineRow<T> columns = line_of_columns(level, i);
        line_row<Diagonals, T>(level.half, columns_at<Diagonals>(level, i), columns.first, columns.second, columns.rest,
                               columns.tie);
        if (i + 1 >= level.rows) return;
        T *first = level.share.half(i + 1, 0), *second = level.share.half(i + 1, 1);
        T *rest = scratch.data(), *tie = rest + level.half;
        line_row<Diagonals, T>(level.half, row_at<Diagonals>(level, i + 1), first, second, rest, tie);
        solve_line<T>(level.half, level.inverse.half(i + 1, 0), first, second, rest, tie);
    });
    team.split(level.half, [&](Index begin, Index end) {
        const auto part = [&](Index I) {
            LineRow<T> row = line_of_columns(level, 2 * I);
            return LineRow<T>{row.inverse + begin, row.first + begin, row.second + begin, row.rest + begin,
                              row.tie + begin};
        };
        std::fill_n(scratch.data(), end - begin, T(0));
        LineRow<T> above = {level.u.half(-1, 0), level.u.half(-1, 0), level.u.half(-1, 0), nullptr,
                            level.u.half(-1, 0)};
        for (Index I = 0; I < coarse_rows; ++I) {
            eliminate_row<T>(end - begin, above, part(I), scratch.data());
            above = part(I);
        }
        for (Index I = coarse_rows - 2; I >= 0; --I) substitute_row<T>(end - begin, part(I), part(I + 1));
    });
}

// What one row of cells of four coarse pixels, a b above c d, adds to P* A P; and the edges a-b above and a-c to its
// left. Between them lie the pixels top, left, right and bottom, each on its line with a share of either end (left: of
// u and d, up and down; top: of l and r), and the middle:
//
//     a     top     b         row i, even
//
//   left   middle  right      row i + 1
//
//     c    bottom   d         row i + 2
template <class T>
struct Cells {
    enum Entry : std::size_t { aa, bb, cc, dd, ab, cd, ac, bd, ad, bc, entries };
    Index row = -1;
    std::vector<T> memory;

    explicit Cells(Index half) : memory(entries * static_cast<std::size_t>(half + 2)) {}
    T* at(Entry entry) { return memory.data() + entry * (memory.size() / entries) + 1; }
};

// What cells_row reads: the fine weights, shares and inverses of rows i, i + 1 and i + 2.
template <class T>
struct CellRows {
    const T *inverse_top, *inverse_left, *inverse_middle;
    const T *top_l, *top_r, *left_u, *left_d, *bottom_l, *bottom_r;    // shares
    const T *top_a, *top_b, *left_a, *left_c;                          // weights on the lines
    const T *middle_top, *middle_left, *middle_right, *middle_bottom;  // weights of the middle
    const T *middle_a, *middle_b, *middle_c, *middle_d;                // with diagonals
    const T *top_left, *top_right, *bottom_left, *bottom_right;
};

template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void cells_row(Index half, CellRows<T> in, std::array<T*, 10> out) {
    using C = Cells<T>;
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        const T tl = in.top_l[k], tr = in.top_r[k], bl = in.bottom_l[k], br = in.bottom_r[k];
        const T lu = in.left_u[k], ld = in.left_d[k], ru = in.left_u[k + 1], rd = in.left_d[k + 1];
        // the middle, eliminated: - s s' / degree
        const T wt = in.middle_top[k], wb = in.middle_bottom[k], wl = in.middle_left[k], wr = in.middle_right[k];
        T sa = wt * tl + wl * lu, sb = wt * tr + wr * ru, sc = wb * bl + wl * ld, sd = wb * br + wr * rd;
        if constexpr (Diagonals) {
            sa += in.middle_a[k], sb += in.middle_b[k], sc += in.middle_c[k], sd += in.middle_d[k];
        }
        const T inverse = in.inverse_middle[k];
        T aa = -inverse * sa * sa, bb = -inverse * sb * sb, cc = -inverse * sc * sc, dd = -inverse * sd * sd;
        T ab = -inverse * sa * sb, cd = -inverse * sc * sd, ac = -inverse * sa * sc, bd = -inverse * sb * sd;
        T ad = -inverse * sa * sd, bc = -inverse * sb * sc;
        if constexpr (Diagonals) {  // the four edges between the lines: - w (P_x P_y' + P_y P_x')
            const T w0 = in.top_left[k], w1 = in.top_right[k], w2 = in.bottom_left[k], w3 = in.bottom_right[k];
            aa -= 2 * w0 * tl * lu, bb -= 2 * w1 * tr * ru, cc -= 2 * w2 * bl * ld, dd -= 2 * w3 * br * rd;
            ab -= w0 * tr * lu + w1 * tl * ru, cd -= w2 * br * ld + w3 * bl * rd;
            ac -= w0 * tl * ld + w2 * bl * lu, bd -= w1 * tr * rd + w3 * br * ru;
            ad -= w1 * tl * rd + w2 * br * lu, bc -= w0 * tr * ld + w3 * bl * ru;
        }
        // the pixel on the upper and the one on the left line
        const T top = in.inverse_top[k] > 0 ? T(1) / in.inverse_top[k] : T(0);
        const T left = in.inverse_left[k] > 0 ? T(1) / in.inverse_left[k] : T(0);
        aa += tl * (top * tl - 2 * in.top_a[k]) + lu * (left * lu - 2 * in.left_a[k]);
        bb += tr * (top * tr - 2 * in.top_b[k]);
        cc += ld * (left * ld - 2 * in.left_c[k]);
        ab += top * tl * tr - in.top_a[k] * tr - in.top_b[k] * tl;
        ac += left * lu * ld - in.left_a[k] * ld - in.left_c[k] * lu;
        out[C::aa][k] = aa, out[C::bb][k] = bb, out[C::cc][k] = cc, out[C::dd][k] = dd;
        out[C::ab][k] = ab, out[C::cd][k] = cd, out[C::ac][k] = ac, out[C::bd][k] = bd;
        out[C::ad][k] = ad, out[C::bc][k] = bc;
    }
}

// Cell row I of a level; computed once while rows come in order.
template <bool Diagonals, class T>
Cells<T>& cells(const Level<T>& level, Index I, std::array<Cells<T>, 2>& memory) {
    Cells<T>& cells = memory[static_cast<std::size_t>(I % 2)];
    if (cells.row == I) return cells;
    cells.row = I;
    const Index i = 2 * I;
    // below the last row there is only the zero row; there may be no second one
    const Index next = std::min(i + 1, level.rows), last = std::min(i + 2, level.rows);
    const auto w = [&](Index row, Index parity, Edge edge) { return level.w.half(row, parity, edge); };
    CellRows<T> in{};
    in.inverse_top = level.inverse.half(i, 1);
    in.inverse_left = level.inverse.half(next, 0), in.inverse_middle = level.inverse.half(next, 1);
    in.top_l = level.share.half(i, 0), in.top_r = level.share.half(i, 1);
    in.left_u = level.share.half(next, 0), in.left_d = level.share.half(next, 1);
    in.bottom_l = level.share.half(last, 0), in.bottom_r = level.share.half(last, 1);
    in.top_a = w(i, 0, right), in.top_b = w(i, 1, right);
    in.left_a = w(i, 0, down), in.left_c = w(next, 0, down);
    in.middle_top = w(i, 1, down), in.middle_bottom = w(next, 1, down);
    in.middle_left = w(next, 0, right), in.middle_right = w(next, 1, right);
    if constexpr (Diagonals) {
        in.middle_a = w(i, 0, down_right), in.middle_b = w(i, 0, down_left) + 1;
        in.middle_c = w(next, 1, down_left), in.middle_d = w(next, 1, down_right);
        in.top_left = w(i, 1, down_left), in.top_right = w(i, 1, down_right);
        in.bottom_left = w(next, 0, down_right), in.bottom_right = w(next, 0, down_left) + 1;
    }
    std::array<T*, 10> out;
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = cells.at(typename Cells<T>::Entry(k));
    cells_row<Diagonals, T>(level.half, in, out);
    return cells;
}

// The diagonal and the four edges of a coarse row, from the cells above and below it.
template <class T>
PYVARCOLOR_ROW_KERNEL void coarse_row(Index half, const T* inverse, std::array<const T*, 10> above,
                                      std::array<const T*, 10> below, T* diagonal, std::array<T*, 4> w) {
    using C = Cells<T>;
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        diagonal[k] = T(1) / inverse[k] + below[C::aa][k] + below[C::bb][k - 1] + above[C::cc][k] + above[C::dd][k - 1];
        w[right][k] = -(below[C::ab][k] + above[C::cd][k]);
        w[down][k] = -(below[C::ac][k] + below[C::bd][k - 1]);
        w[down_right][k] = -below[C::ad][k];
        w[down_left][k] = -below[C::bc][k - 1];
    }
}

// Scratch of one thread.
template <class T>
struct GalerkinRows {
    std::array<Cells<T>, 2> cells;
    Cells<T> none;
    std::array<std::vector<T>, 5> row;
    explicit GalerkinRows(Index half) : cells{Cells<T>(half), Cells<T>(half)}, none(half) {
        for (auto& line : row) line.resize(static_cast<std::size_t>(half));
    }
};

// Row I of P* A P: its weights, and in `m` its diagonal (infinite where the pixel is bound).
template <bool Diagonals, class T>
void coarsen(const Level<T>& fine, const Level<T>& coarse, Index I, GalerkinRows<T>& scratch) {
    Cells<T>& above = I > 0 ? cells<Diagonals>(fine, I - 1, scratch.cells) : scratch.none;
    Cells<T>& below = cells<Diagonals>(fine, I, scratch.cells);
    std::array<const T*, 10> from_above, from_below;
    for (std::size_t k = 0; k < from_above.size(); ++k) {
        const auto entry = typename Cells<T>::Entry(k);
        from_above[k] = above.at(entry), from_below[k] = below.at(entry);
    }
    T* diagonal = scratch.row[4].data();
    std::array<T*, 4> w;
    for (std::size_t edge = 0; edge < 4; ++edge) w[edge] = scratch.row[edge].data();
    coarse_row<T>(coarse.cols, fine.inverse.half(2 * I, 0), from_above, from_below, diagonal, w);
    for (Index edge = 0; edge < 4; ++edge)
        split_row<T>(coarse.cols, w[static_cast<std::size_t>(edge)], coarse.w.half(I, 0, edge),
                     coarse.w.half(I, 1, edge));
    split_row<T>(coarse.cols, diagonal, coarse.m.half(I, 0), coarse.m.half(I, 1));
}

// m and inverse of half a row, from the diagonal in m.
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void degree_row(Index half, Around<Diagonals, T> around, T* m, T* inverse) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        const T diagonal = m[k];
        const bool free = diagonal > 0 && diagonal <= std::numeric_limits<T>::max();
        inverse[k] = free ? T(1) / diagonal : T(0);
        m[k] = free ? diagonal - sum_of(around.w, k) : T(0);
    }
}

template <class T>
void degrees(const Level<T>& level, Index i) {
    for (Index parity = 0; parity < 2; ++parity)
        degree_row<true, T>((level.cols + 1 - parity) / 2, around<true>(level, level.u, i, parity),
                            level.m.half(i, parity), level.inverse.half(i, parity));
}

// All coarse levels from the finest one's weights and inverses.
template <class T>
void coarsen_all(Team& team, const Hierarchy<T>& hierarchy, std::size_t from = 0) {
    GalerkinRows<T> rows(hierarchy.levels[from].half);
    std::vector<T> scratch(static_cast<std::size_t>(2 * hierarchy.levels[from].half));
    for (std::size_t l = from; l + 1 < hierarchy.levels.size(); ++l) {
        const Level<T>&fine = hierarchy.levels[l], &coarse = hierarchy.levels[l + 1];
        if (!is_shared(team, coarse)) return team.alone([&](Team& one) { coarsen_all(one, hierarchy, l); });
        for (auto& cells : rows.cells) cells.row = -1;
        const auto level = [&](auto diagonals) {
            constexpr bool d = decltype(diagonals)::value;
            shares<d>(team, fine, coarse.rows, scratch);
            team.pipeline(
                coarse.rows, [&](Index I) { coarsen<d>(fine, coarse, I, rows); }, [&](Index I) { degrees(coarse, I); });
        };
        fine.diagonals ? level(std::true_type{}) : level(std::false_type{});
    }
}

}  // namespace pyvarcolor
