"""Kriging: like colour for what looks alike, everywhere in the photograph, and exact propagation at its edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pyvarcolor.methods import register
from pyvarcolor.methods.base import FADE, Array, EdgeAware, Problem
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run


@register("kriging", "like colour for what looks alike (Gaussian process), up to the edges (harmonic propagation)")
@dataclass(frozen=True, kw_only=True)
class Kriging(EdgeAware):
    """Colour for what looks like the painted places, near them or not, up to the edges of lightness.

    Universal kriging in two parts [1]_: the trend is what the prior expects, by default the Gaussian process of method
    `guess`. The hints' departure d = u - prior from it spreads like colour in `graph`: it minimises
    1/2 sum w_ij |d_i - d_j|^2, and fades only very far from all strokes. Without a prior it is `graph`.

    References
    ----------
    .. [1] C. E. Rasmussen, C. K. I. Williams, "Gaussian processes for machine learning", 2006, eq. 2.23 and 2.37.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((30, 60), 90, np.uint8)
    >>> gray[:, 20:40] = 180
    >>> hints = Hints.from_points([(15, 5, (30, 20)), (15, 30, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="kriging").chroma[3, [12, 28, 50], 0].round().tolist()
    [28.0, -19.0, 13.0]
    """

    prior: ClassVar[str] = "guess"
    fade: ClassVar[float] = FADE

    check_every: int = 2
    tol: float = 0.05

    @property
    def peak_floats_per_pixel(self) -> int:
        """The prior and its weight besides what `graph` takes."""
        return 38

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Solve the linear system."""
        return self.solve_quadratic(problem, run, self.stop_rule)
