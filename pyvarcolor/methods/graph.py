"""Graph: edge-weighted harmonic propagation, the quadratic model of Levin, Lischinski and Weiss 2004."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, EdgeAware, Problem
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.bicgstab import solve_directed
from pyvarcolor.solvers.iterate import Run, StopRule
from pyvarcolor.solvers.quadratic import Quadratic, coarse_start, edge_weights

Weights = Literal["edge", "levin"]


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
        Weight of the bilaplacian, at least 0; with it colour goes on smoothly through the strokes.

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

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("beta", least=0)
        if self.weights not in get_args(Weights):
            raise ValueError(f"weights must be one of {', '.join(get_args(Weights))}, but is {self.weights!r}")

    @property
    def maximum_principle(self) -> bool:
        """Without a bilaplacian, a weighted mean of neighbours."""
        return self.beta == 0

    def spread(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Solve the linear system of the chosen weights."""
        solve = self._solve_levin if self.weights == "levin" else self._quadratic(run).minimise
        u, report = solve(problem.lightness, problem.hints, problem.hint_weight, self.stop_rule, run, problem.initial)
        return u.astype(problem.hints.dtype), report

    def _quadratic(self, run: Run) -> Quadratic:
        return Quadratic(edge_weights(run.kernels, self.edge_scale, self.edge_power, self.edge_floor), beta=self.beta)

    def _solve_levin(
        self,
        lightness: Array,
        hints: Array,
        hint_weight: Array,
        rule: StopRule,
        run: Run,
        initial: Array | None = None,
    ) -> tuple[Array, SolverReport]:
        if initial is None:
            initial = coarse_start(self._solve_levin, lightness, hints, hint_weight, rule, run)
        w = np.empty((lightness.shape[0], 8, lightness.shape[1]))
        run.kernels.levin_weights(lightness.astype(np.float64) / 100, w)
        double = hints.astype(np.float64), hint_weight.astype(np.float64)
        return solve_directed(w, *double, rule, run, initial.astype(np.float64))
