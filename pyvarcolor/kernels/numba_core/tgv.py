"""Bilaplacian + TGV^2 of two chroma channels by an over-relaxed primal-dual method; see also `tgv.hpp`.

C++ lets many iterations follow each other down the image; here an iteration is two sweeps, of the primal and
of the dual, and `u_bar`, `v_bar` hold 2 x~ - x between them. Without a bilaplacian, s and r have no rows.
"""

import numpy as np
from numba import prange

from .differences import (
    add_laplacian_adjoint_row,
    adjoint_v_row,
    gradient_minus_v_row,
    laplacian_row,
    minus_divergence_row,
    row_above,
    row_below,
    row_neighbours,
    symmetrised_gradient_row,
    weights_of,
)
from .image import Image, Index, Row, Scalar
from .parallel import band, inline, kernel, sequence, sum_rows
from .prox import (
    dual_row,
    hint_energy_row,
    norm_row,
    primal_row,
    primal_row_with_hints,
    quadratic_dual_row,
    square_row,
)


@inline
def forward_p(i: Index, u: Image, v: Image, g: Image, no_xy: Row, alpha1: Scalar, p: Row) -> None:
    """Row i of alpha1 G (grad u - v), both channels."""
    row, weights, down = row_neighbours(i, g), weights_of(g, no_xy, i), row_below(i, u)
    for c in range(2):
        x, y = 2 * c, 2 * c + 1
        gradient_minus_v_row(row, weights, alpha1, u[i, c], u[down, c], v[i, x], v[i, y], p[x], p[y])


@inline
def forward_q(i: Index, v: Image, alpha0: Scalar, q: Row) -> None:
    """Row i of alpha0 E v, both channels."""
    row, up = row_neighbours(i, v), row_above(i)
    for c in range(2):
        x, y, xx = 2 * c, 2 * c + 1, 3 * c
        symmetrised_gradient_row(row, alpha0, v[i, x], v[i, y], v[up, x], v[up, y], q[xx], q[xx + 1], q[xx + 2])


@inline
def forward_r(i: Index, u: Image, g: Image, no_xy: Row, s: Image, r: Row) -> None:
    """Row i of s div(G grad u), both channels."""
    row, up, down = row_neighbours(i, g), row_above(i), row_below(i, u)
    g_up, weights = weights_of(g, no_xy, up), weights_of(g, no_xy, i)
    for c in range(2):
        laplacian_row(row, g_up, weights, s[i], u[up, c], u[i, c], u[down, c], r[c])


@inline
def adjoint_u(
    i: Index, p: Image, r: Image, g: Image, no_xy: Row, s: Image, alpha1: Scalar, ku: Row, scratch: Row
) -> None:
    """Row i of the part of K* (p, q, r) that belongs to u; `scratch` holds 3 rows."""
    row, up = row_neighbours(i, g), row_above(i)
    g_up, weights = weights_of(g, no_xy, up), weights_of(g, no_xy, i)
    for c in range(2):
        x, y = 2 * c, 2 * c + 1
        minus_divergence_row(row, g_up, weights, alpha1, p[i, x], p[i, y], p[up, x], p[up, y], ku[c])
        if len(s) > 0:
            add_laplacian_adjoint_row(row, g_up, weights, i, s, r, c, scratch, ku[c])


@inline
def adjoint_v(i: Index, p: Image, q: Image, g: Image, no_xy: Row, alpha0: Scalar, alpha1: Scalar, kv: Row) -> None:
    """Row i of the part of K* (p, q, r) that belongs to v."""
    row, weights, down = row_neighbours(i, g), weights_of(g, no_xy, i), row_below(i, q)
    for c in range(2):
        x, y, xx, yy, xy = 2 * c, 2 * c + 1, 3 * c, 3 * c + 1, 3 * c + 2
        adjoint_v_row(
            row,
            weights,
            alpha0,
            alpha1,
            p[i, x],
            p[i, y],
            q[i, xx],
            q[i, yy],
            q[i, xy],
            q[down, yy],
            q[down, xy],
            kv[x],
            kv[y],
        )


@kernel
def tgv_primal(
    u: Image,
    v: Image,
    p: Image,
    q: Image,
    r: Image,
    g: Image,
    no_xy: Row,
    s: Image,
    hints: Image,
    hint_weight: Image,
    tau: Image,
    alpha0: Scalar,
    alpha1: Scalar,
    relaxation: Scalar,
    u_bar: Image,
    v_bar: Image,
    scratch: Image,
) -> None:
    """u, v <- prox((u, v) - tau K* (p, q, r))."""
    for thread in prange(len(scratch)):
        for i in band(np.intp(thread), len(scratch), len(u)):
            adjoint_u(i, p, r, g, no_xy, s, alpha1, u_bar[i], scratch[thread])
            for c in range(2):
                primal_row_with_hints(relaxation, tau[i, 0], hints[i, c], hint_weight[i], u[i, c], u_bar[i, c])
            adjoint_v(i, p, q, g, no_xy, alpha0, alpha1, v_bar[i])
            for c in range(4):
                primal_row(relaxation, tau[i, 1], v[i, c], v_bar[i, c])


@kernel
def tgv_dual(
    u_bar: Image,
    v_bar: Image,
    p: Image,
    q: Image,
    r: Image,
    g: Image,
    no_xy: Row,
    s: Image,
    sigma: Image,
    alpha0: Scalar,
    alpha1: Scalar,
    relaxation: Scalar,
    scratch: Image,
) -> None:
    """p, q, r <- prox((p, q, r) + sigma K (u_bar, v_bar))."""
    for thread in prange(len(scratch)):
        k = scratch[thread]
        for i in band(np.intp(thread), len(scratch), len(p)):
            forward_p(i, u_bar, v_bar, g, no_xy, alpha1, k)
            dual_row(relaxation, sigma[i, 0], k, p[i], k[6])
            forward_q(i, v_bar, alpha0, k)
            dual_row(relaxation, sigma[i, 1], k, q[i], k[6])
            if len(s) > 0:
                forward_r(i, u_bar, g, no_xy, s, k)
                for c in range(2):
                    quadratic_dual_row(relaxation, sigma[i, 2], k[c], r[i, c])


@sequence
def tgv_iterate(
    u: Image,
    v: Image,
    p: Image,
    q: Image,
    r: Image,
    g: Image,
    no_xy: Row,
    s: Image,
    hints: Image,
    hint_weight: Image,
    tau: Image,
    sigma: Image,
    alpha0: Scalar,
    alpha1: Scalar,
    relaxation: Scalar,
    n: Index,
    scratch: Image,
) -> None:
    """n iterations in place:  x~ = prox(x - tau K* y),  y~ = prox(y + sigma K(2 x~ - x)),  both relaxed.

    `scratch` holds 7 rows for each thread.
    """
    u_bar, v_bar = np.empty_like(u), np.empty_like(v)
    for _ in range(n):
        tgv_primal(
            u,
            v,
            p,
            q,
            r,
            g,
            no_xy,
            s,
            hints,
            hint_weight,
            tau,
            alpha0,
            alpha1,
            relaxation,
            u_bar,
            v_bar,
            scratch,
        )
        tgv_dual(u_bar, v_bar, p, q, r, g, no_xy, s, sigma, alpha0, alpha1, relaxation, scratch)


@kernel
def tgv_forward(
    u: Image,
    v: Image,
    g: Image,
    no_xy: Row,
    s: Image,
    alpha0: Scalar,
    alpha1: Scalar,
    p: Image,
    q: Image,
    r: Image,
) -> None:
    """p, q, r = K (u, v)."""
    for row in prange(len(u)):
        i = np.intp(row)
        forward_p(i, u, v, g, no_xy, alpha1, p[i])
        forward_q(i, v, alpha0, q[i])
        if len(s) > 0:
            forward_r(i, u, g, no_xy, s, r[i])


@kernel
def tgv_adjoint(
    p: Image,
    q: Image,
    r: Image,
    g: Image,
    no_xy: Row,
    s: Image,
    alpha0: Scalar,
    alpha1: Scalar,
    u: Image,
    v: Image,
) -> None:
    """u, v = K* (p, q, r)."""
    for row in prange(len(u)):
        i = np.intp(row)
        scratch = np.empty((3, u.shape[2]), u.dtype)
        adjoint_u(i, p, r, g, no_xy, s, alpha1, u[i], scratch)
        adjoint_v(i, p, q, g, no_xy, alpha0, alpha1, v[i])


@kernel
def tgv_energy(
    u: Image,
    v: Image,
    g: Image,
    no_xy: Row,
    s: Image,
    hints: Image,
    hint_weight: Image,
    alpha0: Scalar,
    alpha1: Scalar,
) -> Scalar:
    """The energy of (u, v) without the hard hints, which u meets by construction."""
    partial = np.empty(len(u))
    for row in prange(len(u)):
        i = np.intp(row)
        k = np.empty((6, u.shape[2]), u.dtype)
        energy = hint_energy_row(u, hints, hint_weight, i)
        forward_p(i, u, v, g, no_xy, alpha1, k)
        energy += norm_row(k[:4])
        forward_q(i, v, alpha0, k)
        energy += norm_row(k)
        if len(s) > 0:
            forward_r(i, u, g, no_xy, s, k)
            energy += 0.5 * square_row(k[:2])
        partial[i] = energy
    return sum_rows(partial)
