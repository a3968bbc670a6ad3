"""Total variation of two chroma channels; the C++ twin is `tv.hpp`.

C++ lets many iterations follow each other down the image; here an iteration is two sweeps, of the primal and
of the dual, and `bar` holds 2 x~ - x between them.
"""

import numpy as np
from numba import prange

from .differences import gradient_row, minus_divergence_row, row_above, row_below, row_neighbours, weights_of
from .image import Image, Index, Row, Scalar
from .parallel import band, inline, kernel, sequence, sum_rows
from .prox import dual_row, hint_energy_row, norm_row, primal_row_with_hints


@inline
def forward(i: Index, u: Image, g: Image, no_xy: Row, alpha1: Scalar, p: Row) -> None:
    """Row i of K u = alpha1 G grad u, both channels."""
    row, weights, down = row_neighbours(i, g), weights_of(g, no_xy, i), row_below(i, u)
    for c in range(2):
        gradient_row(row, weights, alpha1, u[i, c], u[down, c], p[2 * c], p[2 * c + 1])


@inline
def adjoint(i: Index, c: Index, p: Image, g: Image, no_xy: Row, alpha1: Scalar, ku: Row) -> None:
    """Row i of K* p, channel c."""
    up, x, y = row_above(i), 2 * c, 2 * c + 1
    g_up, weights = weights_of(g, no_xy, up), weights_of(g, no_xy, i)
    minus_divergence_row(row_neighbours(i, g), g_up, weights, alpha1, p[i, x], p[i, y], p[up, x], p[up, y], ku)


@kernel
def tv_primal(
    u: Image,
    p: Image,
    g: Image,
    no_xy: Row,
    hints: Image,
    hint_weight: Image,
    tau: Image,
    alpha1: Scalar,
    relaxation: Scalar,
    bar: Image,
) -> None:
    """u <- prox(u - tau K* p)."""
    for row in prange(len(u)):
        i = np.intp(row)
        for c in range(2):
            adjoint(i, c, p, g, no_xy, alpha1, bar[i, c])
            primal_row_with_hints(relaxation, tau[i], hints[i, c], hint_weight[i], u[i, c], bar[i, c])


@kernel
def tv_dual(
    bar: Image,
    p: Image,
    g: Image,
    no_xy: Row,
    sigma: Image,
    alpha1: Scalar,
    relaxation: Scalar,
    scratch: Image,
) -> None:
    """p <- prox(p + sigma K bar)."""
    for thread in prange(len(scratch)):
        k = scratch[thread]
        for i in band(np.intp(thread), len(scratch), len(p)):
            forward(i, bar, g, no_xy, alpha1, k)
            dual_row(relaxation, sigma[i], k, p[i], k[4])


@sequence
def tv_iterate(
    u: Image,
    p: Image,
    g: Image,
    no_xy: Row,
    hints: Image,
    hint_weight: Image,
    tau: Image,
    sigma: Image,
    alpha1: Scalar,
    relaxation: Scalar,
    n: Index,
    scratch: Image,
) -> None:
    """n iterations in place, as in tgv.py; `scratch` holds 5 rows for each thread."""
    bar = np.empty_like(u)
    for _ in range(n):
        tv_primal(u, p, g, no_xy, hints, hint_weight, tau, alpha1, relaxation, bar)
        tv_dual(bar, p, g, no_xy, sigma, alpha1, relaxation, scratch)


@kernel
def tv_energy(u: Image, g: Image, no_xy: Row, hints: Image, hint_weight: Image, alpha1: Scalar) -> Scalar:
    """The energy of u without the hard hints, which u meets by construction."""
    partial = np.empty(len(u))
    for row in prange(len(u)):
        i = np.intp(row)
        k = np.empty((4, u.shape[2]), u.dtype)
        forward(i, u, g, no_xy, alpha1, k)
        partial[i] = norm_row(k) + hint_energy_row(u, hints, hint_weight, i)
    return sum_rows(partial)


@kernel
def tv_edges(u: Image, g: Image, no_xy: Row, alpha1: Scalar, epsilon: Scalar, edges: Image) -> None:
    """Edges of the quadratic energy that touches alpha1 sum g |grad u| at u: alpha1 g / max(|grad u|, epsilon)."""
    rows, _, cols = u.shape
    zero = u.dtype.type(0)
    for row in prange(rows):
        i = np.intp(row)
        k = np.empty((4, cols), u.dtype)
        forward(i, u, g, no_xy, alpha1, k)
        for j in range(cols):
            a = alpha1 * g[i, 0, j]
            length = np.sqrt(k[0, j] * k[0, j] + k[1, j] * k[1, j] + k[2, j] * k[2, j] + k[3, j] * k[3, j])
            w = a * a / max(length, a * epsilon)
            edges[i, 0, j] = w if j + 1 < cols else zero
            edges[i, 1, j] = w if i + 1 < rows else zero
