"""The levels of a multigrid: an image, the image of every other row and column, and so on down to one pixel.

The C++ twin is `hierarchy.hpp`. Here a row is stored whole, and pixels count from 1: coarse pixel (I, J) is the fine
one (2 I - 1, 2 J - 1). Rows and columns around the image are zero, so that nothing has to know where the border is:
one before it (which index -1 would find at the other end), and after it what makes their number even.
"""

from math import prod
from typing import NamedTuple

from .image import Image, Index, Row
from .parallel import inline

RIGHT, DOWN, DOWN_RIGHT, DOWN_LEFT = range(4)
"""The edges stored with a pixel, the channels of `w`; four neighbours use two."""


class Layout(NamedTuple):
    """What a hierarchy is laid out for."""

    rows: int
    cols: int
    diagonals: bool
    """8 neighbours, not 4."""
    bilaplacian: bool
    """Whether the matrix has one besides the Laplacian that the levels are made from."""


class Level(NamedTuple):
    """(m + sum_j w_ij) u_i - sum_j w_ij u_j = f_i on the free pixels, u_i = 0 on the bound ones."""

    w: Image
    """Edge weights."""
    m: Image
    """What ties a pixel to zero."""
    inverse: Image
    """1 / (m + sum w), and 0 where the pixel is bound."""
    share: Image
    """Share of its two coarse neighbours in a pixel between them: left and right, or upper and lower."""
    f: Image
    """Right-hand side, two channels."""
    u: Image
    """Solution, two channels."""


class Hierarchy(NamedTuple):
    """All levels, the finest first, and the vectors of conjugate gradients on the finest one."""

    levels: list[Level]
    direction: Image
    residual: Image
    image: Image
    bilaplacian: bool


def shapes_of(layout: Layout) -> list[tuple[int, ...]]:
    """The images of a hierarchy in the order in which they lie in memory: all of each level, then the vectors."""
    rows, cols, diagonals, bilaplacian = layout
    shapes: list[tuple[int, ...]] = []
    while True:
        plane = rows_, cols_ = padded(rows), padded(cols)
        shapes += [(rows_, 4 if diagonals else 2, cols_), plane, plane, *3 * [(rows_, 2, cols_)]]
        if rows == 1 and cols == 1:
            return shapes + (3 if bilaplacian else 1) * [(padded(layout.rows), 2, padded(layout.cols))]
        rows, cols, diagonals = (rows + 1) // 2, (cols + 1) // 2, True


def padded(n: int) -> int:
    """Rows or columns in memory."""
    return 2 * ((n + 1) // 2) + 2


def size_of(layout: Layout) -> int:
    """Numbers that a hierarchy takes."""
    return sum(prod(shape) for shape in shapes_of(layout))


def hierarchy_in(memory: Row, layout: Layout) -> Hierarchy:
    """The levels in one piece of memory that starts as zeros."""
    images, start = [], 0
    for shape in shapes_of(layout):
        end = start + prod(shape)
        images.append(memory[start:end].reshape(shape))
        start = end
    levels = [Level(*images[k : k + 6]) for k in range(0, len(images) - 5, 6)]
    direction, *vectors = images[6 * len(levels) :]
    # without a bilaplacian the cycle solves for the residual itself, and its solution is spent when it is replaced
    residual, image = vectors if layout.bilaplacian else (levels[0].f, levels[0].u)
    return Hierarchy(levels, direction, residual, image, layout.bilaplacian)


@inline
def around_row(w: Image, x: Image, i: Index, c: Index, here: Row, out: Row) -> None:
    """out = sum_j w_ij (x_j - here_i) of one row and channel."""
    above, row, below = x[i - 1, c], x[i, c], x[i + 1, c]
    w_above, w_row = w[i - 1], w[i]
    for j in range(1, len(out) - 1):
        out[j] = (
            w_row[RIGHT, j - 1] * (row[j - 1] - here[j])
            + w_row[RIGHT, j] * (row[j + 1] - here[j])
            + w_above[DOWN, j] * (above[j] - here[j])
            + w_row[DOWN, j] * (below[j] - here[j])
        )
    if w.shape[1] == 4:
        for j in range(1, len(out) - 1):
            out[j] += (
                w_above[DOWN_RIGHT, j - 1] * (above[j - 1] - here[j])
                + w_above[DOWN_LEFT, j + 1] * (above[j + 1] - here[j])
                + w_row[DOWN_LEFT, j] * (below[j - 1] - here[j])
                + w_row[DOWN_RIGHT, j] * (below[j + 1] - here[j])
            )


@inline
def degree_row(w: Image, i: Index, out: Row) -> None:
    """out = sum_j w_ij."""
    w_above, w_row = w[i - 1], w[i]
    for j in range(1, len(out) - 1):
        out[j] = w_row[RIGHT, j - 1] + w_row[RIGHT, j] + w_above[DOWN, j] + w_row[DOWN, j]
    if w.shape[1] == 4:
        for j in range(1, len(out) - 1):
            out[j] += (
                w_above[DOWN_RIGHT, j - 1] + w_above[DOWN_LEFT, j + 1] + w_row[DOWN_LEFT, j] + w_row[DOWN_RIGHT, j]
            )
