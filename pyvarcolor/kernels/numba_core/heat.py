"""Isotropic heat flow of both channels, blind to edges; the C++ twin is `heat.hpp`."""

import numpy as np
from numba import prange

from .differences import Neighbours, row_above, row_below, row_neighbours
from .image import Image, Index, Row, Scalar
from .parallel import inline, kernel, sequence
from .state import copy_row


@inline
def heat_row(row: Neighbours, time_step: Scalar, up: Row, here: Row, down: Row, hint: Row, w: Row, out: Row) -> None:
    """out = u + t (Laplacian u), then drawn to the hints as by primal_row_with_hints."""
    above, below = row
    T = out.dtype.type
    zero, one = T(0), T(1)
    last = len(out) - 1

    def cell(j: Index, left: bool, right: bool) -> None:
        flow = above * (up[j] - here[j]) + below * (down[j] - here[j])
        flow += (here[j - 1] - here[j] if left else zero) + (here[j + 1] - here[j] if right else zero)
        out[j] = hint[j] + (here[j] + time_step * flow - hint[j]) / (one + time_step * w[j])

    cell(0, False, last > 0)
    for j in range(1, last):
        cell(j, True, True)
    if last > 0:
        cell(last, True, False)


@kernel
def heat_step(u: Image, hints: Image, hint_weight: Image, time_step: Scalar, out: Image) -> None:
    """One step from u to out."""
    for row in prange(len(u)):
        i = np.intp(row)
        for c in range(u.shape[1]):
            heat_row(
                row_neighbours(i, u),
                time_step,
                u[row_above(i), c],
                u[i, c],
                u[row_below(i, u), c],
                hints[i, c],
                hint_weight[i],
                out[i, c],
            )


@kernel
def copy(scratch: Image, u: Image) -> None:
    """u = scratch."""
    for row in prange(len(u)):
        i = np.intp(row)
        for c in range(u.shape[1]):
            copy_row(scratch[i, c], u[i, c])


@sequence
def heat_iterate(u: Image, scratch: Image, hints: Image, hint_weight: Image, time_step: Scalar, n: Index) -> None:
    """n steps in place; `scratch` has the shape of u. Stable for time_step <= 1/4."""
    for k in range(n):
        if k % 2 == 0:
            heat_step(u, hints, hint_weight, time_step, scratch)
        else:
            heat_step(scratch, hints, hint_weight, time_step, u)
    if n % 2 == 1:
        copy(scratch, u)
