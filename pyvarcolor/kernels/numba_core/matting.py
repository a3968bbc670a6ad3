"""The matting Laplacian of Levin, Lischinski and Weiss 2008, and its coarse grid; the C++ twin is `matting.hpp`."""

import numpy as np
from numba import prange

from .differences import row_below
from .image import Image, Index, Row, Scalar
from .parallel import inline, kernel

NODE_SPACING = 4


@inline
def around(i: Index, count: Index) -> range:
    """Indices of the window around i, cut at the border."""
    return range(max(i - 1, 0), min(i + 2, count))


@inline
def pixels_in_window(i: Index, j: Index, image: Image) -> Scalar:
    """How many pixels the window around pixel (i, j) has."""
    T = image.dtype.type
    return T(len(around(i, image.shape[0])) * len(around(j, image.shape[-1])))


@kernel
def matting_windows(lightness: Image, epsilon: Scalar, windows: Image) -> None:
    """Mean of lightness, and 1 / (sum of its squared deviations + epsilon), of the window around each pixel."""
    for index in prange(len(lightness)):
        i = np.intp(index)
        T = lightness.dtype.type
        rows, cols = lightness.shape
        for j in range(cols):
            total, squares = T(0), T(0)
            for row in around(i, rows):
                for col in around(j, cols):
                    total += lightness[row, col]
            mean = total / pixels_in_window(i, j, lightness)
            for row in around(i, rows):
                for col in around(j, cols):
                    squares += (lightness[row, col] - mean) ** 2
            windows[i, 0, j] = mean
            windows[i, 1, j] = T(1) / (squares + epsilon)


@kernel
def matting_diagonal(lightness: Image, windows: Image, hint_weight: Image, inverse: Image) -> None:
    """Diagonal of A, inverted; 0 where a hint is hard or nothing is joined."""
    for index in prange(len(lightness)):
        i = np.intp(index)
        T = lightness.dtype.type
        rows, cols = lightness.shape
        for j in range(cols):
            total = hint_weight[i, j]
            for row in around(i, rows):
                for col in around(j, cols):
                    d = lightness[i, j] - windows[row, 0, col]
                    total += T(1) - T(1) / pixels_in_window(row, col, lightness) - windows[row, 1, col] * d * d
            inverse[i, j] = T(1) / total if total > 0 else T(0)


@inline
def fit_row(i: Index, c: Index, u: Image, lightness: Image, windows: Image, fits: Image) -> None:
    """The best fit of each window: mean of u, and slope."""
    rows, _, cols = u.shape

    def cell(j: Index, first: Index, stop: Index) -> None:
        here, center = u[i, c, j], windows[i, 0, j]
        total, product = u.dtype.type(0), u.dtype.type(0)
        for row in around(i, rows):
            for col in range(first, stop):
                step = u[row, c, col] - here  # steps, so that nothing is lost where colour is even
                total += step
                product += (lightness[row, col] - center) * step
        fits[i, c, j] = here + total / pixels_in_window(i, j, u)
        fits[i, 2 + c, j] = windows[i, 1, j] * product

    cell(0, 0, min(2, cols))
    for j in range(1, cols - 1):
        cell(j, j - 1, j + 2)
    if cols > 1:
        cell(cols - 1, cols - 2, cols)


@inline
def misfit_row(
    i: Index, c: Index, lightness: Image, windows: Image, fits: Image, weights: Row, b: Row, u: Row, r: Row
) -> None:
    """r = b - A u where no hint is hard, else 0."""
    rows, cols = lightness.shape
    T = r.dtype.type

    def cell(j: Index, first: Index, stop: Index) -> None:
        total = T(0)
        for row in around(i, rows):
            for col in range(first, stop):
                slope, light = fits[row, 2 + c, col], lightness[i, j] - windows[row, 0, col]
                total += (u[j] - fits[row, c, col]) - slope * light
        r[j] = b[j] - weights[j] * u[j] - total if weights[j] < np.inf else T(0)

    cell(0, 0, min(2, cols))
    for j in range(1, cols - 1):
        cell(j, j - 1, j + 2)
    if cols > 1:
        cell(cols - 1, cols - 2, cols)


@kernel
def take_fits(u: Image, lightness: Image, windows: Image, fits: Image) -> None:
    """The best fits of all windows."""
    for row in prange(len(u)):
        for c in range(2):
            fit_row(np.intp(row), c, u, lightness, windows, fits)


@kernel
def matting_residual(
    u: Image, b: Image, lightness: Image, windows: Image, hint_weight: Image, fits: Image, r: Image
) -> None:
    """r = b - A u; `fits` is scratch."""
    take_fits(u, lightness, windows, fits)
    for row in prange(len(u)):
        i = np.intp(row)
        for c in range(2):
            misfit_row(i, c, lightness, windows, fits, hint_weight[i], b[i, c], u[i, c], r[i, c])


@inline
def nodes_along(pixels: Index) -> Index:
    """Nodes along so many pixels."""
    return (pixels + 1) // NODE_SPACING + 1


@inline
def share_of_node(i: Index) -> float:
    """What pixel i takes from node i // 4, the rest being from the next one."""
    return (1.0, 1.0, 0.5, 0.0)[i % NODE_SPACING]


@inline
def reach(node: Index, pixels: Index) -> range:
    """The pixels of a node."""
    return range(max(NODE_SPACING * node - 2, 0), min(NODE_SPACING * node + 3, pixels))


@inline
def share_of_pixel(i: Index, node: Index) -> float:
    """What a node in reach of pixel i gives to it."""
    return share_of_node(i) if i >= NODE_SPACING * node else 1.0 - share_of_node(i)


@kernel
def matting_restrict(r: Image, lightness: Image, coarse: Image) -> None:
    """coarse = what r says about t (a, b) and s (a, b) of each node: P* r."""
    for index in prange(len(coarse)):
        node_row = np.intp(index)
        T = r.dtype.type
        rows, cols = lightness.shape
        for c in range(2):
            for node in range(coarse.shape[2]):
                t, s = T(0), T(0)
                for i in reach(node_row, rows):
                    for j in reach(node, cols):
                        value = T(share_of_pixel(i, node_row) * share_of_pixel(j, node)) * r[i, c, j]
                        t += value
                        s += value * lightness[i, j]
                coarse[node_row, c, node] = t
                coarse[node_row, 2 + c, node] = s


@inline
def blend(nodes: Row, c: Index, left: Index, right: Index, from_left: Scalar, light: Scalar) -> Scalar:
    """t + s L between two nodes of a row."""
    one = nodes.dtype.type(1)
    at_left, at_right = nodes[c, left] + light * nodes[2 + c, left], nodes[c, right] + light * nodes[2 + c, right]
    result: Scalar = from_left * at_left + (one - from_left) * at_right
    return result


@kernel
def matting_prolong(u: Image, lightness: Image, hint_weight: Image, coarse: Image) -> None:
    """u += P coarse where no hint is hard: t + s L, blended between nodes."""
    for index in prange(len(u)):
        i = np.intp(index)
        T = u.dtype.type
        above = i // NODE_SPACING
        below = row_below(above, coarse)
        share = T(share_of_node(i))
        for j in range(u.shape[2]):
            if hint_weight[i, j] < np.inf:
                left, right = j // NODE_SPACING, min(j // NODE_SPACING + 1, coarse.shape[2] - 1)
                from_left, light = T(share_of_node(j)), lightness[i, j]
                for c in range(2):
                    upper = blend(coarse[above], c, left, right, from_left, light)
                    lower = blend(coarse[below], c, left, right, from_left, light)
                    u[i, c, j] += share * upper + (T(1) - share) * lower
