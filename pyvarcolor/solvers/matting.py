"""Closed-form matting: conjugate gradients with two grids, pixels and nodes with an offset and a slope of chroma each.

min_u  1/2 sum_windows min_(s, t) ( sum_i |s L_i + t - u_i|^2 + epsilon |s|^2 )  +  1/2 sum_hints w |u - hint|^2
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from pyvarcolor.kernels import Kernels
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.affine_grid import AffineGrid
from pyvarcolor.solvers.cg import ConjugateGradients, dot
from pyvarcolor.solvers.iterate import Run, StopRule, comparing, iterate

Array = NDArray[np.floating]

_DAMPING = 0.75  # of the Jacobi steps on the pixels, whose eigenvalues go up to some 2
_REACH = 3  # nodes of every third row and column do not meet


class Operator:
    """A = L + soft hints on a photograph, hard hints left out.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*.
    epsilon : float
        Cost of a slope, in L* squared, above 0.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one; between them soft.
    kernels : Kernels
        The backend.
    """

    def __init__(self, lightness: Array, epsilon: float, hint_weight: Array, kernels: Kernels) -> None:
        rows, cols = lightness.shape
        self.dtype = lightness.dtype
        self.coarse_shape = (rows + 1) // 4 + 1, 4, (cols + 1) // 4 + 1
        self.inverse_diagonal = np.empty((rows, cols), self.dtype)
        self._kernels, self._lightness, self._hint_weight = kernels, lightness, hint_weight
        self._windows = np.empty((rows, 2, cols), self.dtype)
        self._fits = np.empty((rows, 4, cols), self.dtype)
        self._zero = np.zeros((rows, 2, cols), self.dtype)
        kernels.matting_windows(lightness, epsilon, self._windows)
        kernels.matting_diagonal(lightness, self._windows, hint_weight, self.inverse_diagonal)

    def residual(self, u: Array, b: Array | None = None) -> Array:
        """b - A u on the free pixels, else 0; b is 0 if left out."""
        r = np.empty_like(u)
        b = self._zero if b is None else b
        self._kernels.matting_residual(u, b, self._lightness, self._windows, self._hint_weight, self._fits, r)
        return r

    def apply(self, u: Array) -> Array:
        """A u on the free pixels, else 0."""
        image = self.residual(u)
        return np.negative(image, out=image)

    def smoothness(self, u: Array) -> float:
        """The energy without hints."""
        flow = np.empty_like(u)
        nowhere = np.zeros_like(self._hint_weight)
        self._kernels.matting_residual(u, self._zero, self._lightness, self._windows, nowhere, self._fits, flow)
        return -0.5 * float(dot(u, flow).sum())

    def restrict(self, r: Array) -> Array:
        """P* r on the nodes."""
        coarse = np.empty(self.coarse_shape, self.dtype)
        self._kernels.matting_restrict(r, self._lightness, coarse)
        return coarse

    def prolong(self, u: Array, coarse: Array) -> None:
        """u += P coarse on the free pixels."""
        self._kernels.matting_prolong(u, self._lightness, self._hint_weight, coarse)

    def galerkin(self) -> sp.csr_array:
        """P* A P over offset and slope of each node, read off its products with nodes that do not meet."""
        rows, _, cols = self.coarse_shape
        numbers = np.arange(rows * cols, dtype=np.int32).reshape(rows, cols)
        entries, into, out_of = [], [], []
        for first_row, first_col in np.ndindex(_REACH, _REACH):
            ones = np.zeros(self.coarse_shape, self.dtype)
            ones[first_row::_REACH, [0, 3], first_col::_REACH] = 1  # offset of the one, slope of the other channel
            u = self._zero.copy()
            self.prolong(u, ones)
            product = -self.restrict(self.residual(u))
            row, col = _nearest(rows, first_row), _nearest(cols, first_col)
            met = np.isin(row, np.arange(rows))[:, None] & np.isin(col, np.arange(cols))
            other = (row[:, None] * cols + col)[met].astype(np.int32)
            for kind, of_kind in np.ndindex(2, 2):
                entries.append(product[:, 2 * kind + of_kind][met])
                into.append(2 * numbers[met] + kind)
                out_of.append(2 * other + of_kind)
        places = np.concatenate(into), np.concatenate(out_of)
        matrix = sp.csr_array((np.concatenate(entries).astype(np.float64), places))
        return (matrix + matrix.T) / 2


def minimise_matting(
    lightness: Array,
    epsilon: float,
    hints: Array,
    hint_weight: Array,
    initial: Array | None,
    rule: StopRule,
    run: Run,
) -> tuple[Array, SolverReport]:
    """Minimise the energy.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*.
    epsilon : float
        Cost of a slope, in L* squared, above 0.
    hints : (H, 2, W) ndarray
        Prescribed values, 0 where there is none.
    hint_weight : (H, W) ndarray
        0: no hint; infinity: a hard one; between them soft.
    initial : (H, 2, W) ndarray or None
        Where to start; from the mean of the hints, which costs nothing, if left out.
    rule : StopRule
        When to stop.
    run : Run
        Whose run it is.

    Returns
    -------
    u : (H, 2, W) ndarray
    report : SolverReport
    """
    in_double = lightness.astype(np.float64), epsilon, hint_weight.astype(np.float64), run.kernels
    coarse_system = Operator(*in_double).galerkin()  # its blocks are nearly singular where lightness is even
    operator = Operator(lightness, epsilon, hint_weight, run.kernels)
    rows, _, cols = operator.coarse_shape
    grid = AffineGrid(coarse_system, rows, cols)
    relaxation = lightness.dtype.type(_DAMPING) * operator.inverse_diagonal[:, None]

    def cycle(r: Array) -> Array:
        """Nearly A^-1 r: relaxed, corrected by the nodes, relaxed."""
        z = relaxation * r
        coarse = operator.restrict(operator.residual(z, r))
        nodes = grid.cycle(coarse.transpose(0, 2, 1).reshape(-1, 2).astype(np.float64))
        correction = nodes.reshape(rows, cols, 4).transpose(0, 2, 1)
        operator.prolong(z, np.ascontiguousarray(correction, z.dtype))
        z += relaxation * operator.residual(z, r)
        return z

    hard = np.isinf(hint_weight)[:, None]
    soft = np.where(hard, 0, hint_weight[:, None])
    if initial is None:
        initial = hints.swapaxes(1, 2)[hint_weight > 0].mean(axis=0)[:, None]
    u = np.where(hard, hints, initial).astype(lightness.dtype)
    energy = operator.smoothness(u) + 0.5 * float((soft * (u - hints) ** 2).sum())
    residual = operator.residual(u, soft * hints)
    solver = ConjugateGradients(operator.apply, cycle, u, residual)
    evaluate = comparing(lambda: energy - solver.gain, u, run.kernels)
    report = iterate(solver.advance, evaluate, u, rule, run)
    return u, report


def _nearest(count: int, first: int) -> NDArray[np.intp]:
    """The one of first, first + 3, ... that is next to each of `count` nodes; may lie beyond them."""
    return np.arange(count) + (first - np.arange(count) + 1) % _REACH - 1
