"""Exact quadratic propagation on a weighted graph: conjugate gradients on a multigrid that serves many sets of hints.

min_u  first/2 sum_edges w_ij |u_i - u_j|^2  +  beta/2 sum_i |(L u)_i|^2 / d_i  +  1/2 sum_hints w |u - hint|^2
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.kernels import Kernels
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run, StopRule, iterate

Array = NDArray[np.floating]


class Multigrid:
    """The energy above on one photograph, for one set of hints after the other.

    The weights are brought in once. Each `minimise` sets the levels up for its hints (a tenth of the time of a
    solution).

    Parameters
    ----------
    edges : (H, 2, W) or (H, 4, W) ndarray
        Weights of the edges to the right and down (4 neighbours), and down right and down left (8),
        0 where they would lead over the border; see `edge_weights`.
    kernels : Kernels
        The backend.
    first, beta : float
        Weights of the first-order and of the bilaplacian term; `first` must be 1 where `beta` is 0.

    Raises
    ------
    ValueError
        If the shape of `edges`, or later that of hints, is another one; the kernels name it.
    TypeError
        If they are not all float32 or all float64.

    References
    ----------
    .. [1] A. Brandt, "Multi-level adaptive solutions to boundary-value problems", Math. Comp. 31, 1977.
    .. [2] J. E. Dendy, "Black box multigrid", J. Comput. Phys. 48, 1982.
    """

    def __init__(self, edges: Array, kernels: Kernels, *, first: float = 1.0, beta: float = 0.0) -> None:
        rows, count, cols = edges.shape
        size = kernels.multigrid_size(rows, cols, 2 * count, beta > 0)
        self._kernels = kernels
        self._workspace = np.zeros((1, size), edges.dtype)
        self._progress = np.zeros((1, 4))
        self._shape = rows, 2, cols
        self._first, self._beta = first, beta
        self.reweigh(edges)

    def reweigh(self, edges: Array) -> None:
        """Bring other weights in, of the same shape; they hold from the next `start`."""
        self._kernels.multigrid_weights(edges, self._workspace)

    def start(self, u: Array, hints: Array, hint_weight: Array) -> None:
        """Set the levels up for hints, and do the first iteration on u (H, 2, W) in place."""
        self._kernels.multigrid_setup(hint_weight, self._workspace)
        self._kernels.multigrid_start(u, hints, hint_weight, self._first, self._beta, self._workspace, self._progress)

    def advance(self, u: Array, n: int) -> None:
        """n more iterations on the same u in place."""
        self._kernels.multigrid_cg(u, self._first, self._beta, self._workspace, self._progress, n)

    def smooth(self, planes: Array, weight: Array, n: int) -> Array:
        """Minimise for soft hints everywhere, their weight (H, W), by 1 + n iterations: planes smooth but at edges."""
        smoothed = planes.copy()
        self.start(smoothed, planes, weight)
        self.advance(smoothed, n)
        return smoothed

    def minimise(
        self,
        hints: Array,
        hint_weight: Array,
        rule: StopRule,
        run: Run,
        initial: Array | None = None,
    ) -> tuple[Array, SolverReport]:
        """Minimise the energy for these hints.

        Parameters
        ----------
        hints : (H, 2, W) ndarray
            Prescribed values.
        hint_weight : (H, W) ndarray
            0: no hint; infinity: a hard one; between them soft.
        rule : StopRule
            When to stop.
        run : Run
            Whose run it is.
        initial : (H, 2, W) ndarray, optional
            Where to start; 0 if left out.

        Returns
        -------
        u : (H, 2, W) ndarray
            The solution.
        report : SolverReport
            Its `change` is the mean length of the way that a pixel has come since the last evaluation. With `tol` at
            0.02, the error that is left is two to six times that where `beta` is up to some 10, and more above.
        """
        u = np.zeros(self._shape, self._workspace.dtype) if initial is None else initial.copy()
        self.start(u, hints, hint_weight)
        before = float(self._progress[0, 3])

        def evaluate() -> tuple[float, float]:
            nonlocal before
            _, _, energy, path = self._progress[0].tolist()
            change, before = path - before, path
            return energy, change

        report = iterate(lambda n: self.advance(u, n), evaluate, u, rule, run)
        return u, report


def edge_weights(kernels: Kernels, guide: Array, scale: float, power: float, floor: float) -> Array:
    """Weights of the 8 neighbours that stop at edges of a guide: 1 / (1 + (|step| / scale)^power), over the distance.

    Parameters
    ----------
    kernels : Kernels
        The backend.
    guide : (H, W) ndarray
        What has the edges.
    scale, power, floor : float
        `floor` is the least weight, before the distance.

    Returns
    -------
    (H, 4, W) ndarray
        To the right, down, down right and down left; 0 over the border.
    """
    edges = np.empty((guide.shape[0], 4, guide.shape[1]), guide.dtype)
    kernels.graph_edges(guide, scale, power, floor, edges)
    return edges
