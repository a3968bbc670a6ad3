"""TV: first-order total variation, piecewise constant colour (Rudin, Osher and Fatemi 1992)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Problem, Variational
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.irls import minimise_reweighted
from pyvarcolor.solvers.iterate import Run, comparing, iterate
from pyvarcolor.solvers.steps import tv_steps


@register("tv", "total variation: piecewise constant colour with sharp steps")
@dataclass(frozen=True, kw_only=True)
class TV(Variational):
    """Edge-weighted total variation of chroma.

    Minimises alpha1 sum |G grad u|_F + hints over u = (a, b); the Frobenius norm couples both channels, so that they
    step at the same place. Solved by iteratively reweighted least squares [1]_ on a multigrid, or by the over-relaxed
    primal-dual method [2]_ from the harmonic solution.

    Parameters
    ----------
    solver : {"auto", "irls", "primal-dual"}
        "irls", for scalar weights only, counts iterations of conjugate gradients; "primal-dual" takes several times as
        long to the same colour and is kept as its reference. "auto": "irls" where it can be.
    alpha1 : float
        Weight of the term against soft hints, above 0; with hard hints it changes nothing.

    References
    ----------
    .. [1] T. F. Chan, P. Mulet, "On the convergence of the lagged diffusivity fixed point method in total variation
       image restoration", SIAM Journal on Numerical Analysis 36, 1999.
    .. [2] A. Chambolle, T. Pock, "A first-order primal-dual algorithm for convex problems with applications to
       imaging", J. Math. Imaging Vis. 40, 2011, algorithm 1; over-relaxed as in L. Condat, "A primal-dual splitting
       method for convex optimization", J. Optim. Theory Appl. 158, 2013, algorithm 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((16, 32), 90, np.uint8)
    >>> gray[:, 16:] = 180
    >>> hints = Hints.from_points([(8, 4, (30, 20)), (8, 28, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="tv").chroma[3, [12, 20], 0].round().tolist()
    [30.0, -20.0]
    """

    solver: Literal["auto", "irls", "primal-dual"] = "auto"
    alpha1: float = 1.0
    tol: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("alpha1", above=0)
        if self.solver not in ("auto", "irls", "primal-dual"):
            raise ValueError(f"solver must be one of auto, irls, primal-dual, but is {self.solver!r}")
        if self.solver == "irls" and self.tensor:
            raise ValueError("solver must be 'auto' or 'primal-dual' where tensor is True, but is 'irls'")

    @property
    def maximum_principle(self) -> bool:
        """With a scalar weight: cutting u off at the hints' range shortens every gradient."""
        return not self.tensor

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Reweighted least squares on u, or primal-dual iterations."""
        g, hints, hint_weight = self.edge_weight(problem.photograph), problem.hints, problem.hint_weight
        if self.solver == "primal-dual" or self.tensor:
            return self._primal_dual(g, problem, run)
        return minimise_reweighted(
            lambda u, epsilon, edges: run.kernels.tv_edges(u, g, self.alpha1, epsilon, edges),
            lambda u: run.kernels.tv_energy(u, g, hints, hint_weight, self.alpha1),
            hints,
            hint_weight,
            self.stop_rule,
            run,
            problem.initial,
        )

    def _primal_dual(self, g: Array, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Iterations on u and its dual p."""
        kernels, hints, hint_weight = run.kernels, problem.hints, problem.hint_weight
        tau, sigma = tv_steps(g, self.alpha1, self.scale_u)
        u = self.quadratic_start(problem, run)
        p = np.zeros((u.shape[0], 4, u.shape[2]), u.dtype)
        report = iterate(
            lambda n: kernels.tv_iterate(u, p, g, hints, hint_weight, tau, sigma, self.alpha1, self.relaxation, n),
            comparing(lambda: kernels.tv_energy(u, g, hints, hint_weight, self.alpha1), u, kernels),
            u,
            self.stop_rule,
            run,
        )
        return u, report
