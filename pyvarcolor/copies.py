"""What a copy of the photograph looks like where nobody painted on it."""

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

DEGREE = 5  # of the smooth curve from gray to copy, which bridges levels that are rare or painted over
CLOSE = 24  # levels of 255 around the usual colour in which pixels have a say in it
FEWEST = 12  # pixels of a gray level that can tell its usual colour against the smooth curve
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
    colour = gray[:, :, :3]
    level = colour[:, :, 0] if colour.shape[2] == 1 else np.rint(colour.mean(axis=2)).astype(np.uint8)
    same = np.broadcast_to(colour, rgb.shape)
    curves = np.stack([_usual_value(level, rgb[:, :, channel]) for channel in range(3)], axis=1)
    low, high = np.percentile(level, (2, 98)).astype(int)
    if np.ptp(curves[[low, high]].mean(axis=1)) < LEAST_SLOPE * (high - low):
        return same
    toned: Pixels = np.rint(curves).astype(np.uint8)[level]
    return same if _distance(rgb, same) <= _distance(rgb, toned) else toned


def differ(rgb: Pixels, expected: Pixels) -> Pixels:
    """Largest difference of any channel, (H, W)."""
    largest = np.zeros(rgb.shape[:2], np.uint8)
    for channel in range(3):
        one, other = rgb[:, :, channel], expected[:, :, channel]
        np.maximum(largest, np.maximum(one, other) - np.minimum(one, other), out=largest)
    return largest


def _distance(rgb: Pixels, expected: Pixels) -> float:
    """Mean difference, in which paint counts no more than `CLOSE`."""
    return float(np.minimum(differ(rgb, expected), CLOSE).mean())


def _usual_value(level: Pixels, value: Pixels) -> NDArray[np.float64]:
    """Value at each of the 256 gray levels: the median of what lies close to a smooth curve."""
    pairs = level.astype(np.int32) * 256 + value
    histogram = np.bincount(pairs.ravel(), minlength=65536).reshape(256, 256)
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
