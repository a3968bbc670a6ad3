"""What a run reports while it goes (`Progress`) and when it is over (`SolverReport`, `Colorization`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

StoppedBy = Literal["change", "max_iter", "callback", "direct"]


class NotConvergedWarning(UserWarning):
    """The iterations ran out before the colour came to rest."""


@dataclass(frozen=True)
class Progress:
    """A look at a solver between two blocks of iterations; what a callback receives.

    Parameters
    ----------
    iteration : int
        Iterations done so far.
    max_iter : int
        Iterations after which the solver stops in any case.
    energy : float
        Value of the energy being minimised (its unit is the method's own).
    change : float
        Mean Euclidean distance per pixel, in units of chroma, that the colour moved since the last look.
    seconds : float
        Wall time since the solver started.
    """

    iteration: int
    max_iter: int
    energy: float
    change: float
    seconds: float
    _chroma: Callable[[], NDArray[np.floating]] = field(repr=False, compare=False)

    @property
    def chroma(self) -> NDArray[np.floating]:
        """The chroma of this moment, (H, W, 2); copied when asked for."""
        return self._chroma()


Callback = Callable[[Progress], None]


@dataclass(frozen=True)
class SolverReport:
    """How a solver came to its answer.

    Parameters
    ----------
    method, backend : str
        Names of the method and of the kernels it ran on (``"cpp"`` or ``"numba"``).
    threads : int
        Number of threads that the kernels could use.
    iterations : int
        Iterations done.
    seconds : float
        Wall time of the solver, edge weights included.
    stopped_by : {"change", "max_iter", "callback", "direct"}
        ``"change"``: the colour no longer moved; ``"max_iter"``: not converged, the iterations ran out;
        ``"callback"``: the caller stopped it; ``"direct"``: all the iterations that were asked for are done.
    checked_at : tuple of int
        Iterations at which `energy` and `change` were taken.
    energy, change : tuple of float
        Their history; see `Progress`.
    """

    method: str
    backend: str
    threads: int
    iterations: int
    seconds: float
    stopped_by: StoppedBy
    checked_at: tuple[int, ...] = ()
    energy: tuple[float, ...] = ()
    change: tuple[float, ...] = ()

    def __str__(self) -> str:
        end = {
            "change": "converged",
            "max_iter": "not converged",
            "callback": "stopped by the callback",
            "direct": "done",
        }[self.stopped_by]
        last = f", last change {self.change[-1]:.2g}" if self.change else ""
        return (
            f"{self.method} on {self.backend} ({self.threads} threads): {end} after "
            f"{self.iterations} iterations in {self.seconds:.2f} s{last}"
        )


@dataclass(frozen=True, eq=False)
class Colorization:
    """A coloured photograph and how it was made.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray
        The colour photograph, sRGB, in the dtype of the gray input.
    chroma : (H, W, 2) ndarray
        a* and b* as solved for, before they were fitted into the gamut; the next run's `initial`.
    moved : float
        Fraction of pixels (0..1) whose chroma was reduced to fit the sRGB gamut; all others keep the lightness
        of the input, and these keep it too as far as rounding allows.
    report : SolverReport
        The solver's report.
    """

    rgb: NDArray[np.generic]
    chroma: NDArray[np.floating]
    moved: float
    report: SolverReport
    _uncertainty: Callable[[], NDArray[np.floating]] = field(repr=False)

    @cached_property
    def uncertainty(self) -> NDArray[np.floating]:
        """How far a*, and how far b*, is likely to be from the truth, (H, W): a standard deviation in their units.

        That of the Gaussian process which method ``"kriging"`` guesses with, given where the strokes are; worked out
        when first asked for.
        """
        return self._uncertainty()

    def __repr__(self) -> str:
        height, width = self.rgb.shape[:2]
        return f"Colorization({width} x {height} {self.rgb.dtype}, {self.moved:.1%} moved into gamut; {self.report})"
