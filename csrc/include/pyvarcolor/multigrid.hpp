// Exact quadratic propagation, both channels in lockstep: conjugate gradients preconditioned by a multigrid W-cycle.
//
//   min_u  first/2 sum_edges w_ij |u_i - u_j|^2  +  beta/2 sum_i |(L u)_i|^2 / d_i  +  1/2 sum_soft w |u - hint|^2
//
// with (L u)_i = sum_j w_ij (u_i - u_j), d_i = sum_j w_ij, and u_i = hint_i where a hint is hard. So the matrix is
// A = L (first + beta D^-1 L) + soft weights. The levels are those of L + soft weights; a bilaplacian is met by a
// polynomial on both sides of the cycle W, (1 - c D^-1 L) W (1 - c L D^-1), that damps what it amplifies.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "pyvarcolor/cycle.hpp"
#include "pyvarcolor/galerkin.hpp"
#include "pyvarcolor/hierarchy.hpp"
#include "pyvarcolor/parallel.hpp"
#include "pyvarcolor/simd.hpp"

namespace pyvarcolor {

// m and inverse of the finest level; m comes as the weight of hints, infinite where they are hard.
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

// u = hint where it is hard
template <class T>
PYVARCOLOR_ROW_KERNEL void bind_row(Index cols, const T* hint_weight, const T* hint, T* u) {
    PYVARCOLOR_NO_ALIAS
    for (Index j = 0; j < cols; ++j) u[j] = hint_weight[j] <= std::numeric_limits<T>::max() ? u[j] : hint[j];
}

// The weights of the finest level, from edges (rows, 2 or 4, cols): right, down and the diagonals.
template <class T>
void multigrid_weights(Image<const T> edges, const Hierarchy<T>& h) {
    const Level<T>& fine = h.levels[0];
    parallel_rows(edges, [&](Index i) {
        for (Index edge = 0; edge < edges.channels; ++edge)
            split_row<T>(fine.cols, edges.row(i, edge), fine.w.half(i, 0, edge), fine.w.half(i, 1, edge));
    });
}

// All levels for these hints.
template <bool Diagonals, class T>
void multigrid_setup(Image<const T> hint_weight, const Hierarchy<T>& h) {
    const Level<T>& fine = h.levels[0];
    with_team(hint_weight, [&](Team& team) {
        team.rows([&](Index i) {
            split_row<T>(fine.cols, hint_weight.row(i), fine.m.half(i, 0), fine.m.half(i, 1));
            for (Index parity = 0; parity < 2; ++parity)
                finest_degree_row<Diagonals, T>((fine.cols + 1 - parity) / 2,
                                                around<Diagonals>(fine, fine.u, i, parity), fine.m.half(i, parity),
                                                fine.inverse.half(i, parity));
        });
        coarsen_all(team, h);
    });
}

// s = first p + beta D^-1 L p, so that A p = L s + soft p
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void mixed_row(Index half, Around<Diagonals, T> around, T first, T beta, const T* p, T* s) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) {
        const T degree = sum_of(around.w, k), share = degree > 0 ? beta / degree : T(0);
        for (Index c = 0; c < 2; ++c) {
            const T here = p[k + c * around.channel];
            s[k + c * around.channel] = first * here - share * around.flow(k, c, here);
        }
    }
}

// out = scale (m (b - p) + sum w (s_j - s)) on the free pixels, else 0: the residual, or minus the image
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL void flow_row(Index half, Around<Diagonals, T> around, T scale, const T* inverse, const T* m,
                                    const T* b, const T* p, const T* s, T* out) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        for (Index c = 0; c < 2; ++c) {
            const Index at = k + c * around.channel;
            const T value = m[k] * (b[at] - p[at]) + around.flow(k, c, s[at]);
            out[at] = inverse[k] > 0 ? scale * value : T(0);
        }
}

// out = inverse in
template <class T>
PYVARCOLOR_ROW_KERNEL void scale_row(Index half, Index channel, const T* inverse, const T* in, T* out) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        for (Index c = 0; c < 2; ++c) out[k + c * channel] = inverse[k] * in[k + c * channel];
}

// out = a - b
template <class T>
PYVARCOLOR_ROW_KERNEL void minus_row(Index half, Index channel, const T* a, const T* b, T* out) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k)
        for (Index c = 0; c < 2; ++c) out[k + c * channel] = a[k + c * channel] - b[k + c * channel];
}

// p = z + b p
template <class T>
PYVARCOLOR_ROW_KERNEL void direction_row(Index half, T b, const T* z, T* p) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) p[k] = z[k] + b * p[k];
}

// y += alpha x
template <class T>
PYVARCOLOR_ROW_KERNEL void axpy_row(Index half, T alpha, const T* x, T* y) {
    PYVARCOLOR_NO_ALIAS
    for (Index k = 0; k < half; ++k) y[k] += alpha * x[k];
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

// sum of f(k), in lanes that are added in order
template <class T, class F>
PYVARCOLOR_INLINE double sum_lanes(Index half, F f) {
    T lane[16] = {};
    Index k = 0;
    for (; k + 16 <= half; k += 16)
        for (Index n = 0; n < 16; ++n) lane[n] += f(k + n);
    for (; k < half; ++k) lane[k % 16] += f(k);
    double sum = 0;
    for (T value : lane) sum += double(value);
    return sum;
}

template <class T>
PYVARCOLOR_ROW_KERNEL double dot_row(Index half, const T* a, const T* b) {
    return sum_lanes<T>(half, [=](Index k) { return a[k] * b[k]; });
}

// The energy of half a row: 1/2 m |b - u|^2 - 1/2 u sum w (s_j - s), with s as in mixed_row
template <bool Diagonals, class T>
PYVARCOLOR_ROW_KERNEL double energy_row(Index half, Around<Diagonals, T> around, const T* m, const T* b, const T* u,
                                        const T* s) {
    double energy = 0;
    for (Index c = 0; c < 2; ++c) {
        const Index channel = c * around.channel;
        energy += 0.5 * sum_lanes<T>(half, [=](Index k) {
                      const T here = u[k + channel], pull = b[k + channel] - here;
                      return m[k] * pull * pull - here * around.flow(k, c, s[k + channel]);
                  });
    }
    return energy;
}

// sum of |(alpha_a a, alpha_b b)|
template <class T>
PYVARCOLOR_ROW_KERNEL double length_row(Index half, T alpha_a, T alpha_b, const T* a, const T* b) {
    const T square_a = alpha_a * alpha_a, square_b = alpha_b * alpha_b;
    return sum_lanes<T>(half, [=](Index k) { return std::sqrt(square_a * a[k] * a[k] + square_b * b[k] * b[k]); });
}

// a / b of each channel, 0 where b is so small that the solution is reached: products of float would underflow.
inline Sums ratio(const Sums& a, const Sums& b) {
    constexpr double reached = 1e-30;
    return {{b.of[0] > reached ? a.of[0] / b.of[0] : 0, b.of[1] > reached ? a.of[1] / b.of[1] : 0}};
}

// What conjugate gradients carry from call to call.
struct Progress {
    Sums rho;
    double energy = 0, path = 0;  // of the solution; mean distance that the pixels have come
};

// Conjugate gradients (Hestenes and Stiefel 1952) on the finest level; each channel has its own step sizes.
template <bool Diagonals, class T>
class ConjugateGradients {
public:
    ConjugateGradients(Team& team, const Hierarchy<T>& hierarchy, T first, T beta, Image<T> u, Progress& progress)
        : team_(team), h_(hierarchy), fine_(h_.levels[0]), first_(first), beta_(beta), u_(u), progress_(progress) {}

    // Sets the hard hints and takes residual and energy.
    void start(Image<const T> hints, Image<const T> hint_weight) {
        const Halves<T>&u = fine_.u, &b = fine_.f, &s = h_.image;
        std::vector<Sums>& energies = team_.partials();
        const auto read_hints = [&](Index i) {
            for (Index c = 0; c < 2; ++c) {
                bind_row<T>(fine_.cols, hint_weight.row(i), hints.row(i, c), u_.row(i, c));
                split_row<T>(fine_.cols, u_.row(i, c), u.half(i, 0, c), u.half(i, 1, c));
                split_row<T>(fine_.cols, hints.row(i, c), b.half(i, 0, c), b.half(i, 1, c));
            }
        };
        const auto mix = [&](Index i) { each_half([&](Index p) { mixed(i, p, u, s); }); };
        const auto take_residual = [&](Index i) {
            Sums sums;
            each_half([&](Index p) {
                sums.of[0] += energy_row<Diagonals, T>((fine_.cols + 1 - p) / 2, around<Diagonals>(fine_, s, i, p),
                                                       fine_.m.half(i, p), b.half(i, p), u.half(i, p), s.half(i, p));
                flow(i, p, T(1), b, u, s, h_.residual);
            });
            energies[std::size_t(i)] = sums;
        };
        if (h_.bilaplacian)
            team_.pipeline(fine_.rows, read_hints, mix, take_residual);
        else
            team_.pipeline(fine_.rows, read_hints, take_residual);
        const double energy = Team::total(energies, fine_.rows).of[0];
        if (team_.is_first()) progress_ = {Sums{}, energy, 0};
    }

    // The first step, in the direction of a full multigrid. What follows keeps no conjugacy to it.
    void start_step() {
        step([&] { full_multigrid(team_, h_, 0, scratch_); });
        if (team_.is_first()) progress_.rho = Sums{};
    }
    void step() {
        step([&] { w_cycle(team_, h_, 0, true, scratch_); });
    }

private:
    template <class Solve>
    void step(Solve solve) {
        precondition(solve);
        const Halves<T>&r = h_.residual, &z = h_.image, &p = h_.direction, &s = fine_.u, &q = h_.image;
        const Sums rho = team_.sum([&](Index i) { return dot(i, r, z); });
        const Sums b = ratio(rho, progress_.rho);
        std::vector<Sums>& curvatures = team_.partials();
        const auto turn = [&](Index i) {
            each_half([&](Index half) {
                for (Index c = 0; c < 2; ++c)
                    direction_row<T>(fine_.half, T(b.of[std::size_t(c)]), z.half(i, half, c), p.half(i, half, c));
            });
        };
        const auto mix = [&](Index i) { each_half([&](Index half) { mixed(i, half, p, s); }); };
        const auto image_of = [&](const Halves<T>& source) {
            return [&, source](Index i) {
                each_half([&](Index half) { flow(i, half, T(-1), zero(), p, source, q); });
                curvatures[std::size_t(i)] = dot(i, p, q);
            };
        };
        if (h_.bilaplacian)
            team_.pipeline(fine_.rows, turn, mix, image_of(s));
        else
            team_.pipeline(fine_.rows, turn, image_of(p));
        const Sums alpha = ratio(rho, Team::total(curvatures, fine_.rows));
        const Sums path = team_.sum([&](Index i) {
            Sums sums;
            const T steps[2] = {T(alpha.of[0]), T(alpha.of[1])};
            for (Index c = 0; c < 2; ++c)
                advance_row<T>(fine_.cols, steps[c], p.half(i, 0, c), p.half(i, 1, c), u_.row(i, c));
            each_half([&](Index half) {
                for (Index c = 0; c < 2; ++c)
                    axpy_row<T>(fine_.half, -steps[c], q.half(i, half, c), r.half(i, half, c));
                sums.of[0] += length_row<T>(fine_.half, steps[0], steps[1], p.half(i, half, 0), p.half(i, half, 1));
            });
            return sums;
        });
        if (!team_.is_first()) return;
        progress_.rho = rho;
        progress_.path += path.of[0] / double(fine_.rows * fine_.cols);
        progress_.energy -= 0.5 * (alpha.of[0] * rho.of[0] + alpha.of[1] * rho.of[1]);
    }

    // image = the solution for the residual, by `solve` from f to u
    template <class Solve>
    void precondition(Solve solve) {
        if (!h_.bilaplacian) return solve();
        const Halves<T>&r = h_.residual, &f = fine_.f, &u = fine_.u, &s = h_.image;
        const auto damp = [&](const Halves<T>& scaled) {
            return [&, scaled](Index i) { each_half([&](Index p) { scale(i, p, scaled, s); }); };
        };
        team_.pipeline(fine_.rows, damp(r), [&](Index i) {
            each_half([&](Index p) { flow(i, p, T(-damping), zero(), s, s, f), subtract(i, p, r, f, f); });
        });
        solve();
        team_.pipeline(fine_.rows, [&](Index i) {
            each_half(
                [&](Index p) { flow(i, p, T(-damping), zero(), u, u, s), scale(i, p, s, s), subtract(i, p, u, s, s); });
        });
    }

    static constexpr double damping = 0.38;  // c above; from 0.2 to 0.4 all do, for any beta

    template <class F>
    static void each_half(F f) {
        for (Index parity = 0; parity < 2; ++parity) f(parity);
    }
    Halves<T> zero() const { return {nullptr, 0, 0}; }
    void mixed(Index i, Index p, const Halves<T>& from, const Halves<T>& to) const {
        mixed_row<Diagonals, T>(fine_.half, around<Diagonals>(fine_, from, i, p), first_, beta_, from.half(i, p),
                                to.half(i, p));
    }
    void scale(Index i, Index p, const Halves<T>& from, const Halves<T>& to) const {
        scale_row<T>(fine_.half, from.plane_stride(), fine_.inverse.half(i, p), from.half(i, p), to.half(i, p));
    }
    void subtract(Index i, Index p, const Halves<T>& a, const Halves<T>& b, const Halves<T>& to) const {
        minus_row<T>(fine_.half, a.plane_stride(), a.half(i, p), b.half(i, p), to.half(i, p));
    }
    // without data, b is zero: it points to a row of zeros
    void flow(Index i, Index p, T factor, const Halves<T>& b, const Halves<T>& v, const Halves<T>& s,
              const Halves<T>& to) const {
        const T* const pull = b.data ? b.half(i, p) : fine_.u.half(-1, p);
        flow_row<Diagonals, T>(fine_.half, around<Diagonals>(fine_, s, i, p), factor, fine_.inverse.half(i, p),
                               fine_.m.half(i, p), pull, v.half(i, p), s.half(i, p), to.half(i, p));
    }
    Sums dot(Index i, const Halves<T>& a, const Halves<T>& b) const {
        Sums sums;
        for (Index c = 0; c < 2; ++c)
            each_half(
                [&](Index p) { sums.of[std::size_t(c)] += dot_row<T>(fine_.half, a.half(i, p, c), b.half(i, p, c)); });
        return sums;
    }

    Team& team_;
    const Hierarchy<T>& h_;
    const Level<T>& fine_;
    T first_, beta_;
    Image<T> u_;
    Progress& progress_;
    std::vector<T> scratch_;
};

// Sets the hard hints in u, and does the first step, with a full multigrid.
template <bool Diagonals, class T>
void multigrid_start(Image<T> u, Image<const T> hints, Image<const T> hint_weight, T first, T beta,
                     const Hierarchy<T>& h, Progress& progress) {
    with_team(u, [&](Team& team) {
        ConjugateGradients<Diagonals, T> cg(team, h, first, beta, u, progress);
        cg.start(hints, hint_weight);
        cg.start_step();
    });
}

// n iterations.
template <bool Diagonals, class T>
void multigrid_cg(Image<T> u, T first, T beta, const Hierarchy<T>& h, Progress& progress, Index n) {
    with_team(u, [&](Team& team) {
        ConjugateGradients<Diagonals, T> cg(team, h, first, beta, u, progress);
        for (Index k = 0; k < n; ++k) cg.step();
    });
}

// z = one W-cycle for (L + soft weights) z = r, the preconditioner by itself.
template <class T>
void multigrid_cycle(Image<const T> r, const Hierarchy<T>& h, Image<T> z) {
    const Level<T>& fine = h.levels[0];
    with_team(r, [&](Team& team) {
        std::vector<T> scratch;
        team.rows([&](Index i) {
            for (Index c = 0; c < 2; ++c)
                split_row<T>(fine.cols, r.row(i, c), fine.f.half(i, 0, c), fine.f.half(i, 1, c));
        });
        w_cycle(team, h, 0, true, scratch);
        team.rows([&](Index i) {
            for (Index c = 0; c < 2; ++c)
                join_row<T>(fine.cols, fine.u.half(i, 0, c), fine.u.half(i, 1, c), z.row(i, c));
        });
    });
}

}  // namespace pyvarcolor
