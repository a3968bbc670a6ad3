"""The proximal steps of one row, each over-relaxed, and their energies; the C++ twin is `prox.hpp`."""

import numpy as np

from .image import Image, Index, Row, Scalar
from .parallel import inline, inline_sum


@inline
def primal_row(relaxation: Scalar, tau: Row, x: Row, bar: Row) -> None:
    """x~ = x - tau k with k = K* y, which `bar` brings; bar = 2 x~ - x."""
    for j in range(len(x)):
        step = -tau[j] * bar[j]
        bar[j] = x[j] + step + step
        x[j] += relaxation * step


@inline
def primal_row_with_hints(relaxation: Scalar, tau: Row, hint: Row, w: Row, x: Row, bar: Row) -> None:
    """The same, then the hints: x~ <- argmin_z 1/2 |z - x~|^2 + tau w/2 |z - hint|^2; w may be inf."""
    one = x.dtype.type(1)
    for j in range(len(x)):
        moved = hint[j] + (x[j] - tau[j] * bar[j] - hint[j]) / (one + tau[j] * w[j])
        bar[j] = moved + moved - x[j]
        x[j] += relaxation * (moved - x[j])


@inline
def dual_row(relaxation: Scalar, sigma: Row, k: Row, y: Row, shrink: Row) -> None:
    """y~ = projection of y + sigma k onto |y| <= 1, with k = K x; the norm couples all channels of y."""
    one = y.dtype.type(1)
    for j in range(len(shrink)):
        shrink[j] = 0
    for c in range(len(y)):
        for j in range(len(shrink)):
            ascent = y[c, j] + sigma[j] * k[c, j]
            shrink[j] += ascent * ascent
    for j in range(len(shrink)):
        shrink[j] = one / max(one, np.sqrt(shrink[j]))
    for c in range(len(y)):
        for j in range(len(shrink)):
            ascent = y[c, j] + sigma[j] * k[c, j]
            y[c, j] += relaxation * (shrink[j] * ascent - y[c, j])


@inline
def quadratic_dual_row(relaxation: Scalar, sigma: Row, k: Row, y: Row) -> None:
    """y~ = (y + sigma k) / (1 + sigma), the proximal map of the conjugate of 1/2 |.|^2."""
    one = y.dtype.type(1)
    for j in range(len(y)):
        y[j] += relaxation * ((y[j] + sigma[j] * k[j]) / (one + sigma[j]) - y[j])


@inline_sum
def norm_row(k: Row) -> Scalar:
    """Sum of |k|, the norm over all channels of k."""
    total = 0.0
    for j in range(k.shape[1]):
        square = k.dtype.type(0)
        for c in range(len(k)):
            square += k[c, j] * k[c, j]
        total += np.sqrt(square)
    return total


@inline_sum
def square_row(k: Row) -> Scalar:
    """Sum of |k|^2."""
    total = 0.0
    for c in range(len(k)):
        for j in range(k.shape[1]):
            total += np.float64(k[c, j]) ** 2
    return total


@inline
def hint_energy_row(u: Image, hints: Image, hint_weight: Image, i: Index) -> Scalar:
    """1/2 sum w |u - hint|^2 over the soft hints of row i."""
    total = 0.0
    for c in range(u.shape[1]):
        for j in range(u.shape[2]):
            w = np.float64(hint_weight[i, j])
            if np.isfinite(w):
                total += 0.5 * w * np.float64(u[i, c, j] - hints[i, c, j]) ** 2
    return total
