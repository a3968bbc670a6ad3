"""Guess: the colour of what looks alike, a Gaussian process over features; the usual prior of `kriging` and `tgv`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pyvarcolor.learned.guess import Guess
from pyvarcolor.methods import register
from pyvarcolor.methods.base import Array, Problem
from pyvarcolor.methods.prediction import Prediction


@register("guess", "like colour for what looks alike (Gaussian process); does not meet strokes exactly")
@dataclass(frozen=True, kw_only=True)
class FromGuess(Prediction):
    """Colour of the painted places for whatever looks like them, near or not.

    The mean of a Gaussian process over the features of `pyvarcolor.learned.appearance`, on a small copy of the
    photograph, given the hints [1]_; its covariance was fitted to colour photographs. Strokes are met exactly where
    this is the prior of another method, as in `kriging` and `tgv`.

    Parameters
    ----------
    sites : int
        How many places, at most, the guess is made from, at least 1: those of all painted ones that differ most. Time
        grows with its cube.

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
    >>> colorize(gray, hints, method="guess").chroma[3, [12, 28, 50], 0].round().tolist()
    [23.0, -14.0, 13.0]
    """

    draft: ClassVar[dict[str, Any]] = {"sites": 200}
    needs_hints: ClassVar[bool] = True
    upsampling: ClassVar[int] = 1

    sites: int = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("sites", least=1)

    def predict(self, problem: Problem) -> tuple[Array, Array]:
        """Take the mean of the process."""
        guess = problem.photograph.made(Guess)
        u = guess.coarse_chroma(problem.hints, problem.hint_weight, self.sites)
        unknown = np.zeros_like(u[:, :1]) if self.boost == 1 else guess.coarse_unknown(problem.hint_weight)
        return u, unknown
