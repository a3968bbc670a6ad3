"""The directed weights of Levin, Lischinski and Weiss 2004, and their system; the C++ twin is `levin.hpp`.

Each pixel stores its 8 weights in reading order of the neighbours; a neighbour over the border has weight 0.
"""

import numpy as np
from numba import prange

from .differences import row_above, row_below
from .image import Image, Index, Row
from .parallel import inline, kernel

NEIGHBOUR_OFFSETS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""Row and column offsets of the 8 neighbours in reading order."""


@inline
def inside(row: Index, col: Index, image: Image) -> bool:
    """Whether a pixel exists."""
    return bool(0 <= row < image.shape[0] and 0 <= col < image.shape[1])


@kernel
def levin_weights(gray: Image, w: Image) -> None:
    """exp(-(Y_i - Y_j)^2 / c) with c from the 3x3 window's variance, normalised to sum 1."""
    for index in prange(len(w)):
        i = np.intp(index)
        T = w.dtype.type
        for j in range(w.shape[2]):
            here = gray[i, j]
            total, squares, count, closest = here, here * here, T(1), T(np.inf)
            for k in range(8):
                row, col = i + NEIGHBOUR_OFFSETS[k][0], j + NEIGHBOUR_OFFSETS[k][1]
                if inside(row, col, gray):
                    value = gray[row, col]
                    total += value
                    squares += value * value
                    count += T(1)
                    closest = min(closest, (value - here) * (value - here))
            variance = max(T(0), squares / count - (total / count) * (total / count))
            # the likest neighbour keeps a weight of at least 0.01
            c = max(T(0.6) * variance, closest / -np.log(T(0.01)), T(2e-6))
            total = T(0)
            for k in range(8):
                row, col = i + NEIGHBOUR_OFFSETS[k][0], j + NEIGHBOUR_OFFSETS[k][1]
                w[i, k, j] = 0
                if inside(row, col, gray):
                    d = gray[row, col] - here
                    w[i, k, j] = np.exp(-d * d / c)
                    total += w[i, k, j]
            if total > 0:
                for k in range(8):
                    w[i, k, j] /= total


@inline
def levin_row(w: Row, up: Row, here: Row, down: Row, out: Row) -> None:
    """out = sum_j w_ij (u_i - u_j) of one row and channel."""
    last = len(out) - 1

    def cell(j: Index, left: Index, right: Index) -> None:
        u = here[j]
        out[j] = (
            w[0, j] * (u - up[left])
            + w[1, j] * (u - up[j])
            + w[2, j] * (u - up[right])
            + w[3, j] * (u - here[left])
            + w[4, j] * (u - here[right])
            + w[5, j] * (u - down[left])
            + w[6, j] * (u - down[j])
            + w[7, j] * (u - down[right])
        )

    cell(0, 0, min(1, last))
    for j in range(1, last):
        cell(j, j - 1, j + 1)
    if last > 0:
        cell(last, last - 1, last)


@kernel
def levin_apply(u: Image, w: Image, out: Image) -> None:
    """out = sum_j w_ij (u_i - u_j)."""
    for index in prange(len(u)):
        i = np.intp(index)
        for c in range(2):
            levin_row(w[i], u[row_above(i), c], u[i, c], u[row_below(i, u), c], out[i, c])
