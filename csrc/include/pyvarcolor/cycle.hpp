// One W-cycle, and the full multigrid that starts from nothing (Brandt 1977), both channels in lockstep.
//
// W(1,1) with Gauss-Seidel by four colours (row and column even or odd), after the coarse correction in reverse order.
// Each pass over memory does all that can follow it down the rows.
#pragma once

#include <algorithm>
#include <vector>

#include "pyvarcolor/hierarchy.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// One colour of Gauss-Seidel: u = (f + sum w u_j) / degree
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void relax_row(Index half, Around<Diagonals, T> around, const T* inverse, const T* f,
                                     Index f_channel, T* u) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        for (Index c = 0; c < 2; ++c)
            u[k + c * around.channel] = inverse[k] * (f[k + c * f_channel] + around.sum(k, c));
}

// r = f - A u on the free pixels, else 0
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void residual_row(Index half, Around<Diagonals, T> around, const T* inverse, const T* m,
                                        const T* f, Index f_channel, const T* u, T* r, Index r_channel) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        for (Index c = 0; c < 2; ++c) {
            const T here = u[k + c * around.channel];
            const T value = f[k + c * f_channel] - m[k] * here + around.flow(k, c, here);
            r[k + c * r_channel] = inverse[k] > 0 ? value : T(0);
        }
}

// The coarse right-hand side: a pixel's own residual, and its shares of those on the lines to its neighbours.
template <class T>
PYVARCOLOR_ROW_KERNEL void gather_row(Index half, const T* here, const T* on_row, const T* above, const T* below,
                                      const T* share_l, const T* share_r, const T* share_d, const T* share_u, T* f) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        f[k] = here[k] + share_l[k] * on_row[k] + share_r[k - 1] * on_row[k - 1] + share_d[k] * above[k] +
               share_u[k] * below[k];
}

// What the coarse rows a and b (the next one) say about the fine rows 2 I (halves e, o) and 2 I + 1 (even half v).
template <bool Add, class T>
PYVARCOLOR_ROW_KERNEL void spread_row(Index half, const T* a, const T* b, const T* share_l, const T* share_r,
                                      const T* share_u, const T* share_d, T* e, T* o, T* v) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        e[k] = (Add ? e[k] : T(0)) + a[k];
        o[k] = (Add ? o[k] : T(0)) + share_l[k] * a[k] + share_r[k] * a[k + 1];
        v[k] = (Add ? v[k] : T(0)) + share_u[k] * a[k] + share_d[k] * b[k];
    }
}

// Passes over one level; each method of a row may run as a stage of a pipeline.
template <bool Diagonals, class T>
class Passes {
public:
    Passes(const Level<T>& fine, const Level<T>& coarse, std::vector<T>& scratch)
        : fine_(fine), coarse_(coarse), line_(fine.half + 2), scratch_(scratch) {
        scratch_.assign(static_cast<std::size_t>(8 * line_), T(0));
    }

    void relax(Index i, Index parity, Known known = {}) {
        relax_row<Diagonals, T>(fine_.half, around<Diagonals>(fine_, fine_.u, i, parity, known),
                                fine_.inverse.half(i, parity), fine_.f.half(i, parity), fine_.f.plane_stride(),
                                fine_.u.half(i, parity));
    }
    void clear(Index i, Index parity) {
        for (Index c = 0; c < 2; ++c) std::fill_n(fine_.u.half(i, parity, c), fine_.half, T(0));
    }

    // Before the coarse correction: even rows, odd rows, and the coarse right-hand side.
    void even_row(Index I, bool from_zero) {
        relax(2 * I, 0, {!from_zero, !from_zero});
        relax(2 * I, 1, {true, !from_zero});
    }
    void odd_row(Index I, bool from_zero) {
        if (2 * I + 1 >= fine_.rows) return;
        relax(2 * I + 1, 0, {!from_zero, true});
        relax(2 * I + 1, 1);
    }
    // Only the pixels in the middle of four, whose interpolation this is.
    void clear_even_row(Index I) { clear(2 * I, 0), clear(2 * I, 1); }
    void middles_from_zero(Index I) {
        if (2 * I + 1 >= fine_.rows) return;
        clear(2 * I + 1, 0);
        relax(2 * I + 1, 1, {false, false});
    }
    // Everywhere but in those middles, where relaxation has just left none, the residual goes to the coarse level.
    void restrict(Index I) {
        const Index i = 2 * I, above = std::max<Index>(i - 1, -1), below = std::min(i + 1, fine_.rows);
        residual(i, 0, 0), residual(i, 1, 2), residual(above, 0, 4), residual(below, 0, 6);
        for (Index c = 0; c < 2; ++c) {  // in place of the row's own residual, which is read at k only
            gather_row<T>(fine_.half, line(c), line(2 + c), line(4 + c), line(6 + c), fine_.share.half(i, 0),
                          fine_.share.half(i, 1), fine_.share.half(above, 1), fine_.share.half(below, 0), line(c));
            split_row<T>(coarse_.cols, line(c), coarse_.f.half(I, 0, c), coarse_.f.half(I, 1, c));
        }
    }

    // After it: the correction, odd rows, even rows, in the reverse order of colours.
    template <bool Add>
    void spread(Index I) {
        const Index i = 2 * I, below = std::min(i + 1, fine_.rows);
        for (Index c = 0; c < 2; ++c) {
            T *a = line(0), *b = line(1);
            join_row<T>(coarse_.cols, coarse_.u.half(I, 0, c), coarse_.u.half(I, 1, c), a);
            join_row<T>(coarse_.cols, coarse_.u.half(I + 1, 0, c), coarse_.u.half(I + 1, 1, c), b);
            T* v = i + 1 < fine_.rows ? fine_.u.half(below, 0, c) : line(2);
            spread_row<Add, T>(fine_.half, a, b, fine_.share.half(i, 0), fine_.share.half(i, 1),
                               fine_.share.half(below, 0), fine_.share.half(below, 1), fine_.u.half(i, 0, c),
                               fine_.u.half(i, 1, c), v);
        }
    }
    void odd_row_back(Index I) {
        if (2 * I + 1 >= fine_.rows) return;
        relax(2 * I + 1, 1);
        relax(2 * I + 1, 0);
    }
    void even_row_back(Index I) {
        relax(2 * I, 1);
        relax(2 * I, 0);
    }

private:
    T* line(Index k) { return scratch_.data() + k * line_ + 1; }

    void residual(Index i, Index parity, Index to) {
        residual_row<Diagonals, T>(fine_.half, around_inside(i, parity), fine_.inverse.half(i, parity),
                                   fine_.m.half(i, parity), fine_.f.half(i, parity), fine_.f.plane_stride(),
                                   fine_.u.half(i, parity), line(to), line_);
    }
    // A row outside of the image has no neighbours, and its inverse is 0: it may look at any that this thread wrote.
    Around<Diagonals, T> around_inside(Index i, Index parity) {
        return around<Diagonals>(fine_, fine_.u, std::clamp<Index>(i, 0, fine_.rows - 1), parity);
    }

    const Level<T>&fine_, &coarse_;
    Index line_;
    std::vector<T>& scratch_;
};

// body(passes) with the Passes of a level, for its kind of neighbours.
template <class T, class Body>
void with_passes(const Hierarchy<T>& h, std::size_t l, std::vector<T>& scratch, Body body) {
    if (h.levels[l].diagonals) {
        Passes<true, T> passes(h.levels[l], h.levels[l + 1], scratch);
        body(passes);
    } else {
        Passes<false, T> passes(h.levels[l], h.levels[l + 1], scratch);
        body(passes);
    }
}

// The last level is one pixel.
template <class T>
void solve_last(Team& team, const Level<T>& last) {
    if (team.is_first())
        for (Index c = 0; c < 2; ++c) *last.u.half(0, 0, c) = *last.inverse.half(0, 0) * *last.f.half(0, 0, c);
}

// W-shaped where it pays, V-shaped below: on small levels visits cost more than they do.
template <class T>
bool is_visited_twice(const Level<T>& level) {
    return (level.rows + 1) / 2 * level.half >= 256;
}

// From f, and with from_zero = false from u: relaxed, restricted, corrected.
template <class T>
void w_cycle(Team& team, const Hierarchy<T>& h, std::size_t l, bool from_zero, std::vector<T>& scratch) {
    if (l + 1 == h.levels.size()) return solve_last(team, h.levels[l]);
    const Index rows = h.levels[l + 1].rows;
    if (!is_shared(team, h.levels[l + 1]))
        return team.alone([&](Team& one) { w_cycle(one, h, l, from_zero, scratch); });
    with_passes(h, l, scratch, [&](auto& p) {
        team.pipeline(
            rows, [&](Index I) { p.even_row(I, from_zero); }, [&](Index I) { p.odd_row(I, from_zero); },
            [&](Index I) { p.restrict(I); });
    });
    w_cycle(team, h, l + 1, true, scratch);
    if (is_visited_twice(h.levels[l + 1])) w_cycle(team, h, l + 1, false, scratch);
    with_passes(h, l, scratch, [&](auto& p) {
        team.pipeline(
            rows, [&](Index I) { p.template spread<true>(I); }, [&](Index I) { p.odd_row_back(I); },
            [&](Index I) { p.even_row_back(I); });
    });
}

// Full multigrid: u of a level from f alone, by the solution of the next one.
template <class T>
void full_multigrid(Team& team, const Hierarchy<T>& h, std::size_t l, std::vector<T>& scratch) {
    if (l + 1 == h.levels.size()) return solve_last(team, h.levels[l]);
    const Index rows = h.levels[l + 1].rows;
    if (!is_shared(team, h.levels[l + 1])) return team.alone([&](Team& one) { full_multigrid(one, h, l, scratch); });
    with_passes(h, l, scratch, [&](auto& p) {
        team.pipeline(
            rows, [&](Index I) { p.clear_even_row(I); }, [&](Index I) { p.middles_from_zero(I); },
            [&](Index I) { p.restrict(I); });
    });
    full_multigrid(team, h, l + 1, scratch);
    with_passes(h, l, scratch, [&](auto& p) {
        team.pipeline(
            rows, [&](Index I) { p.template spread<false>(I); }, [&](Index I) { p.odd_row_back(I); },
            [&](Index I) { p.even_row_back(I); });
    });
    w_cycle(team, h, l, false, scratch);
}

}  // namespace pyvarcolor
