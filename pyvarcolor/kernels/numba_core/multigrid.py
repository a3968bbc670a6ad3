"""Exact quadratic propagation: conjugate gradients preconditioned by a multigrid W-cycle.

The C++ twin `multigrid.hpp` tells the energy, its matrix A = L (first + beta D^-1 L) + soft weights, and what a
bilaplacian asks of the preconditioner. `progress` is (rho a, rho b, energy, path). What calls the kernels here
is Python: compiled, it would have to be linked with all of them, again and again, which takes a minute.
"""

from collections.abc import Callable

import numpy as np
from numba import prange
from numpy.typing import NDArray

from .cycle import full_multigrid, w_cycle
from .galerkin import coarsen_all
from .hierarchy import Hierarchy, Level, around_row, degree_row
from .image import Image, Row, Scalar
from .parallel import inline_sum, kernel

Solve = Callable[[list[Level]], None]
Numbers = NDArray[np.float64]

DAMPING = 0.38
"""c in (1 - c D^-1 L) W (1 - c L D^-1); from 0.2 to 0.4 all do, for any beta."""


@kernel
def finest_weights(edges: Image, level: Level) -> None:
    """The edge weights."""
    w = level.w
    for index in prange(len(edges)):
        i = np.intp(index)
        for edge in range(edges.shape[1]):
            for j in range(edges.shape[2]):
                w[i + 1, edge, j + 1] = edges[i, edge, j]


@kernel
def finest_degrees(hint_weight: Image, level: Level) -> None:
    """m and inverse, from the weight of hints, which is infinite where they are hard."""
    w, m, inverse = level.w, level.m, level.inverse
    for index in prange(len(hint_weight)):
        i = np.intp(index) + 1
        weights = np.empty(m.shape[1], m.dtype)
        degree_row(w, i, weights)
        for j in range(1, hint_weight.shape[1] + 1):
            hard = not hint_weight[i - 1, j - 1] < np.inf
            m[i, j] = 0 if hard else hint_weight[i - 1, j - 1]
            degree = m[i, j] + weights[j]
            inverse[i, j] = 0 if hard or not degree > 0 else 1 / degree


@kernel
def bind(hints: Image, hint_weight: Image, u: Image, start: Image) -> None:
    """u = hint where it is hard; `start` is u in the workspace."""
    for index in prange(len(u)):
        i = np.intp(index)
        for c in range(2):
            for j in range(u.shape[2]):
                if not hint_weight[i, j] < np.inf:
                    u[i, c, j] = hints[i, c, j]
                start[i + 1, c, j + 1] = u[i, c, j]


@kernel
def mix(level: Level, first: Scalar, beta: Scalar, p: Image, s: Image) -> None:
    """s = first p + beta D^-1 L p, so that A p = L s + soft p."""
    w = level.w
    for index in prange(len(p) - 2):
        i = np.intp(index) + 1
        flow, weights = np.empty((2, p.shape[2]), p.dtype)
        degree_row(w, i, weights)
        for c in range(2):
            around_row(w, p, i, c, p[i, c], flow)
            for j in range(1, p.shape[2] - 1):
                share = beta / weights[j] if weights[j] > 0 else 0
                s[i, c, j] = first * p[i, c, j] - share * flow[j]


@inline_sum
def energy_row(m: Row, pull: Row, u: Row, flow: Row) -> Scalar:
    """Sum of 1/2 m pull^2 - 1/2 u flow, where flow = sum w (s_j - s)."""
    energy = 0.0
    for j in range(1, len(u) - 1):
        energy += 0.5 * (m[j] * pull[j] * pull[j] - u[j] * flow[j])
    return energy


@kernel
def take_residual(level: Level, hints: Image, u: Image, s: Image, residual: Image, partial: Row) -> None:
    """residual = b - A u on the free pixels, else 0; partial (row) = energy."""
    w, m, inverse = level.w, level.m, level.inverse
    for index in prange(len(u)):
        i = np.intp(index) + 1
        pull, own, flow = np.zeros((3, s.shape[2]), s.dtype)
        partial[i - 1] = 0
        for c in range(2):
            for j in range(1, u.shape[2] + 1):
                own[j] = u[i - 1, c, j - 1]
                pull[j] = hints[i - 1, c, j - 1] - own[j]
            around_row(w, s, i, c, s[i, c], flow)
            partial[i - 1] += energy_row(m[i], pull, own, flow)
            for j in range(1, s.shape[2] - 1):
                residual[i, c, j] = m[i, j] * pull[j] + flow[j] if inverse[i, j] > 0 else 0


@inline_sum
def dot_row(a: Row, b: Row) -> Scalar:
    """Sum of a b."""
    total = 0.0
    for j in range(len(a)):
        total += np.float64(a[j] * b[j])
    return total


@inline_sum
def length_row(alpha_a: Scalar, alpha_b: Scalar, a: Row, b: Row) -> Scalar:
    """Sum of |(alpha_a a, alpha_b b)|."""
    total = 0.0
    for j in range(len(a)):
        total += np.sqrt(alpha_a * alpha_a * a[j] * a[j] + alpha_b * alpha_b * b[j] * b[j])
    return total


@kernel
def dot(a: Image, b: Image, partial: Image) -> None:
    """partial (channel, row) = a' b."""
    for index in prange(len(a) - 2):
        i = np.intp(index)
        for c in range(2):
            partial[c, i] = dot_row(a[i + 1, c], b[i + 1, c])


@kernel
def turn(b: Row, z: Image, p: Image) -> None:
    """p = z + b p."""
    for index in prange(len(p) - 2):
        i = np.intp(index) + 1
        for c in range(2):
            for j in range(1, p.shape[2] - 1):
                p[i, c, j] = z[i, c, j] + b[c] * p[i, c, j]


@kernel
def take_image(level: Level, p: Image, s: Image, q: Image, partial: Image) -> None:
    """q = L s + soft p on the free pixels, else 0; partial (channel, row) = p' q."""
    w, m, inverse = level.w, level.m, level.inverse
    for index in prange(len(p) - 2):
        i = np.intp(index) + 1
        flow = np.empty(p.shape[2], p.dtype)
        for c in range(2):
            around_row(w, s, i, c, s[i, c], flow)
            for j in range(1, p.shape[2] - 1):
                q[i, c, j] = m[i, j] * p[i, c, j] - flow[j] if inverse[i, j] > 0 else 0
            partial[c, i - 1] = dot_row(p[i, c], q[i, c])


@kernel
def advance(alpha: Row, p: Image, q: Image, u: Image, residual: Image, partial: Row) -> None:
    """u += alpha p, residual -= alpha q, partial (row) = distance that the pixels have come."""
    for index in prange(len(u)):
        i = np.intp(index) + 1
        for c in range(2):
            for j in range(u.shape[2]):
                u[i - 1, c, j] += alpha[c] * p[i, c, j + 1]
            for j in range(1, p.shape[2] - 1):
                residual[i, c, j] -= alpha[c] * q[i, c, j]
        partial[i - 1] = length_row(alpha[0], alpha[1], p[i, 0], p[i, 1])


@kernel
def scale(level: Level, x: Image, out: Image) -> None:
    """out = D^-1 x."""
    inverse = level.inverse
    for index in prange(len(x) - 2):
        i = np.intp(index) + 1
        for c in range(2):
            for j in range(1, x.shape[2] - 1):
                out[i, c, j] = inverse[i, j] * x[i, c, j]


@kernel
def damp(level: Level, a: Image, x: Image, scaled: bool, out: Image) -> None:
    """out = a - c (L + soft weights) x, or a - c D^-1 (L + soft weights) x; a on bound pixels."""
    w, m, inverse = level.w, level.m, level.inverse
    for index in prange(len(x) - 2):
        i = np.intp(index) + 1
        flow = np.empty(x.shape[2], x.dtype)
        for c in range(2):
            around_row(w, x, i, c, x[i, c], flow)
            for j in range(1, x.shape[2] - 1):
                free = inverse[i, j] if scaled else x.dtype.type(inverse[i, j] > 0)
                out[i, c, j] = a[i, c, j] - x.dtype.type(DAMPING) * free * (m[i, j] * x[i, c, j] - flow[j])


def precondition(h: Hierarchy, solve: Solve) -> None:
    """image = W residual, or where there is a bilaplacian (1 - c D^-1 L) W (1 - c L D^-1) residual."""
    fine = h.levels[0]
    if not h.bilaplacian:
        solve(h.levels)
        return
    scale(fine, h.residual, h.image)
    damp(fine, h.residual, h.image, False, fine.f)
    solve(h.levels)
    damp(fine, fine.u, fine.u, True, h.image)


def step(u: Image, first: Scalar, beta: Scalar, h: Hierarchy, progress: Numbers, solve: Solve = w_cycle) -> None:
    """One iteration of conjugate gradients (Hestenes and Stiefel 1952); each channel has its own step sizes."""
    fine, r, p = h.levels[0], h.residual, h.direction
    z = q = h.image
    partial = np.zeros((2, len(p) - 2))
    precondition(h, solve)
    dot(r, z, partial)
    rho = partial.sum(axis=1)
    turn(ratio(rho, progress[:2]).astype(u.dtype), z, p)
    s = fine.u if h.bilaplacian else p
    if h.bilaplacian:
        mix(fine, first, beta, p, s)
    take_image(fine, p, s, q, partial)
    alpha = ratio(rho, partial.sum(axis=1))
    advance(alpha.astype(u.dtype), p, q, u, r, partial[0])
    progress[:2] = rho
    progress[2] -= 0.5 * alpha @ rho
    progress[3] += partial[0, : len(u)].sum() / (u.shape[0] * u.shape[2])


def ratio(a: Numbers, b: Numbers) -> Numbers:
    """a / b of each channel, 0 where b is so small that the solution is reached: products would underflow."""
    return np.divide(a, b, out=np.zeros(2), where=b > 1e-30)


def multigrid_weights(edges: Image, h: Hierarchy) -> None:
    """The weights of the finest level, from edges (rows, 2 or 4, cols): right, down and the diagonals."""
    finest_weights(edges, h.levels[0])


def multigrid_setup(hint_weight: Image, h: Hierarchy) -> None:
    """All levels for these hints."""
    finest_degrees(hint_weight, h.levels[0])
    coarsen_all(h.levels)


def multigrid_start(
    u: Image, hints: Image, hint_weight: Image, first: Scalar, beta: Scalar, h: Hierarchy, progress: Numbers
) -> None:
    """Sets the hard hints in u, and does the first step, with a full multigrid; what follows is not conjugate to it."""
    fine, energies = h.levels[0], np.empty(len(u))
    bind(hints, hint_weight, u, fine.u)
    s = h.image  # which is u itself where there is no bilaplacian
    if h.bilaplacian:
        mix(fine, first, beta, fine.u, s)
    take_residual(fine, hints, u, s, h.residual, energies)
    progress[:] = 0, 0, energies.sum(), 0
    step(u, first, beta, h, progress, full_multigrid)
    progress[:2] = 0


def multigrid_cg(u: Image, first: Scalar, beta: Scalar, h: Hierarchy, progress: Numbers, n: int) -> None:
    """n iterations."""
    for _ in range(n):
        step(u, first, beta, h, progress)


def multigrid_cycle(r: Image, h: Hierarchy, z: Image) -> None:
    """z = one W-cycle for (L + soft weights) z = r, the preconditioner by itself."""
    fine = h.levels[0]
    inside = np.s_[1 : len(r) + 1, :, 1 : r.shape[2] + 1]
    fine.f[inside] = r
    w_cycle(h.levels)
    z[:] = fine.u[inside]
