"""J. T. Barron, B. Poole, "The fast bilateral solver", ECCV 2016, with the fixed settings of the authors' code.

min_y  lambda y^T (Dm - Dn B Dn) y  +  sum_hints (x - hint)^2,    x = S^T y

over the cells y of a grid in place and lightness: S sums over the pixels of each, B blurs the grid, and Dn, Dm make the
affinities S^T Dn B Dn S of pixels sum to 1.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import cg

from pyvarcolor import Hints
from pyvarcolor.color import Array
from rivals.nearest import nearest

SPATIAL = 8
"""pixels along a cell"""
CENTRE = 10
"""of the blur: 2 on each of 5 axes, for gray too has two axes of chroma in the authors' code"""
BALANCING = 10
"""rounds until the affinities sum to 1"""
LEAST_DIAGONAL = 1e-5
"""of the preconditioner"""
OFFSET = 128
"""Chroma is solved for as 8-bit files hold it, in 0..255: the stop rule is relative to that."""


def fbs(lightness: Array, hints: Hints, luma: float, smoothness: float) -> Array:
    """100 conjugate gradients from the nearest hint of each pixel; luma is the height of a cell, of 255."""
    cells, cell, steps = grid(np.rint(2.55 * lightness), luma)
    splat = sp.csr_array((np.ones(cell.size), (cell, np.arange(cell.size))))
    c = hints.mask.ravel().astype(float)
    pixels = splat.sum(axis=1)
    system = smoothness * bistochastic(blur(cells, steps), pixels) + sp.diags_array(splat @ c)
    jacobi = sp.diags_array(1 / np.maximum(system.diagonal(), LEAST_DIAGONAL))
    chroma = np.empty((cell.size, 2))
    for k, t in enumerate(nearest(lightness, hints).reshape(-1, 2).T + float(OFFSET)):
        y, _ = cg(system, splat @ (c * t), splat @ t / pixels, rtol=1e-5, maxiter=100, M=jacobi)
        chroma[:, k] = splat.T @ y - OFFSET
    return chroma.reshape(hints.chroma.shape)


def grid(guide: Array, luma: float) -> tuple[NDArray[np.intp], NDArray[np.intp], tuple[int, int, int]]:
    """Numbers of the cells that hold a pixel, in order; the place among them of each pixel's cell; and how much larger
    the number of a cell's neighbour is on each axis."""
    row, col = np.indices(guide.shape) // SPATIAL
    place = np.stack([row, col, (guide // luma).astype(int)]).reshape(3, -1)
    _, cols, levels = shape = place.max(axis=1) + 2  # an empty layer, so that nothing goes on in the next line
    cells, cell = np.unique(np.ravel_multi_index(tuple(place), shape), return_inverse=True)
    return cells, cell, (cols * levels, levels, 1)


def blur(cells: NDArray[np.intp], steps: tuple[int, int, int]) -> sp.csr_array:
    """B: a cell and its neighbours, where there are any."""
    b = CENTRE * sp.eye_array(cells.size, format="csr")
    for step in steps:
        _, here, there = np.intersect1d(cells, cells - step, return_indices=True)
        neighbour = sp.csr_array((np.ones(here.size), (here, there)), b.shape)
        b += neighbour + neighbour.T
    return b


def bistochastic(b: sp.csr_array, pixels: Array) -> sp.csr_array:
    """Dm - Dn B Dn."""
    n = np.ones(pixels.size)
    for _ in range(BALANCING):
        n = np.sqrt(n * pixels / (b @ n))
    return (sp.diags_array(n * (b @ n)) - sp.diags_array(n) @ b @ sp.diags_array(n)).tocsr()
