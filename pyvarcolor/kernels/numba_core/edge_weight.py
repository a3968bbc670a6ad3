"""Edge weights from lightness; the C++ twin is `edge_weight.hpp`."""

import numpy as np
from numba import prange

from .image import Image, Index, Scalar
from .parallel import inline, kernel

EDGES = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.70710678118654752440), (1, -1, 0.70710678118654752440))
"""The edges stored with a pixel: rows and columns to their other end, and 1 / length."""


@inline
def raised(x: Scalar, power: Scalar) -> Scalar:
    """x to a power; small whole ones are products, which are quicker."""
    if power > 8 or power != np.floor(power):
        result: Scalar = x**power
        return result
    product = x
    for _ in range(1, int(power)):
        product *= x
    return product


@inline
def edge_stop(d: Scalar, scale: Scalar, power: Scalar, floor: Scalar) -> Scalar:
    """How strongly a lightness step `d` (L*) is joined."""
    joined: Scalar = 1 / (1 + raised(np.abs(d / scale), power))
    return max(floor, joined)


@kernel
def graph_edges(lightness: Image, scale: Scalar, power: Scalar, floor: Scalar, edges: Image) -> None:
    """Edge stop of the step along each edge over its length, 0 over the border."""
    for index in prange(len(edges)):
        i = np.intp(index)
        rows, cols = lightness.shape
        for edge in range(edges.shape[1]):
            down, along, per_length = EDGES[edge]
            for j in range(cols):
                row, col = i + down, j + along
                edges[i, edge, j] = 0
                if row < rows and 0 <= col < cols:
                    w = edge_stop(lightness[row, col] - lightness[i, j], scale, power, floor)
                    edges[i, edge, j] = edges.dtype.type(per_length) * w


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
