"""Bilateral: chroma smooth between pixels alike in place and lightness at once (Barron and Poole 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.ndimage import distance_transform_edt

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Iterative, Problem
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.bilateral_grid import BilateralGrid
from pyvarcolor.solvers.iterate import Run

_LEAST_SIDE = 4  # pixels; smaller cells hardly ever touch each other


@register("bilateral", "smooth between pixels alike in place and lightness (Barron and Poole 2016)")
@dataclass(frozen=True, kw_only=True)
class Bilateral(Iterative):
    """Pixels that are near each other and alike in lightness get like chroma, whatever lies between them.

    Minimises smoothness/4 sum_ij W_ij |u_i - u_j|^2 + 1/2 sum_hints c |u - hint|^2 over u that is constant in each cell
    of a grid over place and lightness; W is large between cells that touch, and its rows sum to 1. A hint of weight w
    has c = w / (1 + w); its pixel then takes the share c of the hint itself, so that hard ones are met.

    Parameters
    ----------
    smoothness : float
        Weight lambda of the smoothness, above 0; the larger, the farther a hint reaches, and the less hints are met.
    cells : float
        Cells along the long side of the photograph, at least 1 (but none is smaller than 4 pixels): 8 pixels each where
        it has 481, so that a larger scan is coloured alike.
    luma : float
        Height of a cell in L*, above 0; the larger, the more pixels of unlike lightness share a colour.

    References
    ----------
    .. [1] J. T. Barron, B. Poole, "The fast bilateral solver", ECCV 2016, eq. 1.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((20, 40), 90, np.uint8)
    >>> gray[:, 20:] = 180
    >>> hints = Hints.from_points([(10, 5, (30, 20)), (10, 35, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="bilateral").chroma[3, [12, 28], 0].round().tolist()
    [30.0, -20.0]
    """

    draft: ClassVar[dict[str, Any]] = {"max_iter": 25, "tol": 0.0}

    smoothness: float = 0.1
    cells: float = 60.0
    luma: float = 2.0
    check_every: int = 10
    tol: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("smoothness", above=0)
        self._require("cells", least=1)
        self._require("luma", above=0)

    @property
    def peak_floats_per_pixel(self) -> int:
        """Places of the pixels in the grid, and the nearest hints; the grid itself is small."""
        return 24

    @property
    def maximum_principle(self) -> bool:
        """A mean of the hints' colours, and where none reaches of the nearest one's."""
        return True

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Solve on the grid, starting from the nearest hint of each pixel."""
        lightness, hints, weight = problem.lightness, problem.hints, problem.hint_weight
        side = max(_LEAST_SIDE, max(lightness.shape) / self.cells)
        grid = problem.photograph.made(_grid, side, self.luma)
        with np.errstate(divide="ignore"):
            confidence = 1 / (1 + 1 / weight)
        initial = _nearest(hints, weight > 0) if problem.initial is None else problem.initial
        u, report = grid.minimise(hints, confidence, self.smoothness, initial, self.stop_rule, run)
        share = confidence[:, None]
        return (share * hints + (1 - share) * u).astype(hints.dtype), report


def _grid(photograph: Photograph, side: float, luma: float) -> BilateralGrid:
    return BilateralGrid(photograph.lightness, side, luma)


def _nearest(hints: Array, held: np.ndarray) -> Array:
    """The nearest hint of each pixel."""
    rows, columns = distance_transform_edt(~held, return_distances=False, return_indices=True)
    nearest: Array = hints[rows, :, columns].transpose(0, 2, 1)
    return nearest
