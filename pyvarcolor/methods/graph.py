"""Graph: edge-weighted harmonic propagation, the quadratic model of Levin, Lischinski and Weiss 2004."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, EdgeAware, Problem
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.bicgstab import solve_directed
from pyvarcolor.solvers.iterate import Run

Weights = Literal["edge", "levin"]

_LEAST_CHECK = 20  # iterations of a method so slow that one of them says nothing about rest


@register("graph", "edge-weighted harmonic propagation (Levin et al. 2004), optionally with a bilaplacian")
@dataclass(frozen=True, kw_only=True)
class Graph(EdgeAware):
    """Harmonic propagation: neighbours of like lightness get like chroma.

    Minimises 1/2 sum w_ij |u_i - u_j|^2 + beta/2 sum_i |sum_j w_ij (u_i - u_j)|^2 / d_i over the 8 neighbours j of each
    pixel i, d_i = sum_j w_ij; or, with ``weights="levin"``, solves u_i = sum_j w_ij u_j with the weights of the code
    published with [1]_. Each has a maximum principle (beta = 0): no colour beyond those of the strokes appears.

    Parameters
    ----------
    weights : {"edge", "levin"}
        ``"edge"``: 1 / (1 + (|dL| / edge_scale)^edge_power), symmetric; ``"levin"``: exp(-dY^2 / c) with c from the
        local variance, which takes none of the edge options and no beta.
    beta : float
        Weight of the bilaplacian, at least 0; the larger, the more smoothly colour goes on through the strokes, and
        beyond their range.

    References
    ----------
    .. [1] A. Levin, D. Lischinski, Y. Weiss, "Colorization using optimization", SIGGRAPH 2004, eq. 1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((20, 40), 90, np.uint8)
    >>> gray[:, 20:] = 180
    >>> hints = Hints.from_points([(10, 5, (30, 20)), (10, 35, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="graph").chroma[3, [12, 28], 0].round().tolist()
    [30.0, -20.0]
    """

    weights: Weights = "edge"
    beta: float = 0.0
    check_every: int = 2
    tol: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("beta", least=0)
        if self.weights not in get_args(Weights):
            raise ValueError(f"weights must be one of {', '.join(get_args(Weights))}, but is {self.weights!r}")

    @property
    def peak_floats_per_pixel(self) -> int:
        """The directed system is solved in float64, with 8 weights a pixel."""
        return 96 if self.weights == "levin" else 28

    @property
    def maximum_principle(self) -> bool:
        """Without a bilaplacian, a weighted mean of neighbours."""
        return self.beta == 0

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Solve the linear system of the chosen weights."""
        if self.weights == "levin":
            return self._solve_levin(problem, run)
        return self.solve_quadratic(problem, run, self.stop_rule, beta=self.beta)

    def _solve_levin(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        initial = problem.initial
        if initial is None:
            initial, _ = self.solve_quadratic(problem, replace(run, callback=None), self.stop_rule)
        rule = replace(self.stop_rule, check_every=max(self.check_every, _LEAST_CHECK))
        rows, cols = problem.lightness.shape
        w = np.empty((rows, 8, cols))
        run.kernels.levin_weights(problem.lightness.astype(np.float64) / 100, w)
        hints, hint_weight, initial = (
            array.astype(np.float64) for array in (problem.hints, problem.hint_weight, initial)
        )
        u, report = solve_directed(w, hints, hint_weight, initial, rule, run)
        return u.astype(problem.hints.dtype), report
