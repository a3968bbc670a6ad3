"""What a copy of the photograph looks like where nobody painted on it."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

DEGREE = 5  # of the smooth curve from gray to copy, which bridges levels that are rare or painted over
CLOSE = 24  # levels of 255 around the usual colour in which pixels have a say in it
FEWEST = 12  # pixels of a gray level that can tell its usual colour against the smooth curve
BAND = 64  # rows at a time
LEAST_SLOPE = 0.25  # of a copy's tone curve; painted-over black is flat


def predict_copy(rgb: Pixels, gray: Pixels) -> Pixels:
    """Predict the unpainted copy.

    Two guesses are compared, and the one closer to `rgb` is taken: the photograph as it is, and the usual
    colour in `rgb` of each gray level, which also fits copies that were tinted, brightened or saved anew and
    needs most pixels of the common levels to be unpainted.

    Parameters
    ----------
    rgb : (H, W, 3) ndarray of uint8
        The scribbled copy.
    gray : (H, W) or (H, W, 1|3|4) ndarray of uint8
        The photograph.

    Returns
    -------
    (H, W, 3) ndarray of uint8

    Examples
    --------
    A copy that was tinted before a red stroke was painted:

    >>> import numpy as np
    >>> gray = np.tile(np.arange(0, 250, 5, dtype=np.uint8), (30, 1))
    >>> tinted = np.stack([gray, gray // 10 * 9, gray // 5 * 4], axis=2)
    >>> rgb = tinted.copy()
    >>> rgb[5:9, 10:40] = 200, 40, 40
    >>> bool((predict_copy(rgb, gray) == tinted).all())
    True
    """
    if gray.ndim == 2:
        gray = gray[:, :, None]
    level = _mean_level(gray)
    curves = np.stack([_usual_value(level, rgb[:, :, channel]) for channel in range(3)], axis=1)
    toned = np.rint(curves).astype(np.uint8)

    def photograph(rows: slice) -> Pixels:
        """These rows of the first guess."""
        same = np.empty_like(rgb[rows])
        same[...] = gray[rows, :, :3]
        return same

    def usual(rows: slice) -> Pixels:
        """These rows of the second guess."""
        return toned.take(level[rows], axis=0)

    low, high = np.percentile(level, (2, 98)).astype(int)
    toneless = np.ptp(curves[[low, high]].mean(axis=1)) < LEAST_SLOPE * (high - low)
    guess = photograph if toneless else min((photograph, usual), key=lambda guess: _distance(rgb, guess))
    copy = np.empty_like(rgb)
    for rows in _bands(len(rgb)):
        copy[rows] = guess(rows)
    return copy


def differ(rgb: Pixels, expected: Pixels) -> Pixels:
    """Largest difference of any channel, (H, W)."""
    difference = np.empty(rgb.shape[:2], np.uint8)
    for rows in _bands(len(rgb)):
        channels = np.maximum(rgb[rows], expected[rows]) - np.minimum(rgb[rows], expected[rows])
        np.maximum(channels[:, :, 0], channels[:, :, 1], out=difference[rows])
        np.maximum(difference[rows], channels[:, :, 2], out=difference[rows])
    return difference


def _bands(height: int) -> Iterator[slice]:
    """The rows of a picture in portions that stay in the processor's cache."""
    return (slice(start, start + BAND) for start in range(0, height, BAND))


def _mean_level(gray: Pixels) -> Pixels:
    """Mean of the channels, rounded, of (H, W, 1|3|4); alpha is not looked at."""
    if gray.shape[2] == 1:
        return gray[:, :, 0]
    red, green, blue = (gray[:, :, channel].astype(np.uint16) for channel in range(3))
    return ((red + green + blue + 1) // 3).astype(np.uint8)


def _distance(rgb: Pixels, guess: Callable[[slice], Pixels]) -> int:
    """Sum of the differences, in which paint counts no more than `CLOSE`."""
    return sum(int(np.minimum(differ(rgb[rows], guess(rows)), CLOSE).sum()) for rows in _bands(len(rgb)))


def _usual_value(level: Pixels, value: Pixels) -> NDArray[np.float64]:
    """Value at each of the 256 gray levels: the median of what lies close to a smooth curve."""
    histogram = np.zeros((256, 256), np.intp)
    for rows in _bands(len(level)):
        pairs = level[rows].astype(np.intp) * 256 + value[rows]
        histogram += np.bincount(pairs.ravel(), minlength=65536).reshape(256, 256)
    known, medians = _medians(histogram)
    span = (known[0], max(known[-1], known[0] + 1))
    levels = np.arange(256)
    weights = np.sqrt(histogram[known].sum(axis=1))
    degree = min(DEGREE, len(known) - 1)
    smooth = Polynomial.fit(known, medians, degree, domain=span, w=weights)(levels)
    near = np.abs(levels - smooth[:, None]) <= CLOSE
    close = histogram * near
    known, medians = _medians(close * (close.sum(axis=1, keepdims=True) >= FEWEST))
    if not len(known):
        return smooth.clip(0, 255)
    return np.clip(smooth + np.interp(levels, known, medians - smooth[known]), 0, 255)


def _medians(histogram: NDArray[np.int_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of a histogram that have entries, and the median of each."""
    known = np.flatnonzero(histogram.any(axis=1))
    rows = histogram[known]
    return known, (rows.cumsum(axis=1) * 2 >= rows.sum(axis=1, keepdims=True)).argmax(axis=1)
