"""The iteration of `tgv.hpp` in plain NumPy, whole images at a time, as one would write it for a paper.

Same energy, same steps, same over-relaxation, same call as the kernels' `tgv_iterate`. Inside, a state is
split into (row, colour, component, column); a difference that would reach over the border is 0.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def tgv_iterate(
    u: Array,
    v: Array,
    p: Array,
    q: Array,
    r: Array,
    *,
    g: Array,
    s: Array,
    hints: Array,
    hint_weight: Array,
    alpha0: float,
    alpha1: float,
    tau: Array,
    sigma: Array,
    relaxation: float,
    n: int,
) -> None:
    """n iterations in place:  x~ = prox(x - tau K* y),  y~ = prox(y + sigma K(2 x~ - x)),  both relaxed."""
    v, p, q = (z.reshape(len(z), 2, -1, z.shape[2]) for z in (v, p, q))
    g = _without_border(g)
    s = s[:, None]
    tau_u, tau_v = tau[:, 0, None], tau[:, 1, None, None]
    sigma_p, sigma_q, sigma_r = sigma[:, 0, None, None], sigma[:, 1, None, None], sigma[:, 2, None]
    free = 1 / (1 + tau_u * hint_weight[:, None])
    for _ in range(n):
        flux = alpha1 * weigh(g, p)
        v_step = -tau_v * (alpha0 * symmetrised_adjoint(q) - flux)
        if len(s):
            flux -= weigh(g, gradient(s * r))
        u_step = hints + (u - tau_u * gradient_adjoint(flux) - hints) * free - u
        u_bar, v_bar = u + 2 * u_step, v + 2 * v_step
        u += relaxation * u_step
        v += relaxation * v_step

        slope = gradient(u_bar)
        p += relaxation * (into_unit_ball(p + sigma_p * alpha1 * weigh(g, slope - v_bar)) - p)
        q += relaxation * (into_unit_ball(q + sigma_q * alpha0 * symmetrised_gradient(v_bar)) - q)
        if len(s):
            r += relaxation * ((r - sigma_r * s * gradient_adjoint(weigh(g, slope))) / (1 + sigma_r) - r)


def gradient(u: Array) -> Array:
    """Forward differences (x, y)."""
    out = np.zeros((len(u), 2, 2, u.shape[2]), u.dtype)
    np.subtract(u[..., 1:], u[..., :-1], out=out[:, :, 0, :-1])
    np.subtract(u[1:], u[:-1], out=out[:-1, :, 1])
    return out


def gradient_adjoint(p: Array) -> Array:
    """Minus the divergence; p must be 0 where it belongs to a missing difference."""
    x, y = p[:, :, 0], p[:, :, 1]
    out = -x - y
    out[..., 1:] += x[..., :-1]
    out[1:] += y[:-1]
    return out


def symmetrised_gradient(v: Array) -> Array:
    """Backward differences (xx, yy, sqrt 2 xy) of (x, y)."""
    x, y = v[:, :, 0], v[:, :, 1]
    out = np.zeros((len(v), 2, 3, v.shape[3]), v.dtype)
    np.subtract(x[..., 1:], x[..., :-1], out=out[:, :, 0, 1:])
    np.subtract(y[1:], y[:-1], out=out[1:, :, 1])
    np.subtract(x[1:], x[:-1], out=out[1:, :, 2])
    out[:, :, 2, 1:] += y[..., 1:] - y[..., :-1]
    out[:, :, 2] *= np.sqrt(0.5)
    return out


def symmetrised_adjoint(q: Array) -> Array:
    """The adjoint of `symmetrised_gradient`."""
    xx, yy, xy = q[:, :, 0], q[:, :, 1], np.sqrt(0.5).astype(q.dtype) * q[:, :, 2]
    out = np.zeros((len(q), 2, 2, q.shape[3]), q.dtype)
    x, y = out[:, :, 0], out[:, :, 1]
    for part, by_x, by_y in ((x, xx, xy), (y, xy, yy)):
        part[..., 1:] += by_x[..., 1:]
        part[..., :-1] -= by_x[..., 1:]
        part[1:] += by_y[1:]
        part[:-1] -= by_y[1:]
    return out


def weigh(g: tuple[Array, Array | None], p: Array) -> Array:
    """The edge weight times a field of (x, y)."""
    diagonal, mixed = g
    out = diagonal * p
    if mixed is not None:
        out += mixed * p[:, :, ::-1]
    return out


def into_unit_ball(y: Array) -> Array:
    """Projection onto |y| <= 1, in place; the norm couples all components of both colours."""
    y /= np.maximum(1, np.sqrt(np.square(y).sum(axis=(1, 2), keepdims=True)))
    return y


def _without_border(g: Array) -> tuple[Array, Array | None]:
    """Diagonal (row, 1, 2, column) and mixed entry of the weights, 0 where the difference is missing."""
    diagonal = g[:, None, [0, -1]]
    diagonal[..., 0, -1] = 0
    diagonal[-1, :, 1] = 0
    if g.shape[1] == 1:
        return diagonal, None
    mixed = g[:, None, [1]]
    mixed[..., -1] = 0
    mixed[-1] = 0
    return diagonal, mixed
