"""What the network sees of a photograph and its strokes, and how its answer is read; training uses the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

INPUTS = 7
"""Channels that go in: L*, a* and b* of the hints, where hints are, a* and b* of the guess, its deviation."""

OUTPUTS = 5
"""Channels that come out: gate, what is added to a* and b*, logarithms of the scale of both."""

PER_UNIT = 50.0  # of L*, a*, b* going in
PER_DEVIATION = 16.0
PER_DELTA = 20.0  # of a*, b* coming out
SCALE = 8.0  # of the error of a*, b* where the network puts out 0


def stack_inputs(lightness: Array, hints: Array, confidence: Array, guess: Array, deviation: Array) -> Array:
    """Bring what is known to about 0 ± 1.

    Parameters
    ----------
    lightness : (..., H, W) ndarray
        L*, 0..100.
    hints : (..., 2, H, W) ndarray
        a* and b* of the hints, times their confidence; 0 where there is none.
    confidence : (..., H, W) ndarray
        Confidence of the hints, 0..1.
    guess : (..., 2, H, W) ndarray
        a* and b* as the Gaussian process guesses them from the hints; 0 if there is none.
    deviation : (..., H, W) ndarray
        Its standard deviation in units of a*, b*.

    Returns
    -------
    (..., 7, H, W) ndarray
    """
    return np.concatenate(
        [
            lightness[..., None, :, :] / PER_UNIT - 1,
            hints / PER_UNIT,
            confidence[..., None, :, :],
            guess / PER_UNIT,
            deviation[..., None, :, :] / PER_DEVIATION,
        ],
        axis=-3,
        dtype=np.float32,
    )


def read_outputs(outputs: Array) -> tuple[Array, Array, Array]:
    """Take the network's answer apart; chroma is gate times guess, plus delta.

    Parameters
    ----------
    outputs : (..., 5, H, W) ndarray
        As the network puts them out.

    Returns
    -------
    gate : (..., 1, H, W) ndarray
        How much of the guess stays, 0..1.
    delta : (..., 2, H, W) ndarray
        What is added to a* and b*.
    scale : (..., 2, H, W) ndarray
        Mean distance of a*, and of b*, that is to be expected from the truth.
    """
    gate = 1 / (1 + np.exp(-outputs[..., :1, :, :]))
    return gate, outputs[..., 1:3, :, :] * PER_DELTA, np.exp(outputs[..., 3:, :, :]) * SCALE
