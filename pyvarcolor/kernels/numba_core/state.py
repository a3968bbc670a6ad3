"""What holds for the state of any solver; the C++ twin is in `bind_state.cpp`."""

import numpy as np
from numba import prange

from .image import Image, Row, Scalar
from .parallel import inline, inline_sum, kernel, sum_rows


@inline
def copy_row(source: Row, out: Row) -> None:
    """out = source; written out, for a slice assignment takes seconds to compile."""
    for j in range(len(out)):
        out[j] = source[j]


@inline_sum
def change_row(now: Row, before: Row) -> Scalar:
    """Sum of the Euclidean distances of one row's pixels."""
    total = 0.0
    for j in range(now.shape[1]):
        a, b = now[0, j] - before[0, j], now[1, j] - before[1, j]
        total += np.sqrt(a * a + b * b)
    return total


@kernel
def mean_change(u: Image, previous: Image) -> Scalar:
    """Mean Euclidean distance between two states per pixel; `previous` then becomes `u`."""
    partial = np.empty(len(u))
    for row in prange(len(u)):
        i = np.intp(row)
        partial[i] = change_row(u[i], previous[i])
        for c in range(u.shape[1]):
            copy_row(u[i, c], previous[i, c])
    return float(sum_rows(partial) / (u.shape[0] * u.shape[2]))
