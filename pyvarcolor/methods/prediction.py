"""Prediction: methods that know colours by themselves; their answers serve as priors of those that spread strokes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, ClassVar

from pyvarcolor.hints import Hints
from pyvarcolor.learned.appearance import enlarge
from pyvarcolor.methods.base import Array, EdgeAware, Options, Problem, require_hints, shading, to_state
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import Callback, Expected, SolverReport, WarmStart
from pyvarcolor.shading import normalize_hints


@dataclass(frozen=True, kw_only=True)
class Prediction(Options):
    """Options of methods that predict colour on a small copy of the photograph, and bring it to the photograph's edges.

    Parameters
    ----------
    boost : float
        Chroma is multiplied by this where hints say nothing, 0..10; the larger, the more vivid: what is unsure comes
        out pale by itself.
    """

    name: ClassVar[str]
    draft: ClassVar[dict[str, Any]] = {}
    needs_hints: ClassVar[bool] = False
    lab_only: ClassVar[bool] = True
    peak_floats_per_pixel: ClassVar[int] = 32
    """As `Propagation.peak_floats_per_pixel`."""
    upsampling: ClassVar[int] = 0
    """Iterations, after the first, that bring it to the edges."""

    boost: float = 1.0

    def __post_init__(self) -> None:
        self._require("boost", least=0, most=10)

    def solve(
        self,
        photograph: Photograph,
        hints: Hints,
        *,
        prior: Expected | None = None,
        initial: Array | None = None,
        callback: Callback | None = None,
        warm: WarmStart | None = None,
    ) -> tuple[Array, SolverReport]:
        """Predict the photograph's chroma.

        Parameters
        ----------
        photograph, hints
            As in `Propagation.solve`; there may be no hints, unless `needs_hints`.
        prior, initial, callback, warm
            Not used: there is nothing to depart from, and nothing to iterate.

        Returns
        -------
        chroma : (H, W, 2) ndarray
        report : SolverReport
        """
        if self.needs_hints:
            require_hints(self.name, hints)
        started = time.perf_counter()
        lightness, kernels = photograph.lightness, photograph.kernels
        painted = to_state(normalize_hints(hints, lightness))
        predicted, unknown = self.predict(Problem(photograph, painted, hints.weight(lightness.dtype)))
        boosted = predicted * (1 + (self.boost - 1) * unknown).astype(predicted.dtype)
        u = EdgeAware().upsample(enlarge(boosted, lightness), photograph, self.upsampling)
        chroma = (u * photograph.made(shading)).transpose(0, 2, 1)
        seconds = time.perf_counter() - started
        return chroma, SolverReport(self.name, kernels.backend, kernels.threads, 1, seconds, "direct")

    def predict(self, problem: Problem) -> tuple[Array, Array]:
        """Predict colour on the copy of `pyvarcolor.learned.appearance`.

        Returns
        -------
        u : (h, 2, w) ndarray
            Chroma divided by what shading does to it.
        unknown : (h, 1, w) ndarray
            How little hints say of a place, 0..1.
        """
        raise NotImplementedError
