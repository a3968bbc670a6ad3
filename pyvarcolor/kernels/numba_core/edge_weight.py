"""Edge weights from lightness; the C++ twin is `edge_weight.hpp`."""

import numpy as np
from numba import prange

from .image import Image, Index, Scalar
from .parallel import inline, kernel


@inline
def edge_stop(d: Scalar, scale: Scalar, power: Scalar, floor: Scalar) -> Scalar:
    """How strongly a lightness step `d` (L*) is joined."""
    joined: Scalar = 1 / (1 + np.abs(d / scale) ** power)
    return max(floor, joined)


@inline
def lightness_gradient(lightness: Image, i: Index, j: Index) -> tuple[Scalar, Scalar]:
    """Forward differences of lightness at (i, j), zero over the border."""
    rows, cols = lightness.shape
    zero = lightness.dtype.type(0)
    return (
        lightness[i, j + 1] - lightness[i, j] if j + 1 < cols else zero,
        lightness[i + 1, j] - lightness[i, j] if i + 1 < rows else zero,
    )


@kernel
def edge_weight(lightness: Image, scale: Scalar, power: Scalar, floor: Scalar, g: Image) -> None:
    """g (1 channel) = edge stop of |grad L|."""
    for row in prange(len(g)):
        i = np.intp(row)
        for j in range(g.shape[2]):
            dx, dy = lightness_gradient(lightness, i, j)
            g[i, 0, j] = edge_stop(np.hypot(dx, dy), scale, power, floor)


@kernel
def edge_tensor(lightness: Image, scale: Scalar, power: Scalar, floor: Scalar, tensor: Image) -> None:
    """G (xx, xy, yy) = g n n' + m m', n along the lightness gradient and m across it."""
    for row in prange(len(tensor)):
        i = np.intp(row)
        one = tensor.dtype.type(1)
        for j in range(tensor.shape[2]):
            dx, dy = lightness_gradient(lightness, i, j)
            norm = np.hypot(dx, dy)
            less = one - edge_stop(norm, scale, power, floor)
            nx, ny = (dx / norm, dy / norm) if norm > 0 else (dx, dy)
            tensor[i, 0, j] = one - less * nx * nx
            tensor[i, 1, j] = -less * nx * ny
            tensor[i, 2, j] = one - less * ny * ny
