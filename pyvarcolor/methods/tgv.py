"""TGV: bilaplacian and second-order total generalised variation together: piecewise smooth colour."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import FADE, Array, Problem, Variational
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run, comparing, iterate
from pyvarcolor.solvers.steps import degree, tgv_steps


@register("tgv", "bilaplacian + total generalised variation: piecewise smooth colour")
@dataclass(frozen=True, kw_only=True)
class TGV(Variational):
    """Bilaplacian and TGV of second order [1]_, edge-weighted [2]_, on both chroma channels at once.

    Minimises over u = (a, b) and its auxiliary gradient v

        beta/2 sum |div(G grad u)|^2 / d  +  alpha1 sum |G (grad u - v)|_F  +  alpha0 sum |E v|_F  +  hints

    with d the degree of a pixel, E the symmetrised gradient, and Frobenius norms that couple a and b; u is the
    departure from what the prior expects (by default method `guess`), or colour itself without one. beta = 0 is TGV
    alone; alpha0 = alpha1 = 0 the bilaplacian alone (on the graph of 8 neighbours, solved by conjugate gradients).
    There is no maximum principle: colour may go on beyond the strokes' own range.

    Parameters
    ----------
    alpha0 : float
        Weight of |E v|; above 0, unless alpha1 is 0 too. The larger alpha0 / alpha1, the closer to TV.
    alpha1 : float
        Weight of |G (grad u - v)|; above 0, unless alpha0 is 0 too.
    beta : float
        Weight of the bilaplacian, at least 0; the larger, the smoother colour goes on through the strokes.
    scale_v : float
        Gradient of chroma (per pixel) that the step sizes are tuned to, above 0.

    References
    ----------
    .. [1] K. Bredies, K. Kunisch, T. Pock, "Total generalized variation", SIAM J. Imaging Sci. 3, 2010, eq. 3.1.
    .. [2] D. Ferstl, C. Reinbacher, R. Ranftl, M. Ruether, H. Bischof, "Image guided depth upsampling using
       anisotropic total generalized variation", ICCV 2013, eq. 4 and 5.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((16, 32), 90, np.uint8)
    >>> gray[:, 16:] = 180
    >>> hints = Hints.from_points([(8, 4, (30, 20)), (8, 28, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="tgv").chroma[3, [12, 20], 0].round().tolist()
    [28.0, -17.0]
    """

    prior: ClassVar[str] = "guess"
    fade: ClassVar[float] = FADE

    alpha0: float = 10.0
    alpha1: float = 1.0
    beta: float = 300.0
    scale_u: float = 10.0
    check_every: int = 50
    tol: float = 0.1
    scale_v: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        for option in ("alpha0", "alpha1", "beta"):
            self._require(option, least=0)
        self._require("scale_v", above=0)
        if (self.alpha0 > 0) != (self.alpha1 > 0):
            raise ValueError(
                f"alpha0 and alpha1 must both be above 0, or both 0, but are {self.alpha0:g} and {self.alpha1:g}"
            )
        if self.alpha0 == 0:
            self._require("beta", above=0)

    @property
    def peak_floats_per_pixel(self) -> int:
        """The prior, and what is left of making it, besides the variables."""
        return super().peak_floats_per_pixel + 16

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Primal-dual iterations on (u, v) and its duals (p, q, r)."""
        if self.alpha0 == 0:
            return self._bilaplacian(problem, run)
        g = self.edge_weight(problem.photograph)
        rows, cols = problem.lightness.shape
        s = np.sqrt(self.beta / degree(g)).astype(g.dtype) if self.beta > 0 else np.empty((0, cols), g.dtype)
        tau, sigma = tgv_steps(g, s, self.alpha0, self.alpha1, self.scale_u, self.scale_v)
        u = self.quadratic_start(problem, run)
        v, p, q = (np.zeros((rows, channels, cols), u.dtype) for channels in (4, 4, 6))
        r = np.zeros((len(s), 2, cols), u.dtype)
        kernels, hints, hint_weight, alphas = (
            run.kernels,
            problem.hints,
            problem.hint_weight,
            (self.alpha0, self.alpha1),
        )
        report = iterate(
            lambda n: kernels.tgv_iterate(
                u, v, p, q, r, g, s, hints, hint_weight, tau, sigma, *alphas, self.relaxation, n
            ),
            comparing(lambda: kernels.tgv_energy(u, v, g, s, hints, hint_weight, *alphas), u, kernels),
            u,
            self.stop_rule,
            run,
        )
        return u, report

    def _bilaplacian(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        return self.solve_quadratic(problem, run, replace(self.stop_rule, check_every=4), first=0, beta=self.beta)
