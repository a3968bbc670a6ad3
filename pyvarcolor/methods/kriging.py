"""Kriging: like colour for what looks alike, everywhere in the photograph, and exact propagation at its edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.appearance import SIDE, appearance, copy_size, enlarge, make_copy, same_place
from pyvarcolor.hints import Hints
from pyvarcolor.kernels import Kernels
from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, EdgeAware, Problem, to_state
from pyvarcolor.result import SolverReport
from pyvarcolor.shading import phi
from pyvarcolor.solvers.iterate import Run
from pyvarcolor.solvers.kriging import Kriging as Process
from pyvarcolor.solvers.kriging import Places
from pyvarcolor.solvers.multigrid import Multigrid, edge_weights

# The covariance, fitted to photographs by benchmarks/fit_kriging.py: two terms over the features in their order.
SHARES = (0.926, 0.074)
SCALES = (
    (0.053, 0.085, 0.065, 0.156, 0.156, 0.222, 0.386),
    (0.009, 0.016, 0.019, 7.124, 7.124, 0.869, 0.604),
)
NUGGET = 5e-5  # variance of a hint that is met exactly
_EDGES = (1.0, 3.0, 1e-4)  # scale, power and floor of the edges that part regions
_GRID = 6  # pixels of the copy between places that may be suggested
_REGION = 2.3e-4  # how weakly the features of a region are tied to those of the pixel itself


@register("kriging", "like colour for what looks alike (Gaussian process), up to the edges (harmonic propagation)")
@dataclass(frozen=True, kw_only=True)
class Kriging(EdgeAware):
    """Colour for what looks like the painted places, near them or not, up to the edges of lightness.

    First a Gaussian process over the features of `pyvarcolor.appearance` guesses the chroma of each pixel of a small
    copy of the photograph from the hints [1]_; its covariance was fitted to colour photographs. Then the photograph
    itself takes the chroma that minimises 1/2 sum w_ij |u_i - u_j|^2 + pull/2 sum_i |u_i - guess_i|^2 and meets the
    hints: edges are as sharp as those of `graph`. Far from everything painted colour fades slowly to gray. Where the
    solver starts from does not change the answer.

    Parameters
    ----------
    sites : int
        How many places, at most, the guess is made from, at least 1: those of all painted ones that differ most.
    pull : float
        How strongly colour is drawn to the guess, above 0, at the size of the copy; less on a larger photograph, where
        the guess is blurred as much.

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
    [27.0, -18.0, 15.0]
    """

    draft: ClassVar[dict[str, Any]] = {"max_iter": 0, "tol": 0.0, "sites": 200}
    """Options of a first answer while a stroke is being drawn."""

    sites: int = 1000
    pull: float = 0.03
    check_every: int = 2
    tol: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("sites", least=1)
        self._require("pull", above=0)

    @property
    def numbers(self) -> int:
        """The guess and its weight besides what `graph` takes."""
        return 36

    def spread(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Guess on the copy, then solve at full size with the guess as a soft hint for every pixel."""
        solver = self.multigrid(problem, run)
        if problem.hint_weight.all():  # nothing to guess
            return solver.minimise(problem.hints, problem.hint_weight, self.stop_rule, run, problem.initial)
        guess = enlarge(self._guess(problem, run), problem.lightness)
        pull = self.pull * min(SIDE / max(problem.lightness.shape), 1) ** 2
        weight = problem.hint_weight + guess.dtype.type(pull)
        share = np.where(np.isinf(weight), 0, pull / weight)[:, None].astype(guess.dtype)
        target = problem.hints + share * (guess - problem.hints)
        return solver.minimise(target, weight, self.stop_rule, run, target)

    def most_telling(
        self, lightness: Array, hints: Hints, *, kernels: Kernels, count: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where hints would tell most: each place lowers the expected error of the guess most, given those before it.

        Parameters
        ----------
        lightness : (H, W) ndarray
            L*, 0..100, float32 or float64.
        hints : Hints
            What is painted already; may be none.
        kernels : Kernels
            The backend.
        count : int
            Number of places, at least 1.

        Returns
        -------
        pair of (count,) ndarrays
            Rows and columns in the photograph; fewer if it has no more.
        """
        painted = Problem(lightness, to_state(hints.chroma), self._weights(hints, lightness.dtype), None)
        places, _, noise = _sites(painted)
        size, copy = lightness.shape, copy_size(lightness.shape)
        rows, cols = np.indices(copy)[:, _GRID // 2 :: _GRID, _GRID // 2 :: _GRID].reshape(2, -1)
        rows_at, cols_at = same_place(rows, copy[0], size[0]), same_place(cols, copy[1], size[1])
        importance = phi(lightness[rows_at, cols_at]) ** 2
        process = _process(lightness, kernels)
        chosen = process.most_telling(places, noise, (rows, cols), importance, min(count, len(rows)))
        return rows_at[chosen], cols_at[chosen]

    def _guess(self, problem: Problem, run: Run) -> Array:
        """The mean of the process on the copy, (h, 2, w)."""
        process = problem.keep("process", lambda: _process(problem.lightness, run.kernels))
        places, values, noise = _sites(problem)
        chosen = process.spread_out(places, self.sites)
        rows, cols = places
        return process.mean((rows[chosen], cols[chosen]), values[chosen], noise[chosen])


def features_of(lightness: Array, kernels: Kernels) -> Array:
    """Features (h, C, w) of a photograph's copy, those of regions smoothed on the graph that colour spreads on.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*, 0..100.
    kernels : Kernels
        The backend.

    Returns
    -------
    (h, C, w) ndarray
        See `pyvarcolor.appearance.appearance`.
    """
    copy = make_copy(lightness)
    regions = Multigrid(edge_weights(kernels, copy, *_EDGES), kernels)
    loosely = np.full_like(copy, _REGION)

    def smooth(planes: Array) -> Array:
        smoothed = planes.copy()
        regions.start(smoothed, planes, loosely)
        regions.advance(smoothed, 4)
        return smoothed

    return appearance(copy, smooth)


def _process(lightness: Array, kernels: Kernels) -> Process:
    """The Gaussian process on a photograph's copy."""
    return Process(features_of(lightness, kernels), SHARES, SCALES, kernels)


def _sites(problem: Problem) -> tuple[Places, Array, Array]:
    """Pixels of the copy that hints fall into: rows and columns, the mean of their chroma, the variance of that."""
    height, width = problem.hint_weight.shape
    copy_height, copy_width = copy_size((height, width))
    rows, cols = np.nonzero(problem.hint_weight)
    cells = same_place(rows, height, copy_height) * copy_width + same_place(cols, width, copy_width)
    cells, site, count = np.unique(cells, return_inverse=True, return_counts=True)

    def mean(values: Array) -> Array:
        means: Array = np.bincount(site, values) / count
        return means

    values = np.stack([mean(problem.hints[rows, channel, cols]) for channel in range(2)], axis=1)
    return divmod(cells, copy_width), values, NUGGET + mean(1 / problem.hint_weight[rows, cols])
