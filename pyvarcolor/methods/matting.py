"""Matting: in each small window chroma is an affine function of lightness, in closed form (Levin et al. 2008)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Iterative, Problem
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run
from pyvarcolor.solvers.matting import minimise_matting

_WHITE = 100.0  # L* of what the paper calls 1


@register("matting", "chroma affine in lightness within each 3x3 window (Levin et al. 2008)")
@dataclass(frozen=True, kw_only=True)
class Matting(Iterative):
    """Within each 3x3 window chroma rises and falls with lightness: u_i = s L_i + t, with s and t of its own.

    Minimises 1/2 sum_windows min_(s, t) (sum_i |s L_i + t - u_i|^2 + epsilon |s|^2), L = L* / 100: windows overlap, and
    so one affine function passes on into the next as long as lightness leads it there. A window that reaches over the
    border is cut there, where the paper leaves it out.

    Parameters
    ----------
    epsilon : float
        Cost of a slope, above 0: less lets more of the grain of lightness show in the colour, more lets colour flow
        over faint edges.

    References
    ----------
    .. [1] A. Levin, D. Lischinski, Y. Weiss, "A closed-form solution to natural image matting", PAMI 30, 2008, eq. 5.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((20, 40), 90, np.uint8)
    >>> gray[:, 20:] = 180
    >>> hints = Hints.from_points([(10, 5, (30, 20)), (10, 35, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="matting").chroma[3, [12, 28], 0].round().tolist()
    [30.0, -20.0]
    """

    draft: ClassVar[dict[str, Any]] = {"max_iter": 3, "tol": 0.0}

    epsilon: float = 1e-5
    check_every: int = 1
    tol: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("epsilon", above=0)

    @property
    def peak_floats_per_pixel(self) -> int:
        """While the coarse system is made, in float64."""
        return 73

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Solve the linear system."""
        return minimise_matting(
            problem.lightness,
            self.epsilon * _WHITE**2,
            problem.hints,
            problem.hint_weight,
            problem.initial,
            self.stop_rule,
            run,
        )
