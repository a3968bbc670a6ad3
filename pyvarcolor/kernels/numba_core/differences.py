"""Weighted differences of one channel, a row at a time; the C++ twin `differences.hpp` tells their rules.

Each function loops over the columns with a function `cell`; the border columns stand apart, so that the loop
between them has no branch. `row` tells by factors 1 or 0 whether there are rows above and below. Weights are
the rows (xx, xy, yy) of a tensor; a scalar weight is one with xy = 0.
"""

from typing import TypeAlias

from .image import Image, Index, Row, Scalar
from .parallel import inline

Weights: TypeAlias = tuple[Row, Row, Row]
Neighbours: TypeAlias = tuple[Scalar, Scalar]
INVERSE_SQRT2 = 0.70710678118654752440


@inline
def row_neighbours(i: Index, image: Image) -> Neighbours:
    """Factors 1 or 0: whether row i has one above and one below."""
    T = image.dtype.type
    return T(i > 0), T(i + 1 < len(image))


@inline
def row_above(i: Index) -> Index:
    """Row i - 1, or any other that exists: what is missing is multiplied by 0."""
    return max(i - 1, 0)


@inline
def row_below(i: Index, image: Image) -> Index:
    """Row i + 1, or any other that exists."""
    return min(i + 1, len(image) - 1)


@inline
def weights_of(g: Image, no_xy: Row, i: Index) -> Weights:
    """Edge weights of row i; `no_xy` is a row of zeros."""
    if g.shape[1] == 1:
        return g[i, 0], no_xy, g[i, 0]
    return g[i, 0], g[i, 1], g[i, 2]


@inline
def times(g: Weights, j: Index, x: Scalar, y: Scalar) -> tuple[Scalar, Scalar]:
    """G (x, y) at column j."""
    xx, xy, yy = g
    return xx[j] * x + xy[j] * y, xy[j] * x + yy[j] * y


@inline
def gradient_row(row: Neighbours, g: Weights, alpha: Scalar, here: Row, down: Row, px: Row, py: Row) -> None:
    """p = alpha G grad u."""
    _, below = row
    zero = px.dtype.type(0)
    last = len(px) - 1

    def cell(j: Index, right: bool) -> None:
        x, y = times(g, j, here[j + 1] - here[j] if right else zero, below * (down[j] - here[j]))
        px[j] = alpha * x if right else zero
        py[j] = alpha * below * y

    for j in range(last):
        cell(j, True)
    cell(last, False)


@inline
def gradient_minus_v_row(
    row: Neighbours, g: Weights, alpha: Scalar, here: Row, down: Row, vx: Row, vy: Row, px: Row, py: Row
) -> None:
    """p = alpha G (grad u - v), where v is left out together with the difference it belongs to."""
    _, below = row
    zero = px.dtype.type(0)
    last = len(px) - 1

    def cell(j: Index, right: bool) -> None:
        dx = here[j + 1] - here[j] - vx[j] if right else zero
        x, y = times(g, j, dx, below * (down[j] - here[j] - vy[j]))
        px[j] = alpha * x if right else zero
        py[j] = alpha * below * y

    for j in range(last):
        cell(j, True)
    cell(last, False)


@inline
def minus_divergence_row(
    row: Neighbours,
    g_up: Weights,
    g: Weights,
    alpha: Scalar,
    px: Row,
    py: Row,
    px_up: Row,
    py_up: Row,
    out: Row,
) -> None:
    """out = -alpha div (G p), the adjoint of u -> alpha G grad u."""
    above, below = row
    zero = out.dtype.type(0)
    last = len(out) - 1

    def cell(j: Index, left: bool, right: bool) -> None:
        x, y = times(g, j, px[j] if right else zero, below * py[j])
        x_left, _ = times(g, j - 1, px[j - 1], below * py[j - 1]) if left else (zero, zero)
        _, y_up = times(g_up, j, px_up[j] if right else zero, py_up[j])
        out[j] = alpha * (x_left - (x if right else zero) + above * y_up - below * y)

    cell(0, False, last > 0)
    for j in range(1, last):
        cell(j, True, True)
    if last > 0:
        cell(last, True, False)


@inline
def symmetrised_gradient_row(
    row: Neighbours, alpha: Scalar, vx: Row, vy: Row, vx_up: Row, vy_up: Row, qxx: Row, qyy: Row, qxy: Row
) -> None:
    """q = alpha E v by backward differences; xy carries sqrt 2, so that |q| is the Frobenius norm."""
    above, _ = row
    T = qxx.dtype.type
    zero = T(0)
    alpha_xy = alpha * T(INVERSE_SQRT2)

    def cell(j: Index, left: bool) -> None:
        x_of_vx = vx[j] - vx[j - 1] if left else zero
        x_of_vy = vy[j] - vy[j - 1] if left else zero
        qxx[j] = alpha * x_of_vx
        qyy[j] = alpha * above * (vy[j] - vy_up[j])
        qxy[j] = alpha_xy * (above * (vx[j] - vx_up[j]) + x_of_vy)

    cell(0, False)
    for j in range(1, len(qxx)):
        cell(j, True)


@inline
def adjoint_v_row(
    row: Neighbours,
    g: Weights,
    alpha0: Scalar,
    alpha1: Scalar,
    px: Row,
    py: Row,
    qxx: Row,
    qyy: Row,
    qxy: Row,
    qyy_down: Row,
    qxy_down: Row,
    kx: Row,
    ky: Row,
) -> None:
    """(kx, ky) = alpha0 E* q - alpha1 G p, the part of K* that belongs to v."""
    above, below = row
    T = kx.dtype.type
    zero, inverse_sqrt2 = T(0), T(INVERSE_SQRT2)
    last = len(kx) - 1

    def cell(j: Index, left: bool, right: bool) -> None:
        x, y = times(g, j, px[j] if right else zero, below * py[j])
        xx = (qxx[j] if left else zero) - (qxx[j + 1] if right else zero)
        yy = above * qyy[j] - below * qyy_down[j]
        xy_by_x = (qxy[j] if left else zero) - (qxy[j + 1] if right else zero)
        xy_by_y = above * qxy[j] - below * qxy_down[j]
        kx[j] = alpha0 * (xx + inverse_sqrt2 * xy_by_y) - (alpha1 * x if right else zero)
        ky[j] = alpha0 * (yy + inverse_sqrt2 * xy_by_x) - alpha1 * below * y

    cell(0, False, last > 0)
    for j in range(1, last):
        cell(j, True, True)
    if last > 0:
        cell(last, True, False)


@inline
def add_laplacian(row: Neighbours, g_up: Weights, g: Weights, up: Row, here: Row, down: Row, out: Row) -> None:
    """out += div (G grad z); symmetric."""
    above, below = row
    zero = out.dtype.type(0)
    last = len(out) - 1

    def cell(j: Index, left: bool, right: bool) -> None:
        dx = here[j + 1] - here[j] if right else zero
        x, y = times(g, j, dx, below * (down[j] - here[j]))
        x_left, _ = (
            times(g, j - 1, here[j] - here[j - 1], below * (down[j - 1] - here[j - 1])) if left else (zero, zero)
        )
        _, y_up = times(g_up, j, up[j + 1] - up[j] if right else zero, here[j] - up[j])
        out[j] += (x if right else zero) - x_left + below * y - above * y_up

    cell(0, False, last > 0)
    for j in range(1, last):
        cell(j, True, True)
    if last > 0:
        cell(last, True, False)


@inline
def laplacian_row(row: Neighbours, g_up: Weights, g: Weights, s: Row, up: Row, here: Row, down: Row, out: Row) -> None:
    """out = s div (G grad u)."""
    for j in range(len(out)):
        out[j] = 0
    add_laplacian(row, g_up, g, up, here, down, out)
    for j in range(len(out)):
        out[j] *= s[j]


@inline
def add_laplacian_adjoint_row(
    row: Neighbours,
    g_up: Weights,
    g: Weights,
    i: Index,
    s: Image,
    r: Image,
    channel: Index,
    sr: Row,
    out: Row,
) -> None:
    """out += div (G grad (s r)), the adjoint of u -> s div (G grad u); sr receives s r of the three rows."""
    for k, near in enumerate((row_above(i), i, row_below(i, s))):
        for j in range(len(out)):
            sr[k, j] = s[near, j] * r[near, channel, j]
    add_laplacian(row, g_up, g, sr[0], sr[1], sr[2], out)
