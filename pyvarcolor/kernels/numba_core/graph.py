"""Quadratic propagation on the graph of 8 neighbours by conjugate gradients; the C++ twin is `graph.hpp`.

A = first L + beta L D^-1 L plus the soft hints' weights.
"""

import numpy as np
from numba import prange

from .differences import row_above, row_below
from .edge_weight import edge_stop
from .image import Image, Index, Row, Scalar
from .parallel import inline, inline_sum, kernel, sequence, sum_rows
from .prox import hint_energy_row

NEIGHBOUR_OFFSETS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""Row and column offsets of the 8 neighbours in reading order."""


@inline
def inside(row: Index, col: Index, image: Image) -> bool:
    """Whether a pixel exists."""
    return bool(0 <= row < image.shape[0] and 0 <= col < image.shape[1])


@kernel
def graph_weights(lightness: Image, scale: Scalar, power: Scalar, floor: Scalar, w: Image) -> None:
    """w_ij = edge stop of L_i - L_j, over the distance |i - j|."""
    for index in prange(len(w)):
        i = np.intp(index)
        T = w.dtype.type
        for k in range(8):
            di, dj = NEIGHBOUR_OFFSETS[k]
            distance = np.sqrt(T(abs(di) + abs(dj)))
            for j in range(w.shape[2]):
                row, col = i + di, j + dj
                w[i, k, j] = 0
                if inside(row, col, lightness):
                    w[i, k, j] = edge_stop(lightness[row, col] - lightness[i, j], scale, power, floor) / distance


@kernel
def levin_weights(gray: Image, w: Image) -> None:
    """exp(-(Y_i - Y_j)^2 / c) with c from the 3x3 window's variance, normalised to sum 1."""
    for index in prange(len(w)):
        i = np.intp(index)
        T = w.dtype.type
        for j in range(w.shape[2]):
            here = gray[i, j]
            total, squares, count, closest = here, here * here, T(1), T(np.inf)
            for k in range(8):
                row, col = i + NEIGHBOUR_OFFSETS[k][0], j + NEIGHBOUR_OFFSETS[k][1]
                if inside(row, col, gray):
                    value = gray[row, col]
                    total += value
                    squares += value * value
                    count += T(1)
                    closest = min(closest, (value - here) * (value - here))
            variance = max(T(0), squares / count - (total / count) * (total / count))
            # the likest neighbour keeps a weight of at least 0.01
            c = max(T(0.6) * variance, closest / -np.log(T(0.01)), T(2e-6))
            total = T(0)
            for k in range(8):
                row, col = i + NEIGHBOUR_OFFSETS[k][0], j + NEIGHBOUR_OFFSETS[k][1]
                w[i, k, j] = 0
                if inside(row, col, gray):
                    d = gray[row, col] - here
                    w[i, k, j] = np.exp(-d * d / c)
                    total += w[i, k, j]
            if total > 0:
                for k in range(8):
                    w[i, k, j] /= total


@inline
def graph_laplacian_row(w: Row, up: Row, here: Row, down: Row, out: Row) -> None:
    """out = L u of one row and channel."""
    last = len(out) - 1

    def cell(j: Index, left: Index, right: Index) -> None:
        u = here[j]
        out[j] = (
            w[0, j] * (u - up[left])
            + w[1, j] * (u - up[j])
            + w[2, j] * (u - up[right])
            + w[3, j] * (u - here[left])
            + w[4, j] * (u - here[right])
            + w[5, j] * (u - down[left])
            + w[6, j] * (u - down[j])
            + w[7, j] * (u - down[right])
        )

    cell(0, 0, min(1, last))
    for j in range(1, last):
        cell(j, j - 1, j + 1)
    if last > 0:
        cell(last, last - 1, last)


@inline
def graph_laplacian(w: Image, u: Image, i: Index, channel: Index, out: Row) -> None:
    """The same with row i of u."""
    graph_laplacian_row(w[i], u[row_above(i), channel], u[i, channel], u[row_below(i, u), channel], out)


@inline
def mix_row(first: Scalar, beta: Scalar, inverse_degree: Row, u: Row, t: Row) -> None:
    """t = first u + beta t / d; what L is applied to in A = L (first + beta D^-1 L)."""
    for j in range(len(t)):
        t[j] = first * u[j] + beta * inverse_degree[j] * t[j]


@inline
def add_soft_row(scale: Scalar, hint_weight: Row, u: Row, out: Row) -> None:
    """out = scale out + soft u, where soft is the weight of a soft hint."""
    zero = out.dtype.type(0)
    for j in range(len(out)):
        out[j] = scale * out[j] + (hint_weight[j] * u[j] if hint_weight[j] < np.inf else zero)


@inline_sum
def dot_row(a: Row, b: Row) -> Scalar:
    """Sum of a b."""
    total = 0.0
    for j in range(len(a)):
        total += np.float64(a[j]) * np.float64(b[j])
    return total


@inline_sum
def preconditioned_norm_row(m: Row, r: Row) -> Scalar:
    """r' z = sum m r^2."""
    total = 0.0
    for j in range(len(r)):
        total += np.float64(m[j]) * np.float64(r[j]) * np.float64(r[j])
    return total


@inline
def axpy_row(alpha: Scalar, x: Row, y: Row) -> None:
    """y += alpha x."""
    for j in range(len(y)):
        y[j] += alpha * x[j]


@inline
def direction_row(b: Scalar, m: Row, r: Row, d: Row) -> None:
    """d = m r + b d; m = 1 / diagonal of A, and 0 at hard hints, which keeps them."""
    for j in range(len(d)):
        d[j] = m[j] * r[j] + b * d[j]


@kernel
def mix(u: Image, w: Image, inverse_degree: Image, first: Scalar, beta: Scalar, t: Image) -> None:
    """t = (first + beta D^-1 L) u."""
    for index in prange(len(u)):
        i = np.intp(index)
        for c in range(2):
            graph_laplacian(w, u, i, c, t[i, c])
            mix_row(first, beta, inverse_degree[i], u[i, c], t[i, c])


@kernel
def laplacian_and_soft(t: Image, u: Image, w: Image, hint_weight: Image, scale: Scalar, out: Image) -> None:
    """out = scale L t + soft u."""
    for index in prange(len(u)):
        i = np.intp(index)
        for c in range(2):
            graph_laplacian(w, t, i, c, out[i, c])
            add_soft_row(scale, hint_weight[i], u[i, c], out[i, c])


@kernel
def start(hints: Image, hint_weight: Image, inverse_diagonal: Image, residual: Image, direction: Image) -> None:
    """residual <- b - residual with b from the soft hints; the first direction is z."""
    for index in prange(len(residual)):
        i = np.intp(index)
        minus_one = residual.dtype.type(-1)
        for c in range(2):
            add_soft_row(minus_one, hint_weight[i], hints[i, c], residual[i, c])
            for j in range(residual.shape[2]):
                direction[i, c, j] = inverse_diagonal[i, j] * residual[i, c, j]


@kernel
def square(residual: Image, inverse_diagonal: Image, partial: Image) -> None:
    """partial (channel, row) = r' z."""
    for index in prange(len(residual)):
        i = np.intp(index)
        for c in range(2):
            partial[c, i] = preconditioned_norm_row(inverse_diagonal[i], residual[i, c])


@kernel
def dot(direction: Image, image: Image, partial: Image) -> None:
    """partial (channel, row) = d' A d."""
    for index in prange(len(direction)):
        i = np.intp(index)
        for c in range(2):
            partial[c, i] = dot_row(direction[i, c], image[i, c])


@kernel
def advance(
    u: Image,
    residual: Image,
    direction: Image,
    image: Image,
    inverse_diagonal: Image,
    alpha: Row,
    partial: Image,
) -> None:
    """u += alpha d, residual -= alpha A d, partial (channel, row) = r' z."""
    for index in prange(len(u)):
        i = np.intp(index)
        for c in range(2):
            axpy_row(alpha[c], direction[i, c], u[i, c])
            axpy_row(-alpha[c], image[i, c], residual[i, c])
            partial[c, i] = preconditioned_norm_row(inverse_diagonal[i], residual[i, c])


@kernel
def turn(residual: Image, inverse_diagonal: Image, b: Row, direction: Image) -> None:
    """d = z + b d with the preconditioned residual z."""
    for index in prange(len(residual)):
        i = np.intp(index)
        for c in range(2):
            direction_row(b[c], inverse_diagonal[i], residual[i, c], direction[i, c])


@inline
def ratio(a: Scalar, b: Scalar) -> Scalar:
    """a / b, or 0 once all is solved."""
    return a / b if b > 0 else 0.0


@sequence
def graph_apply(
    u: Image,
    w: Image,
    inverse_degree: Image,
    hint_weight: Image,
    first: Scalar,
    beta: Scalar,
    scratch: Image,
    out: Image,
) -> None:
    """out = A u; `scratch` has the shape of u and is used when beta > 0."""
    if beta > 0:
        mix(u, w, inverse_degree, first, beta, scratch)
        laplacian_and_soft(scratch, u, w, hint_weight, out.dtype.type(1), out)
    else:
        laplacian_and_soft(u, u, w, hint_weight, first, out)


@sequence
def graph_cg_start(
    u: Image,
    residual: Image,
    direction: Image,
    image: Image,
    scratch: Image,
    inverse_diagonal: Image,
    w: Image,
    inverse_degree: Image,
    hints: Image,
    hint_weight: Image,
    first: Scalar,
    beta: Scalar,
) -> None:
    """residual = b - A u with b from the hints, and the first direction."""
    graph_apply(u, w, inverse_degree, hint_weight, first, beta, scratch, residual)
    start(hints, hint_weight, inverse_diagonal, residual, direction)


@sequence
def graph_cg(
    u: Image,
    residual: Image,
    direction: Image,
    image: Image,
    scratch: Image,
    inverse_diagonal: Image,
    w: Image,
    inverse_degree: Image,
    hint_weight: Image,
    first: Scalar,
    beta: Scalar,
    n: Index,
) -> None:
    """n iterations in place, Jacobi-preconditioned, each channel with step sizes of its own."""
    partial, rho = np.empty((2, len(u))), np.empty(2)
    alpha, b = np.empty(2, u.dtype), np.empty(2, u.dtype)
    square(residual, inverse_diagonal, partial)
    for c in range(2):
        rho[c] = sum_rows(partial[c])
    for _ in range(n):
        graph_apply(direction, w, inverse_degree, hint_weight, first, beta, scratch, image)
        dot(direction, image, partial)
        for c in range(2):
            alpha[c] = ratio(rho[c], sum_rows(partial[c]))
        advance(u, residual, direction, image, inverse_diagonal, alpha, partial)
        for c in range(2):
            now = sum_rows(partial[c])
            b[c] = ratio(now, rho[c])
            rho[c] = now
        turn(residual, inverse_diagonal, b, direction)


@kernel
def graph_energy(
    u: Image,
    w: Image,
    inverse_degree: Image,
    hints: Image,
    hint_weight: Image,
    first: Scalar,
    beta: Scalar,
    scratch: Image,
) -> Scalar:
    """The energy of u without the hard hints; `scratch` has the shape of u."""
    partial = np.empty(len(u))
    for index in prange(len(u)):
        i = np.intp(index)
        energy = hint_energy_row(u, hints, hint_weight, i)
        for c in range(2):
            image = scratch[i, c]
            graph_laplacian(w, u, i, c, image)
            # sum_edges w |u_i - u_j|^2 = u' L u
            energy += 0.5 * first * dot_row(u[i, c], image)
            if beta > 0:
                energy += 0.5 * beta * preconditioned_norm_row(inverse_degree[i], image)
        partial[i] = energy
    return sum_rows(partial)
