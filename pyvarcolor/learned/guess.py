"""Guess: the chroma to expect at each pixel, and how surely, from the hints at places that look alike.

A Gaussian process over the features of `pyvarcolor.learned.appearance`, on a small copy of the photograph; its
covariance was fitted to colour photographs. Methods spread what strokes say beyond it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from pyvarcolor.learned.appearance import appearance, copy_of, copy_size, enlarge, resized, same_place
from pyvarcolor.photograph import Photograph
from pyvarcolor.shading import phi
from pyvarcolor.solvers.kriging import Kriging, Places
from pyvarcolor.solvers.multigrid import Multigrid, edge_weights

# The covariance, fitted to photographs by benchmarks/fit_guess.py: two terms over the features in their order.
SHARES = (0.926, 0.074)
SCALES = (
    (0.053, 0.085, 0.065, 0.156, 0.156, 0.222, 0.386),
    (0.009, 0.016, 0.019, 7.124, 7.124, 0.869, 0.604),
)
NUGGET = 0.05  # variance of the departure of a stroke from all that looks like it, as a share of that of colour
LEAST = 5e-5  # the same, of a pixel whose own colour is known
DEVIATION = 16.0  # of a* and b* where nothing is known, at phi = 1 (benchmarks/uncertainty.py)
_EDGES = (1.0, 3.0, 1e-4)  # scale, power and floor of the edges that part regions
_REGION = 2.3e-4  # how weakly the features of a region are tied to those of the pixel itself
_GRID = 6  # pixels of the copy between places that may be suggested
_STEP = 2  # pixels of the copy between places whose variance is taken
_SITES = 400  # places that variances are taken from: more change little

Array = NDArray[np.floating]


class Guess:
    """What one photograph's look says about its colour, for one set of hints after the other.

    Parameters
    ----------
    photograph : Photograph
        Lightness, and the kernels that compare places.

    References
    ----------
    .. [1] C. E. Rasmussen, C. K. I. Williams, "Gaussian processes for machine learning", 2006, eq. 2.23 and 2.24.

    Examples
    --------
    >>> import numpy as np
    >>> from pyvarcolor.kernels import load
    >>> from pyvarcolor.photograph import Photograph
    >>> lightness = np.full((30, 60), 40.0)
    >>> lightness[:, 20:40] = 70
    >>> weight = np.zeros_like(lightness)
    >>> weight[15, 5] = np.inf
    >>> guess = Guess(Photograph(lightness, load("auto")))
    >>> chroma = guess.coarse_chroma(np.full((30, 2, 60), 30.0), weight, sites=100)
    >>> chroma.shape, chroma[16, 0, [27, 160, 267]].round().tolist()
    ((160, 2, 320), [28.0, 22.0, 24.0])
    >>> guess.deviation(weight)[3, [5, 30, 50]].round().tolist()
    [3.0, 11.0, 8.0]
    """

    def __init__(self, photograph: Photograph) -> None:
        self._lightness = photograph.lightness
        self._process = Kriging(features_of(photograph), SHARES, SCALES, photograph.kernels)

    def coarse_chroma(self, hints: Array, hint_weight: Array, sites: int) -> Array:
        """The mean of the process, at the size of the copy.

        Parameters
        ----------
        hints : (H, 2, W) ndarray
            Prescribed values, as a rule divided by what shading does to them.
        hint_weight : (H, W) ndarray
            0: no hint; infinity: a hard one.
        sites : int
            How many places, at most, it is made from: those that differ most.

        Returns
        -------
        (h, 2, w) ndarray
        """
        cells = _Cells(hint_weight)
        return self._process.mean(*self._observed(cells, hints, self._process.spread_out(cells.places, sites)))

    def coarse_unknown(self, hint_weight: Array) -> Array:
        """How little hints say of each pixel of the copy.

        Parameters
        ----------
        hint_weight : (H, W) ndarray
            Where hints are, and how sure.

        Returns
        -------
        (h, 1, w) ndarray
            0..1: the standard deviation of the process over that where nothing is known.
        """
        size = copy_size(self._lightness.shape)
        return resized(self.share_unknown(hint_weight, _grid(size, _STEP))[:, None], size)

    def deviation(self, hint_weight: Array) -> Array:
        """The standard deviation of the process.

        Parameters
        ----------
        hint_weight : (H, W) ndarray
            Where hints are, and how sure.

        Returns
        -------
        (H, W) ndarray
            How far a*, and how far b*, is likely to be from the guess; what shading does to chroma is in it.
        """
        coarse = self.share_unknown(hint_weight, _grid(copy_size(self._lightness.shape), _STEP))[:, None]
        with np.errstate(divide="ignore"):
            doubt = np.sqrt(LEAST + 1 / hint_weight).astype(coarse.dtype)
        return DEVIATION * phi(self._lightness) * np.minimum(enlarge(coarse, self._lightness)[:, 0], doubt)

    def share_unknown(self, hint_weight: Array, at: Places) -> Array:
        """The standard deviation of the process where hints are, over that where nothing is known.

        Parameters
        ----------
        hint_weight : (H, W) ndarray
            Where hints are, and how sure.
        at : pair of (m, n) ndarrays
            Rows and columns of the copy.

        Returns
        -------
        (m, n) ndarray
            0..1.
        """
        rows, cols = at
        variance = self._process.variance(*self._sites(hint_weight), (rows.ravel(), cols.ravel()))
        return np.sqrt(variance).reshape(rows.shape).astype(self._lightness.dtype)

    def surprise(self, hints: Array, hint_weight: Array) -> tuple[Array, Array]:
        """How far each stroke is from what the others say of it.

        Parameters
        ----------
        hints, hint_weight
            As in `coarse_chroma`; there is at least one hint.

        Returns
        -------
        distance : (S,) ndarray
            Root mean square of a* and b*, for each stroke that some of the places lie in.
        confidence : (S,) ndarray
            How sure the stroke itself is, 0..1.
        """
        cells = _Cells(hint_weight)
        chosen = self._process.spread_out(cells.places, _SITES)
        _, stroke, count = np.unique(cells.stroke[chosen], return_inverse=True, return_counts=True)
        left_out = self._process.left_out(*self._observed(cells, hints, chosen), stroke)
        shading = np.bincount(stroke, cells.mean(phi(self._lightness))[chosen]) / count
        confidence = np.bincount(stroke, 1 / (1 + cells.doubt[chosen])) / count
        return shading * np.sqrt(np.square(left_out).mean(axis=1)), confidence

    def most_telling(self, hint_weight: Array, count: int) -> Places:
        """Where hints would tell most: each place lowers the sum of variances most, given those before it.

        Parameters
        ----------
        hint_weight : (H, W) ndarray
            Where hints are, and how sure; there may be none.
        count : int
            Number of places, at least 1.

        Returns
        -------
        pair of (count,) ndarrays
            Rows and columns in the photograph; fewer if it has no more.
        """
        size, copy = self._lightness.shape, copy_size(self._lightness.shape)
        rows, cols = (index.ravel() for index in _grid(copy, _GRID))
        rows_at, cols_at = same_place(rows, copy[0], size[0]), same_place(cols, copy[1], size[1])
        importance = phi(self._lightness[rows_at, cols_at]) ** 2
        chosen = self._process.most_telling(*self._sites(hint_weight), (rows, cols), importance, min(count, len(rows)))
        return rows_at[chosen], cols_at[chosen]

    def _observed(self, cells: _Cells, hints: Array, chosen: NDArray[np.intp]) -> tuple[Places, Array, Array]:
        """Chosen places, what hints say there, and the variance of that."""
        values = np.stack([cells.mean(hints[:, channel]) for channel in range(2)], axis=1)
        stroke = cells.stroke[chosen]
        noise = cells.doubt[chosen] + NUGGET * np.bincount(stroke)[stroke]  # one for all that is of a stroke
        return _some(cells.places, chosen), values[chosen], noise

    def _sites(self, hint_weight: Array) -> tuple[Places, Array]:
        """Some of the painted places, and the variance of what is known there."""
        cells = _Cells(hint_weight)
        chosen = self._process.spread_out(cells.places, _SITES)
        return _some(cells.places, chosen), LEAST + cells.doubt[chosen]


def features_of(photograph: Photograph) -> Array:
    """Features (h, C, w) of a photograph's copy, those of regions smoothed on the graph that colour spreads on.

    Parameters
    ----------
    photograph : Photograph
        Lightness, and the kernels that smooth regions.

    Returns
    -------
    (h, C, w) ndarray
        See `pyvarcolor.learned.appearance.appearance`.
    """
    copy = photograph.made(copy_of)
    regions = Multigrid(edge_weights(photograph.kernels, copy, *_EDGES), photograph.kernels)
    loosely = np.full_like(copy, _REGION)
    return appearance(copy, lambda planes: regions.smooth(planes, loosely, 4))


class _Cells:
    """The pixels of the copy that hints fall into.

    Parameters
    ----------
    weight : (H, W) ndarray
        Of the hints; 0 where there is none.
    """

    def __init__(self, weight: Array) -> None:
        height, width = weight.shape
        copy_height, copy_width = copy_size((height, width))
        self._at = rows, cols = np.nonzero(weight)
        cells = same_place(rows, height, copy_height) * copy_width + same_place(cols, width, copy_width)
        cells, first, self._cell, self._count = np.unique(
            cells, return_index=True, return_inverse=True, return_counts=True
        )
        self.places: Places = divmod(cells, copy_width)
        self.stroke = label(weight > 0, np.ones((3, 3)))[0][rows[first], cols[first]]
        self.doubt = self.mean(1 / np.where(weight > 0, weight, 1))
        """Variance of what hints say."""

    def mean(self, plane: Array) -> Array:
        """The mean in each cell of what a plane (H, W) has at the hints."""
        means: Array = np.bincount(self._cell, plane[self._at]) / self._count
        return means


def _some(places: Places, chosen: NDArray[np.intp]) -> Places:
    rows, cols = places
    return rows[chosen], cols[chosen]


def _grid(shape: tuple[int, int], step: int) -> Places:
    """Rows and columns of every `step`-th pixel in both directions, one at least."""
    rows, cols = np.meshgrid(*(np.arange(min(step, side) // 2, side, step) for side in shape), indexing="ij")
    return rows, cols
