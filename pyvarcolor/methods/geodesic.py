"""Geodesic: the nearest strokes' colours blended by intrinsic distance (Yatziv and Sapiro 2006)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Problem, Propagation
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run

_ALIKE = 4.0  # hints whose colours differ by less may be one stroke


@register("geodesic", "the nearest strokes blended by intrinsic distance (Yatziv and Sapiro 2006)")
@dataclass(frozen=True, kw_only=True)
class Geodesic(Propagation):
    """Each pixel takes a mean of the strokes that are nearest along paths of even lightness.

    A path costs the integral of |dL| along it, and `length_cost` for its length. The distance of a stroke, that is of
    all hints of like colour, is that of the nearest of them, r along the cheapest path; strokes weigh r^-power. A hint
    of weight w below infinity is 1 / w (in L*) farther away.

    Parameters
    ----------
    nearest : int
        How many strokes are blended, the nearest ones, at least 1; the larger, the softer the borders between them.
    power : float
        How fast a stroke's weight falls with its distance, above 0; the larger, the sharper the border between two.
    length_cost : float
        What a path as long as the photograph's long side costs beside its steps, in L*, above 0: where lightness is
        even, all strokes would be equally near without it.

    References
    ----------
    .. [1] L. Yatziv, G. Sapiro, "Fast image and video colorization using chrominance blending", IEEE Transactions on
       Image Processing 15, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor import Hints, colorize
    >>> gray = np.full((20, 40), 90, np.uint8)
    >>> gray[:, 20:] = 180
    >>> hints = Hints.from_points([(10, 5, (30, 20)), (10, 35, (-20, 20))], gray.shape)
    >>> colorize(gray, hints, method="geodesic").chroma[3, [12, 28], 0].round().tolist()
    [30.0, -20.0]
    """

    draft: ClassVar[dict[str, Any]] = {"nearest": 2}

    nearest: int = 4
    power: float = 3.0
    length_cost: float = 50.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("nearest", least=1)
        self._require("power", above=0)
        self._require("length_cost", above=0)

    @property
    def peak_floats_per_pixel(self) -> int:
        """Distance and hint of each of the nearest strokes, and pixels that wait."""
        return 16 + 3 * self.nearest

    @property
    def maximum_principle(self) -> bool:
        """A mean of the hints' colours."""
        return True

    def propagate(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Find the nearest strokes of each pixel, and blend them."""
        a, b = np.rint(problem.hints.transpose(1, 0, 2) / _ALIKE)
        strokes = 4096 * a + b  # one number for each stroke
        u = np.empty_like(problem.hints)
        run.kernels.geodesic_blend(
            problem.lightness,
            problem.hints,
            problem.hint_weight,
            strokes,
            self.length_cost / max(strokes.shape),
            self.power,
            self.nearest,
            u,
        )
        return u, run.report(1, "direct", [])
