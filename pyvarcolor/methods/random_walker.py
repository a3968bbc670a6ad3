"""Random walker: the colours that walkers from each pixel meet first, harmonic with Gaussian weights (Grady 2006)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Iterative, Problem
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run
from pyvarcolor.solvers.multigrid import Multigrid

_EPSILON = 1e-5  # the least weight, as in the author's code


@register("random-walker", "the mean of the colours that random walkers meet first (Grady 2006)")
@dataclass(frozen=True, kw_only=True)
class RandomWalker(Iterative):
    """A random walker from each pixel steps over edges of lightness reluctantly, until it meets a hint.

    Grady gives each label the probability that the walker meets it first. The mean of the labels' colours by these
    probabilities is u with sum_j w_ij (u_i - u_j) = 0 over the 4 neighbours j of each pixel i without a hint, for any
    number of colours at once; w_ij = exp(-beta dL^2 / max dL^2) + 1e-5.

    Parameters
    ----------
    beta : float
        How reluctantly, above 0: the weight across the strongest edge of the photograph is exp(-beta); the larger, the
        less colour crosses an edge.

    References
    ----------
    .. [1] L. Grady, "Random walks for image segmentation", PAMI 28, 2006, eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((20, 40), 90, np.uint8)
    >>> gray[:, 20:] = 180
    >>> hints = Hints.from_points([(10, 5, (30, 20)), (10, 35, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="random-walker").chroma[3, [12, 28], 0].round().tolist()
    [30.0, -20.0]
    """

    beta: float = 90.0
    check_every: int = 2
    tol: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("beta", above=0)

    @property
    def peak_floats_per_pixel(self) -> int:
        """The multigrid on 4 neighbours."""
        return 24

    @property
    def maximum_principle(self) -> bool:
        """A mean of the hints' colours."""
        return True

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Solve the linear system."""
        initial = problem.warm.u if problem.initial is None else problem.initial
        solver = problem.photograph.made(_walks, self.beta)
        u, report = solver.minimise(problem.hints, problem.hint_weight, self.stop_rule, run, initial)
        problem.warm.u = u
        return u, report


def _walks(photograph: Photograph, beta: float) -> Multigrid:
    """The linear system on the edges to the right and down."""
    lightness = photograph.lightness
    right, down = np.square(np.diff(lightness, axis=1)), np.square(np.diff(lightness, axis=0))
    most = max(right.max(initial=0), down.max(initial=0)) or 1  # an even photograph has no edge
    edges = np.zeros((lightness.shape[0], 2, lightness.shape[1]), lightness.dtype)
    edges[:, 0, :-1] = np.exp(-beta * right / most) + _EPSILON
    edges[:-1, 1] = np.exp(-beta * down / most) + _EPSILON
    return Multigrid(edges, photograph.kernels)
