"""TV: first-order total variation, piecewise constant colour (Rudin, Osher and Fatemi 1992)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Problem, Variational
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run, comparing, iterate
from pyvarcolor.solvers.steps import tv_steps


@register("tv", "total variation: piecewise constant colour with sharp steps")
@dataclass(frozen=True, kw_only=True)
class TV(Variational):
    """Edge-weighted total variation of chroma.

    Minimises alpha1 sum |G grad u|_F + hints over u = (a, b); the Frobenius norm couples both channels, so that they
    step at the same place. Solved by the over-relaxed primal-dual method [1]_ from the harmonic solution.

    Parameters
    ----------
    alpha1 : float
        Weight of the term against soft hints, above 0; with hard hints it changes nothing.

    References
    ----------
    .. [1] A. Chambolle, T. Pock, "A first-order primal-dual algorithm for convex problems with applications to
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

    alpha1: float = 1.0
    tol: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("alpha1", above=0)

    @property
    def maximum_principle(self) -> bool:
        """With a scalar weight: cutting u off at the hints' range shortens every gradient."""
        return not self.tensor

    def spread(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Primal-dual iterations on u and its dual p."""
        g = self.edge_weight(problem.lightness, run)
        tau, sigma = tv_steps(g, self.alpha1, self.scale_u)
        u = self.quadratic_start(problem, run)
        p = np.zeros((u.shape[0], 4, u.shape[2]), u.dtype)
        energy = {"g": g, "hints": problem.hints, "hint_weight": problem.hint_weight, "alpha1": self.alpha1}
        report = iterate(
            lambda n: run.kernels.tv_iterate(u, p, **energy, tau=tau, sigma=sigma, relaxation=self.relaxation, n=n),
            comparing(lambda: run.kernels.tv_energy(u, **energy), u, run.kernels),
            u,
            self.stop_rule,
            run,
        )
        return u, report
