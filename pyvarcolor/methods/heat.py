"""Heat: isotropic diffusion, blind to edges. The naive reference that every other method must beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Iterative, Problem
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run, comparing, iterate


@register("heat", "isotropic diffusion, blind to edges (the naive reference)")
@dataclass(frozen=True, kw_only=True)
class Heat(Iterative):
    """Isotropic heat flow du/dt = Laplacian u by explicit Euler steps (Perona and Malik 1990 without its edge stop).

    Parameters
    ----------
    reimpose : bool
        Set the strokes again after every step, so that they keep feeding colour; without, they fade away.
    time_step : float
        In pixels squared, above 0 and at most 0.25, beyond which the scheme is unstable.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((9, 9), 128, np.uint8)
    >>> result = colorize(gray, Hints.from_points([(4, 4, (20, 10))], (9, 9)), method="heat", max_iter=200, tol=1)
    >>> result.chroma[4, 4].round(3).tolist()
    [20.0, 10.0]
    """

    draft: ClassVar[dict[str, Any]] = {"max_iter": 100, "tol": 0.0}

    normalize: bool = False
    reimpose: bool = True
    time_step: float = 0.25
    max_iter: int = 2000
    tol: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("time_step", above=0, most=0.25)

    @property
    def maximum_principle(self) -> bool:
        """Averages of neighbours stay between them."""
        return True

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Let the strokes' colour flow."""
        held = problem.hint_weight > 0
        u = np.where(held[:, None], problem.hints, 0 if problem.initial is None else problem.initial)
        u = u.astype(problem.lightness.dtype)
        hint_weight = problem.hint_weight if self.reimpose else np.zeros_like(problem.hint_weight)
        scratch = np.empty_like(u)
        report = iterate(
            lambda n: run.kernels.heat_iterate(u, scratch, problem.hints, hint_weight, self.time_step, n),
            comparing(lambda: _dirichlet_energy(u), u, run.kernels),
            u,
            self.stop_rule,
            run,
        )
        return u, report


def _dirichlet_energy(u: Array) -> float:
    """1/2 sum |grad u|^2."""
    return 0.5 * float(np.square(np.diff(u, axis=0)).sum() + np.square(np.diff(u, axis=2)).sum())
