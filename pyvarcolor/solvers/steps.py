"""Step sizes of the primal-dual method: diagonal preconditioning of a scaled operator (Pock and Chambolle 2011).

With u = scale_u u' and v = scale_v v' (typical sizes, so that u' and v' are about 1), lemma 2 of the paper with
exponent 1 gives, for every row i and column j of K,

    sigma_i = 1 / sum_j |K_ij| scale_j          tau_j = scale_j / sum_i |K_ij|

and || Sigma^1/2 K T^1/2 || <= 1. Where a norm couples several rows, they share the smallest sigma.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def degree(g: Array) -> Array:
    """Half the sum of |coefficients| of div(G grad u) at each pixel, (H, W); bounds its diagonal from above.

    Parameters
    ----------
    g : (H, 1, W) or (H, 3, W) ndarray
        Edge weight, scalar or tensor.

    Returns
    -------
    (H, W) ndarray
    """
    gx, _, gy = _absolute(g)
    total = gx + gy
    total[:, 1:] += gx[:, :-1]
    total[1:] += gy[:-1]
    return total


def tv_steps(g: Array, alpha1: float, scale_u: float) -> tuple[Array, Array]:
    """Tau and sigma of K u = alpha1 G grad u.

    Parameters
    ----------
    g : (H, 1, W) or (H, 3, W) ndarray
        Edge weight, scalar or tensor.
    alpha1 : float
        Weight of the term.
    scale_u : float
        Typical size of the chroma.

    Returns
    -------
    tau, sigma : (H, W) ndarray
    """
    gx, _, gy = _absolute(g)
    ones = np.full_like(gx, alpha1)
    return scale_u / _columns(g, ones, ones), 1 / (2 * scale_u * alpha1 * np.maximum(gx, gy))


def tgv_steps(g: Array, s: Array, alpha0: float, alpha1: float, scale_u: float, scale_v: float) -> tuple[Array, Array]:
    """Tau of (u, v) and sigma of (p, q, r) for the operator of TGV and bilaplacian.

    Parameters
    ----------
    g : (H, 1, W) or (H, 3, W) ndarray
        Edge weight, scalar or tensor.
    s : (H, W) or (0, W) ndarray
        Weight of the rows of the bilaplacian, if there is one.
    alpha0, alpha1 : float
        Weights of |E v| and |G (grad u - v)|.
    scale_u, scale_v : float
        Typical sizes of the chroma and of its gradient.

    Returns
    -------
    tau : (H, 2, W) ndarray
    sigma : (H, 3, W) ndarray
    """
    gx, _, gy = _absolute(g)
    strongest = np.maximum(gx, gy)
    rows, cols = gx.shape
    columns_u = _columns(g, np.full_like(gx, alpha1), np.full_like(gx, alpha1))
    sigma = np.ones((rows, 3, cols), g.dtype)
    if s.size:
        # a flux between two pixels enters the rows of both
        across, along = s.copy(), s.copy()
        across[:, :-1] += s[:, 1:]
        along[:-1] += s[1:]
        columns_u += _columns(g, across, along)
        sigma[:, 2] = 1 / (2 * scale_u * s * degree(g))
    sigma[:, 0] = 1 / ((2 * scale_u + scale_v) * alpha1 * strongest)
    # a row of the xy component holds 4 entries 1/sqrt 2; a component of v stands in 2 rows of xx or yy and 2 of xy
    sigma[:, 1] = 1 / (scale_v * alpha0 * 2 * np.sqrt(2))
    tau = np.empty((rows, 2, cols), g.dtype)
    tau[:, 0] = scale_u / columns_u
    tau[:, 1] = scale_v / (alpha1 * strongest + alpha0 * (2 + np.sqrt(2)))
    return tau, sigma


def _absolute(g: Array) -> tuple[Array, Array, Array]:
    """Row sums |G_xx| + |G_xy|, the entry |G_xy|, and |G_yy| + |G_xy|, each (H, W)."""
    if g.shape[1] == 1:
        return g[:, 0], np.zeros_like(g[:, 0]), g[:, 0]
    mixed = np.abs(g[:, 1])
    return np.abs(g[:, 0]) + mixed, mixed, np.abs(g[:, 2]) + mixed


def _columns(g: Array, across: Array, along: Array) -> Array:
    """Column sums of |K| for rows across |(G grad u)_x| and along |(G grad u)_y|, (H, W)."""
    gx, mixed, gy = _absolute(g)
    total = across * gx + along * gy
    total[:, 1:] += (across * (gx - mixed) + along * mixed)[:, :-1]
    total[1:] += (across * mixed + along * (gy - mixed))[:-1]
    return np.maximum(total, np.finfo(g.dtype).tiny)
