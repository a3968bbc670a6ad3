"""How far colour may be from the truth: as the Gaussian process has it, or as the network does, calibrated."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files
from numbers import Real

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from pyvarcolor.hints import Hints
from pyvarcolor.kernels import Kernels
from pyvarcolor.kernels.blas import one_blas_thread
from pyvarcolor.learned.answer import ask
from pyvarcolor.learned.appearance import enlarge
from pyvarcolor.learned.guess import Guess
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import Doubt
from pyvarcolor.shading import normalize_hints

Array = NDArray[np.floating]

CALIBRATION = files("pyvarcolor.learned") / "weights" / "calibration.npz"

MOST_DOTS, MOST_STROKES = (0, 2, 5, 20, 100), (2, 5, 20)
"""Numbers of dots, and of longer strokes, up to which each row holds; one more row each has no end."""

DOT, LEAST_DOT = 2.5e-4, 9
"""Share of the photograph, or number of pixels, that the median stroke covers at most where strokes are dots."""

SURPRISE, WORTH, POWER = 1.2, 4, 0.7
"""The usual surprise, how many strokes that counts for, and the power by which a surprise widens intervals."""


@dataclass(frozen=True)
class GuessUncertainty:
    """The uncertainty of the Gaussian process.

    Parameters
    ----------
    lightness : (H, W) ndarray
        L*, 0..100.
    hints : Hints
        What the photograph was coloured from.
    kernels : Kernels
        The backend.
    """

    lightness: Array
    hints: Hints
    kernels: Kernels

    @one_blas_thread
    def deviation(self) -> Array:
        """Standard deviation of a*, and of b*, (H, W)."""
        guess = Photograph(self.lightness, self.kernels).made(Guess)
        return guess.deviation(self.hints.weight(self.lightness.dtype))

    def half_width(self, level: float) -> Array:
        """None is calibrated."""
        raise ValueError(
            f"an interval at level {level:g} needs the network, but this result was made without: see prior='network'"
        )


@dataclass(frozen=True)
class NetworkUncertainty(GuessUncertainty):
    """The uncertainty of the network, calibrated on photographs that it was not trained on."""

    def deviation(self) -> Array:
        """Standard deviation of a*, and of b*, (H, W)."""
        scale = self.scale()
        deviation: Array = np.sqrt(np.square(scale).mean(axis=2)) * calibration().deviation[self.row]
        return deviation.astype(scale.dtype)

    def half_width(self, level: float) -> Array:
        """Half the width of intervals that hold a share `level` of the true a* and b*, (H, W, 2)."""
        return self.scale() * calibration().quantile(self.row, level).astype(self.lightness.dtype)

    def scale(self) -> Array:
        """The distance of a*, and of b*, that is to be expected, but for the calibration, (H, W, 2)."""
        return enlarge(self._coarse_scale, self.lightness).transpose(0, 2, 1)

    @functools.cached_property
    @one_blas_thread
    def _coarse_scale(self) -> Array:
        """What the network says, times a power of how much further strokes are than that from what others say of them.

        Studentised by leaving one out: where strokes surprise each other, so does what lies between them.
        """
        lightness = self.lightness
        photograph = Photograph(lightness, self.kernels)
        hints = np.ascontiguousarray(normalize_hints(self.hints, lightness).transpose(0, 2, 1))
        weight = self.hints.weight(lightness.dtype)
        scale = ask(photograph, hints, weight).scale
        nothing = np.zeros(0), np.zeros(0)
        distance, confidence = photograph.made(Guess).surprise(hints, weight) if weight.any() else nothing
        surprise = (WORTH * SURPRISE + confidence @ distance / scale.mean()) / (WORTH + confidence.sum())
        return scale * scale.dtype.type(surprise**POWER)

    @property
    def row(self) -> int:
        """Which row of the calibration holds."""
        labels, strokes = label(self.hints.mask, np.ones((3, 3)))
        if strokes and np.median(np.bincount(labels.ravel())[1:]) > max(DOT * labels.size, LEAST_DOT):
            return len(MOST_DOTS) + 1 + int(np.searchsorted(MOST_STROKES, strokes))
        return int(np.searchsorted(MOST_DOTS, strokes))


@dataclass(frozen=True)
class Enlarged:
    """The uncertainty of a smaller copy of the photograph.

    Parameters
    ----------
    small : Doubt
        Of the copy.
    like : (H, W) ndarray
        Has the size of the photograph.
    """

    small: Doubt
    like: Array

    def deviation(self) -> Array:
        """Standard deviation of a*, and of b*, (H, W)."""
        return enlarge(self.small.deviation()[:, None], self.like)[:, 0]

    def half_width(self, level: float) -> Array:
        """Half the width of intervals that hold a share `level` of the true a* and b*, (H, W, 2)."""
        return enlarge(self.small.half_width(level).transpose(0, 2, 1), self.like).transpose(0, 2, 1)


@dataclass(frozen=True)
class Calibration:
    """Multiples of the network's scale, as ``training/calibrate.py`` measured them.

    There is a row for each of `MOST_DOTS` and one for more, and then for each of `MOST_STROKES` and for more.

    Parameters
    ----------
    levels : (L,) ndarray
        Shares of pixels, ascending.
    quantiles : (rows, L, 2) ndarray
        Within so many times the scale a*, or b*, is from the truth at such a share of pixels.
    deviation : (rows,) ndarray
        The root of the mean squared error over that of the scale.
    """

    levels: Array
    quantiles: Array
    deviation: Array

    def quantile(self, row: int, level: float) -> Array:
        """Multiples of the scale (2,) at any level between the first and the last."""
        if not isinstance(level, Real):
            raise TypeError(f"level must be a number, but is {level!r}")
        least, most = self.levels[0], self.levels[-1]
        if not least <= round(float(level), 6) <= most:  # 0.99 in float32 is a hair more
            raise ValueError(f"level must lie in {least:g}..{most:g}, but is {level:g}")
        return np.array([np.interp(level, self.levels, column) for column in self.quantiles[row].T])


@functools.cache
def calibration() -> Calibration:
    """The calibration that comes with the package.

    Returns
    -------
    Calibration
    """
    with CALIBRATION.open("rb") as file, np.load(file) as arrays:
        return Calibration(**{name: arrays[name] for name in arrays.files})
