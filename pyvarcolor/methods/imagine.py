"""Imagining: methods that expect colours by themselves; their answers serve as priors of those that spread strokes."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from pyvarcolor.hints import Hints
from pyvarcolor.kernels import Kernels
from pyvarcolor.learned.appearance import enlarge
from pyvarcolor.methods.base import Array, EdgeAware, Options, Problem, to_state
from pyvarcolor.result import Callback, SolverReport
from pyvarcolor.shading import normalize_hints, phi
from pyvarcolor.solvers.iterate import Run


@dataclass(frozen=True, kw_only=True)
class Imagining(Options):
    """Options of methods that imagine colour on a small copy of the photograph, and bring it to the photograph's edges.

    Parameters
    ----------
    boost : float
        Chroma is multiplied by this where hints say nothing, 0..10: what is unsure comes out pale.
    """

    name: ClassVar[str]
    needs_hints: ClassVar[bool] = False
    lab_only: ClassVar[bool] = True
    numbers: ClassVar[int] = 32
    """As `Propagation.numbers`."""

    boost: float = 1.0

    def __post_init__(self) -> None:
        self._require("boost", least=0, most=10)

    def solve(
        self,
        lightness: Array,
        hints: Hints,
        *,
        kernels: Kernels,
        initial: Array | None = None,
        callback: Callback | None = None,
        kept: dict[Hashable, Any] | None = None,
    ) -> tuple[Array, SolverReport]:
        """Imagine the photograph's chroma.

        Parameters
        ----------
        lightness, hints, kernels, kept
            As in `Propagation.solve`; there may be no hints.
        initial, callback
            Not used: there is nothing to iterate.

        Returns
        -------
        chroma : (H, W, 2) ndarray
        report : SolverReport
        """
        started = time.perf_counter()
        kept = {} if kept is None else kept
        chroma = to_state(normalize_hints(hints, lightness))
        problem = Problem(lightness, chroma, hints.weight(lightness.dtype), None, kept)
        size = problem.keep(("size", True), lambda: phi(lightness)[:, None])
        run = Run(self.name, kernels, lambda u: (u * size).transpose(0, 2, 1))
        imagined, unknown = self.imagine(problem, run)
        boosted = imagined * (1 + (self.boost - 1) * unknown).astype(imagined.dtype)
        u = EdgeAware().sharpen(enlarge(boosted, lightness), problem, run, 0)
        report = SolverReport(self.name, kernels.backend, kernels.threads, 1, time.perf_counter() - started, "direct")
        return run.chroma_of(u), report

    def imagine(self, problem: Problem, run: Run) -> tuple[Array, Array]:
        """Imagine colour on the copy of `pyvarcolor.learned.appearance`.

        Returns
        -------
        u : (h, 2, w) ndarray
            Chroma divided by what shading does to it.
        unknown : (h, 1, w) ndarray
            How little hints say of a place, 0..1.
        """
        raise NotImplementedError
