"""Guessing: methods that guess chroma from what looks alike, and spread what strokes say beyond the guess."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from pyvarcolor.learned.guess import Guess
from pyvarcolor.methods.base import Array, EdgeAware, Problem, depart, per_pixel
from pyvarcolor.result import SolverReport
from pyvarcolor.solvers.iterate import Run

_FADE = 1e-4  # pull to no departure: far from all strokes the guess alone is left


@dataclass(frozen=True, kw_only=True)
class Guessing(EdgeAware):
    """Options of methods that guess first, and spread the departure of the hints from the guess.

    Colour is the sum of both: the guess of what looks alike, and a departure that is smooth but at edges, like that
    of one object from all that look like it.

    Parameters
    ----------
    guess : bool
        Whether to guess; False: colour itself is spread.
    sites : int
        How many places, at most, the guess is made from, at least 1: those of all painted ones that differ most.
    renew : bool
        Whether to guess again for other strokes; False: the last guess on the same photograph serves, where there is
        one, as in previews.
    """

    draft: ClassVar[dict[str, Any]] = {**EdgeAware.draft, "sites": 200, "renew": False}

    guess: bool = True
    sites: int = 500
    renew: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("sites", least=1)

    def spread(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Guess, spread the departure from the guess, and add both."""
        if problem.departs:
            return self._settle_fading(problem, run)
        if not self.guess or problem.hint_weight.all():
            return self.settle(problem, run)
        guess = None if self.renew else problem.kept.get("last guess")
        if guess is None:
            guess = problem.kept["last guess"] = self._sharp_guess(problem, run)
        return depart(guess, problem, run, self._settle_fading)

    def settle(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """Minimise the method's energy, as `Propagation.spread` does without a guess."""
        raise NotImplementedError

    def _settle_fading(self, problem: Problem, run: Run) -> tuple[Array, SolverReport]:
        """The same for a departure, which fades very far from all strokes."""
        fade = problem.hints.dtype.type(_FADE * per_pixel(problem.lightness))
        weight = problem.hint_weight + fade
        hints = (1 - fade / weight)[:, None] * problem.hints
        return self.settle(replace(problem, hints=hints, hint_weight=weight), run)

    def _sharp_guess(self, problem: Problem, run: Run) -> Array:
        guess = problem.keep("guess", lambda: Guess(problem.lightness, run.kernels))
        return self.sharpen(guess.chroma(problem.hints, problem.hint_weight, self.sites), problem, run, 1)
