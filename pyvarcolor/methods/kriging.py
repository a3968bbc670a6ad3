"""Kriging: like colour for what looks alike, everywhere in the photograph, and exact propagation at its edges."""

from __future__ import annotations

from dataclasses import dataclass

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Problem
from pyvarcolor.methods.guess import Guessing
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run


@register("kriging", "like colour for what looks alike (Gaussian process), up to the edges (harmonic propagation)")
@dataclass(frozen=True, kw_only=True)
class Kriging(Guessing):
    """Colour for what looks like the painted places, near them or not, up to the edges of lightness.

    First a Gaussian process over the features of `pyvarcolor.learned.appearance` guesses the chroma of each pixel of a
    small copy of the photograph from the hints [1]_; its covariance was fitted to colour photographs. The hints'
    departure d = u - guess from it then spreads like colour in `graph`: it minimises 1/2 sum w_ij |d_i - d_j|^2, and fades only
    very far from all strokes. Far from everything painted colour, too, fades slowly to gray.

    References
    ----------
    .. [1] C. E. Rasmussen, C. K. I. Williams, "Gaussian processes for machine learning", 2006, eq. 2.23.

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

    check_every: int = 2
    tol: float = 0.05

    @property
    def numbers(self) -> int:
        """The guess and its weight besides what `graph` takes."""
        return 38

    def settle(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Solve the linear system."""
        solver = self.multigrid(problem, run)
        return solver.minimise(problem.hints, problem.hint_weight, self.stop_rule, run, problem.initial)
