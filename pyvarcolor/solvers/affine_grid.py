"""Multigrid on a grid of nodes with an offset and a slope each, over and below the systems that `matting` leaves there.

What the finest level is made of is not asked: chroma that is affine in lightness costs next to nothing on each level,
so that offsets and slopes are interpolated linearly from every second node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]

_DAMPING = 0.7  # of the Jacobi steps; those of a level have eigenvalues up to some 2.5
_FEW = 100  # nodes that are solved at once
_RIDGE = 1e-9  # where lightness is even, offset and slope do the same, and nobody knows the share of each


@dataclass(frozen=True)
class Level:
    """A x = r on one grid; x and r are (2 nodes, 2): offset and slope of each node, of both channels."""

    system: sp.csr_array
    inverse: sp.csr_array
    """Of the node's own 2 x 2 blocks."""
    interpolation: sp.csr_array
    """From the next level."""


class AffineGrid:
    """A system on a grid, and the coarser ones below it.

    Parameters
    ----------
    system : (2 rows cols, 2 rows cols) sparse array
        Symmetric, positive semidefinite; joins a node with its 8 neighbours.
    rows, cols : int
        Of nodes.
    """

    def __init__(self, system: sp.csr_array, rows: int, cols: int) -> None:
        self._levels: list[Level] = []
        diagonal = system.diagonal()
        system = system + sp.diags_array(np.where(diagonal > 0, _RIDGE * diagonal, 1))
        while rows * cols > _FEW:
            down, across = _from_every_second(rows), _from_every_second(cols)
            interpolation = sp.kron(sp.kron(down, across), sp.eye_array(2), format="csr")
            self._levels.append(Level(system, _inverse_blocks(system), interpolation))
            system = (interpolation.T @ system @ interpolation).tocsr()
            rows, cols = down.shape[1], across.shape[1]
        self._last = np.linalg.inv(system.toarray())

    def cycle(self, r: Array, level: int = 0) -> Array:
        """One W-cycle from 0."""
        if level == len(self._levels):
            solved: Array = self._last @ r
            return solved
        here = self._levels[level]
        x: Array = _DAMPING * (here.inverse @ r)
        for _ in range(2):
            x += here.interpolation @ self.cycle(here.interpolation.T @ (r - here.system @ x), level + 1)
        x += _DAMPING * (here.inverse @ (r - here.system @ x))
        return x


def _from_every_second(count: int) -> sp.csr_array:
    """Linear interpolation of `count` nodes from those of even number, and one beyond the end where they are even."""
    left = np.arange(count) // 2
    right = np.arange(1, count + 1) // 2
    places = np.concatenate([left, right])
    return sp.csr_array((np.full(2 * count, 0.5), (np.tile(np.arange(count), 2), places)))


def _inverse_blocks(system: sp.csr_array) -> sp.csr_array:
    """The 2 x 2 blocks on the diagonal, inverted."""
    own = system.diagonal().reshape(-1, 2)
    both = system.diagonal(1)[::2]
    determinant = own[:, 0] * own[:, 1] - both**2
    blocks = np.stack([own[:, 1], -both, -both, own[:, 0]], axis=1) / determinant[:, None]
    nodes = np.arange(len(own) + 1)
    return sp.bsr_array((blocks.reshape(-1, 2, 2), nodes[:-1], nodes)).tocsr()
