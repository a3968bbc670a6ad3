// Exact quadratic propagation, both channels in lockstep: conjugate gradients preconditioned by a multigrid V-cycle.
//
//   min_u  1/2 sum_edges w_ij |u_i - u_j|^2  +  1/2 sum_soft w_i |u_i - hint_i|^2,   u_i = hint_i where a hint is hard
//
// V(1,1) with Gauss-Seidel by four colours (row and column even or odd), after the coarse correction in reverse order;
// started by a full multigrid (Brandt 1977). Each pass over memory does all that can follow it down the rows.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "pyvarcolor/galerkin.hpp"
#include "pyvarcolor/hierarchy.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// One colour of Gauss-Seidel: u = (f + sum w u_j) / degree
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void relax_row(Index half, Around<Diagonals, T> around, const T* inverse, const T* f, Index f_channel,
                                     T* u) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        for (Index c = 0; c < 2; ++c)
            u[k + c * around.channel] = inverse[k] * (f[k + c * f_channel] + around.sum(k, c));
}

// r = f - A u on the free pixels, else 0
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void residual_row(Index half, Around<Diagonals, T> around, const T* inverse, const T* m, const T* f,
                                        Index f_channel, const T* u, T* r, Index r_channel) {
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

// q = A p on the free pixels, else 0
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void image_row(Index half, Around<Diagonals, T> around, const T* inverse, const T* m, const T* p,
                                     T* q) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        for (Index c = 0; c < 2; ++c) {
            const T here = p[k + c * around.channel];
            q[k + c * around.channel] = inverse[k] > 0 ? m[k] * here - around.flow(k, c, here) : T(0);
        }
}

// f = the residual of u where f held the hints; returns twice ... the energy of u
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL double start_row(Index half, Around<Diagonals, T> around, const T* inverse, const T* m, const T* u,
                                       T* f) {
    double energy = 0;
    for (Index k = 0; k < half; ++k) {
        T square = 0;
        for (Index c = 0; c < 2; ++c) {
            const T here = u[k + c * around.channel], pull = f[k + c * around.channel] - here;
            T total = m[k] * pull;
            square += m[k] * pull * pull;
            for (int n = 0; n < Around<Diagonals, T>::count; ++n) {
                const T step = around.v[n][k + c * around.channel] - here;
                total += around.w[n][k] * step;
                square += T(0.5) * around.w[n][k] * step * step;
            }
            f[k + c * around.channel] = inverse[k] > 0 ? total : T(0);
        }
        energy += 0.5 * double(square);
    }
    return energy;
}

// u = hint where it is hard
template <class T>
PYVARCOLOR_ROW_KERNEL void bind_row(Index cols, const T* hint_weight, const T* hint, T* u) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) u[j] = hint_weight[j] <= std::numeric_limits<T>::max() ? u[j] : hint[j];
}

// On the finest level, whose m comes as the weight of hints: infinite where they are hard.
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void finest_degree_row(Index half, Around<Diagonals, T> around, T* m, T* inverse) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        const bool hard = !(m[k] <= std::numeric_limits<T>::max());
        const T degree = (hard ? T(0) : m[k]) + sum_of(around.w, k);
        inverse[k] = hard || !(degree > 0) ? T(0) : T(1) / degree;
        m[k] = hard ? T(0) : m[k];
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
    void even_row_from_zero(Index I) {
        relax(2 * I, 0, {false, false});
        relax(2 * I, 1, {true, false});
    }
    void odd_row_from_zero(Index I) {
        if (2 * I + 1 >= fine_.rows) return;
        relax(2 * I + 1, 0, {false, true});
        relax(2 * I + 1, 1);
    }
    void even_row(Index I) {
        relax(2 * I, 0);
        relax(2 * I, 1);
    }
    void odd_row(Index I) {
        if (2 * I + 1 >= fine_.rows) return;
        relax(2 * I + 1, 0);
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
        T* joined = scratch_.data() + 1;  // the row itself: it is read at k only
        for (Index c = 0; c < 2; ++c) {
            gather_row<T>(fine_.half, line(c), line(2 + c), line(4 + c), line(6 + c), fine_.share.half(i, 0),
                          fine_.share.half(i, 1), fine_.share.half(above, 1), fine_.share.half(below, 0),
                          joined + c * line_);
            split_row(coarse_.cols, joined + c * line_, coarse_.f.half(I, 0, c), coarse_.f.half(I, 1, c));
        }
    }

    // After it: the correction, odd rows, even rows, in the reverse order of colours.
    template <bool Add>
    void spread(Index I) {
        const Index i = 2 * I, below = std::min(i + 1, fine_.rows);
        for (Index c = 0; c < 2; ++c) {
            T *a = line(0), *b = line(1);
            join_row(coarse_.cols, coarse_.u.half(I, 0, c), coarse_.u.half(I, 1, c), a);
            join_row(coarse_.cols, coarse_.u.half(I + 1, 0, c), coarse_.u.half(I + 1, 1, c), b);
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
    // A row outside of the image has no neighbours; its inverse is 0.
    Around<Diagonals, T> around_inside(Index i, Index parity) {
        return around<Diagonals>(fine_, fine_.u, i < 0 || i >= fine_.rows ? Index(0) : i, parity);
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

template <class T>
void v_cycle(Team& team, const Hierarchy<T>& h, std::size_t l, bool from_zero, std::vector<T>& scratch);

// From f, and with from_zero = false from u: relaxed, restricted, corrected.
template <class T>
void v_cycle(Team& team, const Hierarchy<T>& h, std::size_t l, bool from_zero, std::vector<T>& scratch) {
    if (l + 1 == h.levels.size()) return solve_last(team, h.levels[l]);
    const Index rows = h.levels[l + 1].rows;
    if (!is_shared(team, h.levels[l + 1]))
        return team.alone([&](Team& one) { v_cycle(one, h, l, from_zero, scratch); });
    with_passes(h, l, scratch, [&](auto& p) {
        const auto restrict = [&](Index I) { p.restrict(I); };
        if (from_zero)
            team.pipeline(
                rows, [&](Index I) { p.even_row_from_zero(I); }, [&](Index I) { p.odd_row_from_zero(I); }, restrict);
        else
            team.pipeline(
                rows, [&](Index I) { p.even_row(I); }, [&](Index I) { p.odd_row(I); }, restrict);
    });
    v_cycle(team, h, l + 1, true, scratch);
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
    v_cycle(team, h, l, false, scratch);
}

// The weights of the finest level, from edges (rows, 2 or 4, cols): right, down and the diagonals.
template <class T>
void multigrid_weights(Image<const T> edges, const Hierarchy<T>& h) {
    const Level<T>& fine = h.levels[0];
    parallel_rows(edges, [&](Index i) {
        for (Index edge = 0; edge < edges.channels; ++edge)
            split_row(fine.cols, edges.row(i, edge), fine.w.half(i, 0, edge), fine.w.half(i, 1, edge));
    });
}

// All levels for these hints.
template <class T>
void multigrid_setup(Image<const T> hint_weight, const Hierarchy<T>& h) {
    const Level<T>& fine = h.levels[0];
    const auto degree = [&](auto diagonals, Index i) {
        split_row(fine.cols, hint_weight.row(i), fine.m.half(i, 0), fine.m.half(i, 1));
        for (Index parity = 0; parity < 2; ++parity)
            finest_degree_row<decltype(diagonals)::value, T>(
                (fine.cols + 1 - parity) / 2, around<decltype(diagonals)::value>(fine, fine.u, i, parity),
                fine.m.half(i, parity), fine.inverse.half(i, parity));
    };
    with_team(hint_weight, [&](Team& team) {
        team.rows([&](Index i) { fine.diagonals ? degree(std::true_type{}, i) : degree(std::false_type{}, i); });
        coarsen_all(team, h);
    });
}

// What conjugate gradients carry from call to call.
struct Progress {
    Sums rho;
    double energy = 0, path = 0;  // of the solution; mean distance that the pixels have come
};

// z = direction = z + b direction
template <class T>
PYVARCOLOR_ROW_KERNEL void direction_row(Index half, T b, const T* z, T* p) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) p[k] = z[k] + b * p[k];
}

// sum of a b, in lanes that are added in order
template <class T>
PYVARCOLOR_ROW_KERNEL double half_dot_row(Index half, const T* a, const T* b) {
    T lane[16] = {};
    Index k = 0;
    for (; k + 16 <= half; k += 16)
        for (Index n = 0; n < 16; ++n) lane[n] += a[k + n] * b[k + n];
    for (; k < half; ++k) lane[k % 16] += a[k] * b[k];
    double sum = 0;
    for (T value : lane) sum += double(value);
    return sum;
}

// sum of |(a, b)|
template <class T>
PYVARCOLOR_ROW_KERNEL double length_row(Index half, T alpha_a, T alpha_b, const T* a, const T* b) {
    T lane[16] = {};
    const auto length = [=](Index k) { return std::sqrt(alpha_a * a[k] * a[k] + alpha_b * b[k] * b[k]); };
    Index k = 0;
    for (; k + 16 <= half; k += 16)
        for (Index n = 0; n < 16; ++n) lane[n] += length(k + n);
    for (; k < half; ++k) lane[k % 16] += length(k);
    double sum = 0;
    for (T value : lane) sum += double(value);
    return sum;
}

// r -= alpha q
template <class T>
PYVARCOLOR_ROW_KERNEL void subtract_row(Index half, T alpha, const T* q, T* r) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) r[k] -= alpha * q[k];
}

// u += alpha p, from halves to the whole row
template <class T>
PYVARCOLOR_ROW_KERNEL void advance_row(Index cols, T alpha, const T* even, const T* odd, T* u) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < cols / 2; ++k) {
        u[2 * k] += alpha * even[k];
        u[2 * k + 1] += alpha * odd[k];
    }
    if (cols % 2) u[cols - 1] += alpha * even[cols / 2];
}

// a / b of each channel, 0 where b is 0: the solution is reached.
inline Sums quotient(const Sums& a, const Sums& b) {
    return {{b.of[0] > 0 ? a.of[0] / b.of[0] : 0, b.of[1] > 0 ? a.of[1] / b.of[1] : 0}};
}

// One step of conjugate gradients (Hestenes and Stiefel 1952), z = precondition(r) given in u of the finest level.
template <bool Diagonals, class T>
void cg_step(Team& team, const Hierarchy<T>& h, Image<T> u, Progress& progress) {
    const Level<T>& fine = h.levels[0];
    const Halves<T>&r = fine.f, &z = fine.u, &q = fine.u, &p = h.direction;
    const auto each = [&](Index i, auto f) {  // f(channel, half) summed over halves, for each channel
        Sums sums;
        for (Index c = 0; c < 2; ++c)
            for (Index parity = 0; parity < 2; ++parity) sums.of[std::size_t(c)] += f(c, parity);
        (void)i;
        return sums;
    };
    const Sums rho = team.sum([&](Index i) {
        return each(i, [&](Index c, Index parity) {
            return half_dot_row<T>(fine.half, r.half(i, parity, c), z.half(i, parity, c));
        });
    });
    const Sums b = quotient(rho, progress.rho);
    std::vector<Sums>& curvatures = team.partials();
    team.pipeline(
        fine.rows,
        [&](Index i) {
            for (Index c = 0; c < 2; ++c)
                for (Index parity = 0; parity < 2; ++parity)
                    direction_row<T>(fine.half, T(b.of[std::size_t(c)]), z.half(i, parity, c), p.half(i, parity, c));
        },
        [&](Index i) {
            for (Index parity = 0; parity < 2; ++parity)
                image_row<Diagonals, T>(fine.half, around<Diagonals>(fine, p, i, parity), fine.inverse.half(i, parity),
                                        fine.m.half(i, parity), p.half(i, parity), q.half(i, parity));
            curvatures[std::size_t(i)] = each(i, [&](Index c, Index parity) {
                return half_dot_row<T>(fine.half, p.half(i, parity, c), q.half(i, parity, c));
            });
        });
    const Sums alpha = quotient(rho, Team::total(curvatures, fine.rows));
    const Sums path = team.sum([&](Index i) {
        Sums sums;
        for (Index c = 0; c < 2; ++c) {
            const T step = T(alpha.of[std::size_t(c)]);
            advance_row<T>(fine.cols, step, p.half(i, 0, c), p.half(i, 1, c), u.row(i, c));
            for (Index parity = 0; parity < 2; ++parity)
                subtract_row<T>(fine.half, step, q.half(i, parity, c), r.half(i, parity, c));
        }
        for (Index parity = 0; parity < 2; ++parity)
            sums.of[0] += length_row<T>(fine.half, T(alpha.of[0] * alpha.of[0]), T(alpha.of[1] * alpha.of[1]),
                                        p.half(i, parity, 0), p.half(i, parity, 1));
        return sums;
    });
    if (!team.is_first()) return;
    progress.rho = rho;
    progress.path += path.of[0] / double(fine.rows * fine.cols);
    progress.energy -= 0.5 * (alpha.of[0] * rho.of[0] + alpha.of[1] * rho.of[1]);
}

// Sets the hard hints in u, takes the residual, and the first step with a full multigrid.
template <bool Diagonals, class T>
void multigrid_start(Image<T> u, Image<const T> hints, Image<const T> hint_weight, const Hierarchy<T>& h,
                     Progress& progress) {
    const Level<T>& fine = h.levels[0];
    with_team(u, [&](Team& team) {
        std::vector<T> scratch;
        std::vector<Sums>& energies = team.partials();
        team.pipeline(
            fine.rows,
            [&](Index i) {
                for (Index c = 0; c < 2; ++c) {
                    bind_row<T>(fine.cols, hint_weight.row(i), hints.row(i, c), u.row(i, c));
                    split_row(fine.cols, u.row(i, c), fine.u.half(i, 0, c), fine.u.half(i, 1, c));
                    split_row(fine.cols, hints.row(i, c), fine.f.half(i, 0, c), fine.f.half(i, 1, c));
                }
            },
            [&](Index i) {
                Sums sums;
                for (Index parity = 0; parity < 2; ++parity)
                    sums.of[0] += start_row<Diagonals, T>((fine.cols + 1 - parity) / 2,
                                                          around<Diagonals>(fine, fine.u, i, parity),
                                                          fine.inverse.half(i, parity), fine.m.half(i, parity),
                                                          fine.u.half(i, parity), fine.f.half(i, parity));
                energies[std::size_t(i)] = sums;
            });
        const double energy = Team::total(energies, fine.rows).of[0];
        if (team.is_first()) progress = {Sums{}, energy, 0};
        full_multigrid(team, h, 0, scratch);
        cg_step<Diagonals>(team, h, u, progress);
        if (team.is_first()) progress.rho = Sums{};  // what follows is preconditioned otherwise: no conjugacy to keep
    });
}

// n iterations of conjugate gradients.
template <bool Diagonals, class T>
void multigrid_cg(Image<T> u, const Hierarchy<T>& h, Progress& progress, Index n) {
    with_team(u, [&](Team& team) {
        std::vector<T> scratch;
        for (Index k = 0; k < n; ++k) {
            v_cycle(team, h, 0, true, scratch);
            cg_step<Diagonals>(team, h, u, progress);
        }
    });
}

// z = one V-cycle for A z = r, the preconditioner by itself.
template <class T>
void multigrid_cycle(Image<const T> r, const Hierarchy<T>& h, Image<T> z) {
    const Level<T>& fine = h.levels[0];
    with_team(r, [&](Team& team) {
        std::vector<T> scratch;
        team.rows([&](Index i) {
            for (Index c = 0; c < 2; ++c) split_row(fine.cols, r.row(i, c), fine.f.half(i, 0, c), fine.f.half(i, 1, c));
        });
        v_cycle(team, h, 0, true, scratch);
        team.rows([&](Index i) {
            for (Index c = 0; c < 2; ++c) join_row(fine.cols, fine.u.half(i, 0, c), fine.u.half(i, 1, c), z.row(i, c));
        });
    });
}

}  // namespace pyvarcolor
