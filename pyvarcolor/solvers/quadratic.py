"""Minimise the quadratic energy of a weighted graph: conjugate gradients from a coarse-to-fine start.

min_u  first/2 sum_edges w_ij |u_i - u_j|^2  +  beta/2 sum_i |(L u)_i|^2 / d_i  +  1/2 sum_hints w |u - hint|^2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.kernels import Kernels
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run, StopRule, iterate

Array = NDArray[np.floating]

Solve = Callable[[Array, Array, Array, StopRule, Run], tuple[Array, SolverReport]]

_COARSEST = 8  # pixels of the short side at which the coarse-to-fine start begins


@dataclass(frozen=True)
class Quadratic:
    """The energy above on the graph of 8 neighbours.

    Parameters
    ----------
    weigh : callable
        Makes the weights w (H, 8, W) from a guide (H, W); asked once a scale.
    first, beta : float
        Weights of the first-order and of the bilaplacian term.
    """

    weigh: Callable[[Array], Array]
    first: float = 1.0
    beta: float = 0.0

    def minimise(
        self,
        guide: Array,
        hints: Array,
        hint_weight: Array,
        rule: StopRule,
        run: Run,
        initial: Array | None = None,
    ) -> tuple[Array, SolverReport]:
        """Minimise the energy.

        Parameters
        ----------
        guide : (H, W) ndarray
            What the weights are made from.
        hints : (H, 2, W) ndarray
            Prescribed values.
        hint_weight : (H, W) ndarray
            0: no hint; infinity: a hard one.
        rule : StopRule
            When to stop, at every scale.
        run : Run
            Whose run it is.
        initial : (H, 2, W) ndarray, optional
            Where to start; from the solution at half the size if left out.

        Returns
        -------
        u : (H, 2, W) ndarray
        report : SolverReport
        """
        kernels = run.kernels
        if initial is None:
            initial = coarse_start(self.minimise, guide, hints, hint_weight, rule, run)
        u = np.where(np.isinf(hint_weight)[:, None], hints, initial)
        w = self.weigh(guide)
        d = w.sum(axis=1)
        inverse_degree = np.divide(1, d, out=np.zeros_like(d), where=d > 0)
        # The diagonal of L D^-1 L is d_i + sum_j w_ij^2 / d_j, about 9/8 d; 0 stands for "hard, do not move".
        diagonal = (self.first + 1.125 * self.beta) * d + hint_weight
        inverse_diagonal = np.divide(1, diagonal, out=np.zeros_like(d), where=diagonal > 0)
        form = {
            "w": w,
            "inverse_degree": inverse_degree,
            "hint_weight": hint_weight,
            "first": self.first,
            "beta": self.beta,
        }
        cg = {name: np.zeros_like(u) for name in ("residual", "direction", "image", "scratch")}
        cg |= {"u": u, "inverse_diagonal": inverse_diagonal}
        kernels.graph_cg_start(**cg, **form, hints=hints)
        report = iterate(
            lambda n: kernels.graph_cg(**cg, **form, n=n),
            lambda: kernels.graph_energy(u=u, **form, hints=hints, scratch=cg["image"]),
            u,
            rule,
            run,
        )
        return u, report


def coarse_start(solve: Solve, guide: Array, hints: Array, hint_weight: Array, rule: StopRule, run: Run) -> Array:
    """Solution at half the size, repeated to full size: what local iterations are slow to find.

    Parameters
    ----------
    solve : callable
        ``solve(guide, hints, hint_weight, rule, run)`` returns (u, report); it may call this function in turn.
    guide, hints, hint_weight, rule, run
        What `solve` is to be given, at full size.

    Returns
    -------
    (H, 2, W) ndarray
    """
    rows, cols = guide.shape
    if min(rows, cols) <= _COARSEST:
        return np.zeros_like(hints)
    small = halve(guide[:, None])[:, 0], *halve_hints(hints, hint_weight)
    u, _ = solve(*small, rule, replace(run, callback=None))
    return u.repeat(2, axis=0).repeat(2, axis=2)[:rows, :, :cols]


def edge_weights(kernels: Kernels, scale: float, power: float, floor: float) -> Callable[[Array], Array]:
    """Weights of `Quadratic` that stop at edges of the guide: 1 / (1 + (|difference| / scale)^power)."""

    def weigh(guide: Array) -> Array:
        w = np.empty((guide.shape[0], 8, guide.shape[1]), guide.dtype)
        kernels.graph_weights(np.ascontiguousarray(guide), scale, power, floor, w)
        return w

    return weigh


def halve(image: Array) -> Array:
    """Means of 2x2 blocks of an (H, C, W) image, odd sides padded with their border."""
    image = np.pad(image, ((0, image.shape[0] % 2), (0, 0), (0, image.shape[2] % 2)), mode="edge")
    return 0.25 * (image[::2, :, ::2] + image[1::2, :, ::2] + image[::2, :, 1::2] + image[1::2, :, 1::2])


def halve_hints(hints: Array, hint_weight: Array) -> tuple[Array, Array]:
    """Hints of half the size: the mean of those in each 2x2 block, as sure as the surest of them."""
    held = (hint_weight > 0).astype(hints.dtype)[:, None]
    share = halve(np.pad(held, ((0, held.shape[0] % 2), (0, 0), (0, held.shape[2] % 2))))
    total = halve(np.pad(held * hints, ((0, held.shape[0] % 2), (0, 0), (0, held.shape[2] % 2))))
    weight = np.pad(hint_weight, ((0, hint_weight.shape[0] % 2), (0, hint_weight.shape[1] % 2)))
    surest = np.maximum.reduce([weight[::2, ::2], weight[1::2, ::2], weight[::2, 1::2], weight[1::2, 1::2]])
    return total / np.where(share > 0, share, 1), surest
