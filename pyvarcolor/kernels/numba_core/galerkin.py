"""Black-box multigrid: how coarse pixels are shared by those between them, and P* A P on the coarse level.

The C++ twin `galerkin.hpp` tells why whole lines are solved. Lines run down the even columns,
between coarse columns, and along the even rows; every other pixel of theirs is between two coarse pixels, the rest are
in the middle of four.
"""

from itertools import pairwise

import numpy as np
from numba import prange

from .hierarchy import DOWN, DOWN_LEFT, DOWN_RIGHT, RIGHT, Level, degree_row
from .image import Image, Index, Row, Scalar
from .parallel import inline, kernel

Pair = tuple[Scalar, Scalar]
BLOCK = 32
"""Lines that go down together, and coarse rows that share what they have computed."""
REST, TIE, WEIGHT = 0, 1, 0
"""Channels of f, f and u, which are free to hold what lines need meanwhile."""
AA, BB, CC, DD, AB, CD, AC, BD, AD, BC = range(10)
"""What a cell of four coarse pixels, a b above c d, adds to P* A P."""


@inline
def to_sides(w: Image, i: Index, j: Index, down: int) -> Pair:
    """Weights from a pixel of a line that runs down, or along, to what is on either side of the line."""
    eight = w.shape[1] == 4
    if down:
        first, second = w[i, RIGHT, j - 1], w[i, RIGHT, j]
        if eight:
            first += w[i - 1, DOWN_RIGHT, j - 1] + w[i, DOWN_LEFT, j]
            second += w[i - 1, DOWN_LEFT, j + 1] + w[i, DOWN_RIGHT, j]
    else:
        first, second = w[i - 1, DOWN, j], w[i, DOWN, j]
        if eight:
            first += w[i - 1, DOWN_RIGHT, j - 1] + w[i - 1, DOWN_LEFT, j + 1]
            second += w[i, DOWN_LEFT, j] + w[i, DOWN_RIGHT, j]
    return first, second


@inline
def by_middle(m: Image, inverse: Image, i: Index, j: Index, w: Scalar) -> Pair:
    """A middle pixel is tied by w to one between: its share of that one, and how much of w ties to zero."""
    share = w * inverse[i, j]
    return share, share * m[i, j] if inverse[i, j] > 0 else w  # a bound one ties by its whole weight


@inline
def line_pixel(level: Level, i: Index, j: Index, down: int) -> None:
    """The equation of a pixel between on a line, the middle pixels eliminated.

    (rest + tie + tie of the one before) share - tie next - (tie of the one before) previous = first, or second,
    where `rest` holds all but the ties, so that no step of the solution subtracts.
    """
    w, m, inverse, share, f, _ = level
    edge, along = DOWN if down else RIGHT, 1 - down
    i0, j0, i1, j1 = i - down, j - along, i + down, j + along
    before, mass_before = by_middle(m, inverse, i0, j0, w[i0, edge, j0])
    after, mass_after = by_middle(m, inverse, i1, j1, w[i, edge, j])
    first, second = to_sides(w, i, j, down)
    first_before, second_before = to_sides(w, i0, j0, down)
    first_after, second_after = to_sides(w, i1, j1, down)
    first += before * first_before + after * first_after
    second += before * second_before + after * second_after
    share[i, 0, j], share[i, 1, j] = first, second
    f[i, REST, j] = m[i, j] + mass_before + mass_after + first + second
    f[i, TIE, j] = after * w[i1, edge, j1]


@inline
def eliminate(level: Level, i: Index, j: Index, down: int) -> None:
    """Eliminates a pixel by the one before; `rest` becomes its dependence on the next one."""
    _, _, inverse, share, f, u = level
    i0, j0 = i - 2 * down, j - 2 * (1 - down)
    free, rest, tie = inverse[i, j] > 0, f[i, REST, j] + u[i0, WEIGHT, j0], f[i, TIE, j]
    pivot = rest + tie
    per_pivot = 1 / pivot if free and pivot > 0 else 0 * pivot
    u[i, WEIGHT, j] = tie * rest * per_pivot if free else tie  # what ties the next one to all but this line
    for side in range(2):
        share[i, side, j] = (share[i, side, j] + f[i0, TIE, j0] * share[i0, side, j0]) * per_pivot
    f[i, REST, j] = tie * per_pivot


@kernel
def solve_lines(level: Level, down: int, block: int) -> None:
    """The shares of all pixels on the lines that run down, or along."""
    share, f = level.share, level.f
    length, lines = share.shape[0] // 2 - 1, share.shape[2] // 2 - 1
    if not down:
        length, lines = lines, length
    for index in prange((lines + block - 1) // block):
        start = 2 + 2 * block * np.intp(index)
        end = min(start + 2 * block, 2 * lines + 2)
        for along in range(1, 2 * length, 2):
            for across in range(start, end, 2):
                i, j = (along, across) if down else (across, along)
                line_pixel(level, i, j, down)
                eliminate(level, i, j, down)
        for along in range(2 * length - 3, 0, -2):
            for across in range(start, end, 2):
                i, j = (along, across) if down else (across, along)
                for side in range(2):
                    share[i, side, j] += f[i, REST, j] * share[i + 2 * down, side, j + 2 * (1 - down)]


@inline
def cells_row(level: Level, row: Index, out: Row) -> None:
    """What one row of cells adds to P* A P."""
    w, _, inverse, share, _, _ = level
    i = 2 * row - 1
    for k in range(1, out.shape[1]):
        j = 2 * k - 1
        tl, tr, bl, br = share[i, 0, j + 1], share[i, 1, j + 1], share[i + 2, 0, j + 1], share[i + 2, 1, j + 1]
        lu, ld, ru, rd = share[i + 1, 0, j], share[i + 1, 1, j], share[i + 1, 0, j + 2], share[i + 1, 1, j + 2]
        # the middle, eliminated: - s s' / degree
        top, bottom = w[i, DOWN, j + 1], w[i + 1, DOWN, j + 1]
        left, right = w[i + 1, RIGHT, j], w[i + 1, RIGHT, j + 1]
        sa, sb = top * tl + left * lu, top * tr + right * ru
        sc, sd = bottom * bl + left * ld, bottom * br + right * rd
        if w.shape[1] == 4:
            sa += w[i, DOWN_RIGHT, j]
            sb += w[i, DOWN_LEFT, j + 2]
            sc += w[i + 1, DOWN_LEFT, j + 1]
            sd += w[i + 1, DOWN_RIGHT, j + 1]
        per_degree = inverse[i + 1, j + 1]
        aa, bb, cc, dd = -per_degree * sa * sa, -per_degree * sb * sb, -per_degree * sc * sc, -per_degree * sd * sd
        ab, cd, ac, bd = -per_degree * sa * sb, -per_degree * sc * sd, -per_degree * sa * sc, -per_degree * sb * sd
        ad, bc = -per_degree * sa * sd, -per_degree * sb * sc
        if w.shape[1] == 4:  # the four edges between the lines: - w (P_x P_y' + P_y P_x')
            w0, w1 = w[i, DOWN_LEFT, j + 1], w[i, DOWN_RIGHT, j + 1]
            w2, w3 = w[i + 1, DOWN_RIGHT, j], w[i + 1, DOWN_LEFT, j + 2]
            aa -= 2 * w0 * tl * lu
            bb -= 2 * w1 * tr * ru
            cc -= 2 * w2 * bl * ld
            dd -= 2 * w3 * br * rd
            ab -= w0 * tr * lu + w1 * tl * ru
            cd -= w2 * br * ld + w3 * bl * rd
            ac -= w0 * tl * ld + w2 * bl * lu
            bd -= w1 * tr * rd + w3 * br * ru
            ad -= w1 * tl * rd + w2 * br * lu
            bc -= w0 * tr * ld + w3 * bl * ru
        # the pixel on the upper and the one on the left line
        top_degree, left_degree = degree(inverse[i, j + 1]), degree(inverse[i + 1, j])
        top_a, top_b, left_a, left_c = w[i, RIGHT, j], w[i, RIGHT, j + 1], w[i, DOWN, j], w[i + 1, DOWN, j]
        out[AA, k] = aa + tl * (top_degree * tl - 2 * top_a) + lu * (left_degree * lu - 2 * left_a)
        out[BB, k] = bb + tr * (top_degree * tr - 2 * top_b)
        out[CC, k] = cc + ld * (left_degree * ld - 2 * left_c)
        out[DD, k] = dd
        out[AB, k] = ab + top_degree * tl * tr - top_a * tr - top_b * tl
        out[CD, k] = cd
        out[AC, k] = ac + left_degree * lu * ld - left_a * ld - left_c * lu
        out[BD, k], out[AD, k], out[BC, k] = bd, ad, bc


@inline
def degree(inverse: Scalar) -> Scalar:
    """1 / inverse, and 0 of a bound pixel."""
    return 1 / inverse if inverse > 0 else inverse


@kernel
def coarsen(fine: Level, coarse: Level) -> None:
    """P* A P: its weights, and in `m` its diagonal (infinite where the pixel is bound)."""
    inverse, w, diagonal = fine.inverse, coarse.w, coarse.m
    rows, cols = len(inverse) // 2 - 1, inverse.shape[1] // 2 - 1
    blocks = (rows + BLOCK - 1) // BLOCK
    for index in prange(blocks):
        block = np.intp(index)
        first, end = 1 + block * rows // blocks, 1 + (block + 1) * rows // blocks
        cells = np.zeros((2, 10, cols + 1), diagonal.dtype)
        if first > 1:
            cells_row(fine, first - 1, cells[(first - 1) % 2])
        for row in range(first, end):
            above, below = cells[(row - 1) % 2], cells[row % 2]
            cells_row(fine, row, below)
            for k in range(1, cols + 1):
                own = 1 / inverse[2 * row - 1, 2 * k - 1]
                diagonal[row, k] = own + below[AA, k] + below[BB, k - 1] + above[CC, k] + above[DD, k - 1]
                w[row, RIGHT, k] = -(below[AB, k] + above[CD, k])
                w[row, DOWN, k] = -(below[AC, k] + below[BD, k - 1])
                w[row, DOWN_RIGHT, k] = -below[AD, k]
                w[row, DOWN_LEFT, k] = -below[BC, k - 1]


@kernel
def degrees(level: Level) -> None:
    """m and inverse, from the diagonal in m."""
    w, m, inverse = level.w, level.m, level.inverse
    for index in prange(len(m) - 2):
        i = np.intp(index) + 1
        weights = np.empty(m.shape[1], m.dtype)
        degree_row(w, i, weights)
        for j in range(1, m.shape[1] - 1):
            diagonal = m[i, j]
            free = 0 < diagonal < np.inf
            inverse[i, j] = 1 / diagonal if free else 0
            m[i, j] = diagonal - weights[j] if free else 0


def coarsen_all(levels: list[Level]) -> None:
    """All coarse levels from the finest one's weights and inverses."""
    for fine, coarse in pairwise(levels):
        solve_lines(fine, 1, BLOCK)
        solve_lines(fine, 0, 1)
        coarsen(fine, coarse)
        degrees(coarse)
