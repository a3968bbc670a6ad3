"""The fast bilateral solver: smoothness between pixels alike in place and lightness, on a coarse grid over both.

min_x  lambda/4 sum_ij W_ij |x_i - x_j|^2  +  1/2 sum_i c_i |x_i - t_i|^2,    x = S* y: each pixel as its cell
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.cg import ConjugateGradients, dot
from pyvarcolor.solvers.iterate import Run, StopRule, iterate

Array = NDArray[np.float64]

_BALANCING = 20  # rounds until the rows of W sum to 1, to a few digits
_LEAST_DIAGONAL = 1e-5  # for cells without neighbours and hints


class BilateralGrid:
    """The cells that hold a pixel, and their smoothness; kept between solves.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*.
    side : float
        Of a cell, in pixels, above 0.
    luma : float
        Its height in L*, above 0.

    References
    ----------
    .. [1] J. T. Barron, B. Poole, "The fast bilateral solver", ECCV 2016.
    """

    def __init__(self, lightness: NDArray[np.floating], side: float, luma: float) -> None:
        corners = [np.arange(count) // side for count in lightness.shape]
        levels = (lightness - lightness.min()) // luma
        place = np.stack(np.broadcast_arrays(corners[0][:, None], corners[1], levels)).astype(np.intp)
        shape = tuple(place.max(axis=(1, 2)) + 1)
        flat = np.ravel_multi_index(tuple(place), shape)
        used = np.bincount(flat.ravel(), minlength=int(np.prod(shape))) > 0
        number = np.where(used, np.cumsum(used) - 1, -1)
        self._cell = number[flat]
        self._pixels = np.bincount(self._cell.ravel()).astype(float)
        self._smoothness = _smoothness(number.reshape(shape), self._pixels)

    def splat(self, image: NDArray[np.floating]) -> Array:
        """S x: sums over the pixels of each cell; (H, C, W) becomes (C, cells)."""
        cell, cells = self._cell.ravel(), self._pixels.size
        return np.stack([np.bincount(cell, plane.ravel(), cells) for plane in image.swapaxes(0, 1)])

    def slice(self, y: NDArray[np.floating]) -> NDArray[np.floating]:
        """S* y: each pixel as its cell; (C, cells) becomes (H, C, W)."""
        return y[:, self._cell].swapaxes(0, 1)

    def minimise(
        self,
        target: NDArray[np.floating],
        confidence: NDArray[np.floating],
        smoothness: float,
        initial: NDArray[np.floating],
        rule: StopRule,
        run: Run,
    ) -> tuple[NDArray[np.floating], SolverReport]:
        """Minimise the energy by conjugate gradients with the diagonal as preconditioner.

        Parameters
        ----------
        target : (H, 2, W) ndarray
            t.
        confidence : (H, W) ndarray
            c, at least 0.
        smoothness : float
            lambda, above 0.
        initial : (H, 2, W) ndarray
            Where to start; cells that no confidence reaches stay there.
        rule : StopRule
            When to stop.
        run : Run
            Whose run it is.

        Returns
        -------
        x : (H, 2, W) ndarray
        report : SolverReport
        """
        (data,) = self.splat(confidence[:, None])
        b = self.splat(confidence[:, None] * target)
        free = 0.5 * float((confidence[:, None] * np.square(target, dtype=np.float64)).sum())
        matrix = smoothness * self._smoothness + sp.diags_array(data)
        inverse = 1 / np.maximum(matrix.diagonal(), _LEAST_DIAGONAL)

        # To conjugate gradients cells are an image of one row.
        def apply(d: NDArray[np.floating]) -> Array:
            return np.stack([matrix @ channel for channel in d[0]])[None]

        y = self.splat(initial) / self._pixels
        residual = b - apply(y[None])[0]
        scale = dot(b[None], (inverse * b)[None])
        solver = ConjugateGradients(apply, lambda r: inverse * r, y[None], residual[None], scale)
        before = y.copy()

        def evaluate() -> tuple[float, float]:
            nonlocal before
            energy = free - 0.5 * float((y * (b + residual)).sum())
            change = float(np.hypot(*(y - before)) @ self._pixels / self._pixels.sum())
            before = y.copy()
            return energy, change

        sliced = replace(run, chroma_of=lambda state: run.chroma_of(self.slice(state).astype(target.dtype)))
        report = iterate(solver.advance, evaluate, y, rule, sliced)
        return self.slice(y), report


def _smoothness(number: NDArray[np.intp], pixels: Array) -> sp.csr_array:
    """S (I - W) S* = M - N B N: B blurs the grid by [1 2 1] along each axis, N makes the rows of W sum to 1.

    `number` (rows, cols, levels) counts the cells; -1 where there is none.
    """
    cells = pixels.size
    blur = 2 * number.ndim * sp.eye_array(cells, format="csr")
    for axis in range(number.ndim):
        lines = np.moveaxis(number, axis, 0)
        both = (lines[:-1] >= 0) & (lines[1:] >= 0)
        here, there = lines[:-1][both], lines[1:][both]
        step = sp.coo_array((np.ones(here.size), (here, there)), shape=(cells, cells))
        blur = blur + step + step.T
    n = np.ones(cells)
    for _ in range(_BALANCING):
        n = np.sqrt(n * pixels / (blur @ n))
    balanced = sp.diags_array(n) @ blur @ sp.diags_array(n)
    return (sp.diags_array(balanced.sum(axis=1)) - balanced).tocsr()
