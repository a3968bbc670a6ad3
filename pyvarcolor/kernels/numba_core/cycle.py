"""One W-cycle, and the full multigrid that starts from nothing (Brandt 1977), both channels in lockstep.

W(1,1) with Gauss-Seidel by four colours (row and column odd or even), after the coarse correction in reverse order.
The C++ twin is `cycle.hpp`.
"""

from itertools import pairwise

import numpy as np
from numba import prange

from .hierarchy import Level, around_row
from .image import Index, Row
from .parallel import inline, kernel


@kernel
def clear(level: Level, but_middles: bool) -> None:
    """u = 0, but maybe in the middle of four coarse pixels what one relaxation makes of that."""
    inverse, f, u = level.inverse, level.f, level.u
    for index in prange(len(u) - 2):
        i = np.intp(index) + 1
        for c in range(2):
            for j in range(1, u.shape[2] - 1):
                u[i, c, j] = 0
            if but_middles and i % 2 == 0:
                for j in range(2, u.shape[2], 2):
                    u[i, c, j] = inverse[i, j] * f[i, c, j]


@kernel
def relax(level: Level, first_row: int, first_col: int) -> None:
    """Two colours of Gauss-Seidel, u = (f + sum w u_j) / degree: every other row, and its columns from `first_col`."""
    w, inverse, f, u = level.w, level.inverse, level.f, level.u
    for index in prange(len(u) // 2 - 1):
        i = first_row + 2 * np.intp(index)
        pull = np.empty(u.shape[2], u.dtype)
        for colour in range(2):
            first = first_col if colour == 0 else 3 - first_col
            for c in range(2):
                around_row(w, u, i, c, u[0, c], pull)  # row 0 is zero
                for j in range(first, u.shape[2] - 1, 2):
                    u[i, c, j] = inverse[i, j] * (f[i, c, j] + pull[j])


@inline
def residual_row(level: Level, i: Index, c: Index, out: Row) -> None:
    """out = f - A u on the free pixels, else 0."""
    w, m, inverse, _, f, u = level
    around_row(w, u, i, c, u[i, c], out)
    for j in range(1, len(out) - 1):
        out[j] = f[i, c, j] - m[i, j] * u[i, c, j] + out[j] if inverse[i, j] > 0 else 0


@kernel
def restrict(fine: Level, coarse: Level) -> None:
    """The coarse right-hand side: a pixel's own residual, and its shares of those on the lines to its neighbours.

    In the middle of four there is none to share, relaxation has just seen to that.
    """
    share, u, f = fine.share, fine.u, coarse.f
    for index in prange(len(u) // 2 - 1):
        coarse_i = np.intp(index) + 1
        i = 2 * coarse_i - 1
        above, here, below = np.zeros((3, u.shape[2]), u.dtype)
        for c in range(2):
            residual_row(fine, i - 1, c, above)
            residual_row(fine, i, c, here)
            residual_row(fine, i + 1, c, below)
            for coarse_j in range(1, u.shape[2] // 2):
                j = 2 * coarse_j - 1
                on_row = share[i, 1, j - 1] * here[j - 1] + share[i, 0, j + 1] * here[j + 1]
                f[coarse_i, c, coarse_j] = (
                    here[j] + on_row + share[i - 1, 1, j] * above[j] + share[i + 1, 0, j] * below[j]
                )


@kernel
def spread(fine: Level, coarse: Level) -> None:
    """The correction: what coarse pixels say about themselves and about those on the lines between them."""
    share, u, coarse_u = fine.share, fine.u, coarse.u
    for index in prange(len(u) // 2 - 1):
        coarse_i = np.intp(index) + 1
        i = 2 * coarse_i - 1
        for c in range(2):
            for coarse_j in range(1, u.shape[2] // 2):
                j = 2 * coarse_j - 1
                here, next_one, below = (
                    coarse_u[coarse_i, c, coarse_j],
                    coarse_u[coarse_i, c, coarse_j + 1],
                    coarse_u[coarse_i + 1, c, coarse_j],
                )
                u[i, c, j] += here
                u[i, c, j + 1] += share[i, 0, j + 1] * here + share[i, 1, j + 1] * next_one
                u[i + 1, c, j] += share[i + 1, 0, j] * here + share[i + 1, 1, j] * below


def relax_back(level: Level) -> None:
    """Relaxation after the coarse correction, in reverse order of colours."""
    relax(level, 2, 2)
    relax(level, 1, 2)


def solve_last(level: Level) -> None:
    """The last level is one pixel."""
    level.u[1, :, 1] = level.inverse[1, 1] * level.f[1, :, 1]


def is_visited_twice(level: Level) -> bool:
    """W-shaped where it pays, V-shaped below: on small levels visits cost more than they do."""
    rows, _, cols = level.u.shape
    return bool((rows // 2 - 1) * (cols // 2 - 1) >= 256)


def w_cycle(levels: list[Level], from_zero: bool = True) -> None:
    """From f, and with from_zero = False from u of the first level: relaxed, restricted, corrected."""
    if len(levels) == 1:
        solve_last(levels[0])
        return
    fine, coarse = levels[:2]
    if from_zero:
        clear(fine, False)
    relax(fine, 1, 1)
    relax(fine, 2, 1)
    restrict(fine, coarse)
    w_cycle(levels[1:])
    if is_visited_twice(coarse):
        w_cycle(levels[1:], from_zero=False)
    spread(fine, coarse)
    relax_back(fine)


def full_multigrid(levels: list[Level]) -> None:
    """u from f alone, on each level by the solution of the next one."""
    for fine, coarse in pairwise(levels):
        clear(fine, True)
        restrict(fine, coarse)
    solve_last(levels[-1])
    for k in range(len(levels) - 2, -1, -1):
        spread(levels[k], levels[k + 1])
        relax_back(levels[k])
        w_cycle(levels[k:], from_zero=False)
