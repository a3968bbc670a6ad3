"""The layers of a convolutional network as NumPy functions of images (C, H, W), float32."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float32]


def conv3x3(x: Array, weight: Array, bias: Array, stride: int = 1) -> Array:
    """Correlate with 3 x 3 windows, zeros around the image, as one product of matrices.

    Parameters
    ----------
    x : (C, H, W) ndarray
        The image.
    weight : (D, 9 C) ndarray
        For each channel that comes out: C windows, row by row.
    bias : (D,) ndarray
        What is added.
    stride : int
        Every how many pixels a window stands.

    Returns
    -------
    (D, ceil(H / stride), ceil(W / stride)) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(6, dtype=np.float32).reshape(1, 2, 3)
    >>> conv3x3(x, np.ones((1, 9), np.float32), np.zeros(1, np.float32)).tolist()
    [[[8.0, 15.0, 12.0], [8.0, 15.0, 12.0]]]
    """
    channels, height, width = x.shape
    padded = np.zeros((channels, height + 2, width + 2), x.dtype)
    padded[:, 1:-1, 1:-1] = x
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::stride, ::stride]
    rows, cols = windows.shape[1:3]
    columns = windows.transpose(0, 3, 4, 1, 2).reshape(9 * channels, rows * cols)
    out: Array = weight @ columns
    out += bias[:, None]
    return out.reshape(-1, rows, cols)


def conv1x1(x: Array, weight: Array, bias: Array) -> Array:
    """Mix channels, each pixel for itself.

    Parameters
    ----------
    x : (C, H, W) ndarray
        The image.
    weight : (D, C) ndarray
        Of each channel for each that comes out.
    bias : (D,) ndarray
        What is added.

    Returns
    -------
    (D, H, W) ndarray
    """
    out: Array = weight @ x.reshape(len(x), -1)
    out += bias[:, None]
    return out.reshape(-1, *x.shape[1:])


def relu(x: Array) -> Array:
    """Set what is below 0 to 0, in place."""
    return np.maximum(x, 0, out=x)


def twice(x: Array) -> Array:
    """Each pixel four times: (C, H, W) to (C, 2 H, 2 W)."""
    return x.repeat(2, axis=1).repeat(2, axis=2)
