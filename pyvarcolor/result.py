"""What a run starts from (`Expected`, `WarmStart`), tells while it goes (`Progress`), and returns (`Colorization`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

StoppedBy = Literal["change", "max_iter", "callback", "direct"]


class NotConvergedWarning(UserWarning):
    """The iterations ran out before the colour came to rest."""


@dataclass(frozen=True)
class Progress:
    """The state of a solver between two blocks of iterations; what a callback receives.

    Parameters
    ----------
    iteration : int
        Iterations done so far.
    max_iter : int
        Iterations after which the solver stops in any case.
    energy : float
        Value of the energy being minimised (its unit is the method's own).
    change : float
        Mean Euclidean distance per pixel, in units of chroma, that the colour moved since the last one.
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
        Wall time of the solver, edge weights and prior included.
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
class Expected:
    """What a prior expects of a photograph, for a method to spread the departure of the hints from.

    Parameters
    ----------
    chroma : (H, W, 2) ndarray
        In the space in which chroma is spread.
    report : SolverReport
        How the prior came to it.
    confidence : (H, W) ndarray, optional
        How sure it is, 0..1: a hint of this confidence, everywhere, that there is no departure; 1 is met exactly where
        there is no hint. None: 0 everywhere, and strokes reach as far as edges let them.
    """

    chroma: NDArray[np.floating]
    report: SolverReport
    confidence: NDArray[np.floating] | None = None

    def weight(self, dtype: DTypeLike) -> NDArray[np.floating] | float:
        """Confidence c as the weight c / (1 - c) of such a hint, (H, W); 0 where there is none."""
        if self.confidence is None:
            return 0.0
        share = self.confidence.astype(np.float64)
        with np.errstate(divide="ignore"):
            return (share / (1 - share)).astype(dtype)


@dataclass
class WarmStart:
    """The quadratic solution that a method found on a photograph, from which its next one starts.

    Parameters
    ----------
    u : (H, 2, W) ndarray, optional
        None: there is none yet.
    """

    u: NDArray[np.floating] | None = None


class Doubt(Protocol):
    """How far a coloured photograph may be from the truth; worked out when it is asked for."""

    def deviation(self) -> NDArray[np.floating]:
        """Standard deviation of a*, and of b*, (H, W)."""
        ...

    def half_width(self, level: float) -> NDArray[np.floating]:
        """Half the width of intervals that hold a share `level` of the true a* and b*, (H, W, 2)."""
        ...


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
    doubt: Doubt = field(repr=False)

    @cached_property
    def uncertainty(self) -> NDArray[np.floating]:
        """How far a*, and how far b*, is likely to be from the truth, (H, W): a standard deviation in their units.

        With the network as prior, or alone, what that says; else that of the Gaussian process of method
        ``"guess"``, given where the strokes are. Worked out when first asked for.
        """
        return self.doubt.deviation()

    def interval(self, level: float = 0.9) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Bounds of a*, and of b*, each of which holds the truth at a share `level` of all pixels.

        They are wide where the network is unsure, and where strokes are not what the other strokes say of them; and
        calibrated (split conformal prediction [1]_), for none, few and many strokes each, on photographs that the
        network was not trained on, coloured by ``method="auto"`` from strokes of true colour. The share is that of
        pixels over many photographs like those: it may be less in a single one, in one of another kind, such as an
        old film, and with another method, or more or less than the network's own chroma (`boost`).

        Parameters
        ----------
        level : float
            0.5..0.99.

        Returns
        -------
        lower, upper : (H, W, 2) ndarray
            `chroma` is midway between them.

        Raises
        ------
        TypeError
            If `level` is no number.
        ValueError
            If `level` is out of range, or the network has no part in this result.

        References
        ----------
        .. [1] A. N. Angelopoulos, S. Bates, "A gentle introduction to conformal prediction", 2021, section 2.3.2.

        Examples
        --------
        >>> import numpy as np
        >>> from pyvarcolor import colorize
        >>> lower, upper = colorize(np.full((30, 60), 90, np.uint8)).interval(0.9)
        >>> lower.shape, bool((lower < upper).all())
        ((30, 60, 2), True)
        """
        half = self.doubt.half_width(level)
        return self.chroma - half, self.chroma + half

    def __repr__(self) -> str:
        height, width = self.rgb.shape[:2]
        return f"Colorization({width} x {height} {self.rgb.dtype}, {self.moved:.1%} moved into gamut; {self.report})"
