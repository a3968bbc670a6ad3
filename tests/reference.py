"""The slow, obvious oracle of the kernels: matrices straight from the definitions, in NumPy and SciPy.

Nothing of the package is used here. An image (rows, channels, cols) becomes a `vector` plane by plane.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]

OFFSETS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
"""The 8 neighbours of a pixel in reading order."""


def vector(*images: NDArray[np.floating]) -> Array:
    """All channels of all images, one plane after the other."""
    return np.concatenate([image.transpose(1, 0, 2).ravel() for image in images]).astype(np.float64)


def images(vector: Array, shape: tuple[int, int], *channels: int) -> list[Array]:
    """The inverse of `vector`: images of `shape` (rows, cols) with so many channels each."""
    planes = vector.reshape(-1, *shape)
    ends = np.cumsum(channels)[:-1]
    return [part.transpose(1, 0, 2).copy() for part in np.split(planes, ends)]


def forward_difference(n: int) -> sp.csr_array:
    """z[j + 1] - z[j]; the last row, where z[j + 1] is missing, is empty."""
    matrix = sp.lil_array((n, n))
    for j in range(n - 1):
        matrix[j, j], matrix[j, j + 1] = -1, 1
    return matrix.tocsr()


def backward_difference(n: int) -> sp.csr_array:
    """z[j] - z[j - 1]; the first row is empty."""
    matrix = sp.lil_array((n, n))
    for j in range(1, n):
        matrix[j, j], matrix[j, j - 1] = 1, -1
    return matrix.tocsr()


def along(shape: tuple[int, int], difference) -> tuple[sp.csr_array, sp.csr_array]:
    """A difference along x (columns) and along y (rows) of a plane."""
    rows, cols = shape
    return sp.kron(sp.eye_array(rows), difference(cols)), sp.kron(difference(rows), sp.eye_array(cols))


def weighting(g: NDArray[np.floating]) -> sp.csr_array:
    """G on (x, y) differences of a plane, leaving out what would reach over the border on both sides."""
    rows, channels, cols = g.shape
    xx, xy, yy = (g[:, 0], 0 * g[:, 0], g[:, 0]) if channels == 1 else (g[:, 0], g[:, 1], g[:, 2])
    inside_x, inside_y = np.ones((rows, cols)), np.ones((rows, cols))
    inside_x[:, -1] = 0
    inside_y[-1] = 0
    inside = sp.diags_array(np.concatenate([inside_x.ravel(), inside_y.ravel()]))
    tensor = sp.block_array(
        [
            [sp.diags_array(xx.ravel()), sp.diags_array(xy.ravel())],
            [sp.diags_array(xy.ravel()), sp.diags_array(yy.ravel())],
        ]
    )
    return inside @ tensor @ inside


def tgv_operator(g, s, alpha0: float, alpha1: float) -> sp.csr_array:
    """K on the vector of (u, v), giving that of (p, q, r)."""
    shape = (g.shape[0], g.shape[2])
    dx, dy = along(shape, forward_difference)
    bx, by = along(shape, backward_difference)
    gradient, weights = sp.vstack([dx, dy]), weighting(g)
    symmetrised = sp.block_array([[bx, None], [None, by], [by / np.sqrt(2), bx / np.sqrt(2)]])
    blocks = [[alpha1 * weights @ gradient, -alpha1 * weights], [None, alpha0 * symmetrised]]
    if len(s):
        blocks.append([-sp.diags_array(s.ravel().astype(float)) @ gradient.T @ weights @ gradient, None])
    both = sp.eye_array(2)
    return sp.block_array([[None if b is None else sp.kron(both, b) for b in row] for row in blocks]).tocsr()


def tv_operator(g, alpha1: float) -> sp.csr_array:
    """alpha1 G grad on the vector of u."""
    dx, dy = along((g.shape[0], g.shape[2]), forward_difference)
    return sp.kron(sp.eye_array(2), alpha1 * weighting(g) @ sp.vstack([dx, dy])).tocsr()


def towards_hints(u: Array, hints: Array, pull: Array) -> Array:
    """argmin_z 1/2 |z - u|^2 + pull/2 |z - hint|^2; infinite pull gives the hint itself."""
    with np.errstate(invalid="ignore"):
        soft = (u + pull * hints) / (1 + pull)
    return np.where(np.isinf(pull), hints, soft)


def into_unit_ball(y: Array, pixels: int) -> Array:
    """Projection of y onto |y| <= 1, the norm of all planes together at each pixel."""
    planes = y.reshape(-1, pixels)
    return (planes / np.maximum(1, np.linalg.norm(planes, axis=0))).ravel()


@dataclass
class PrimalDual:
    """The over-relaxed primal-dual method of Chambolle and Pock; `norms`: planes that each |.| couples."""

    operator: sp.csr_array
    tau: Array
    sigma: Array
    hints: Array
    hint_weight: Array
    norms: tuple[int, ...]
    relaxation: float

    def iterate(self, x: Array, y: Array, n: int) -> tuple[Array, Array]:
        """n iterations from (x, y)."""
        for _ in range(n):
            moved = x - self.tau * (self.operator.T @ y)
            hinted = slice(0, len(self.hints))
            moved[hinted] = towards_hints(moved[hinted], self.hints, self.tau[hinted] * self.hint_weight)
            ascent = self.project(y + self.sigma * (self.operator @ (2 * moved - x)))
            x, y = x + self.relaxation * (moved - x), y + self.relaxation * (ascent - y)
        return x, y

    def project(self, y: Array) -> Array:
        """The proximal map of the conjugates: unit balls for the norms, then 1/2 |.|^2 for what is left."""
        pixels = len(self.hints) // 2
        parts, start = [], 0
        for planes in self.norms:
            end = start + planes * pixels
            parts.append(into_unit_ball(y[start:end], pixels))
            start = end
        return np.concatenate([*parts, y[start:] / (1 + self.sigma[start:])])


def sum_of_norms(y: Array, pixels: int) -> float:
    """Sum over pixels of the norm of all planes together."""
    return float(np.linalg.norm(y.reshape(-1, pixels), axis=0).sum())


def hint_energy(u, hints, hint_weight) -> float:
    """1/2 sum w |u - hint|^2 over the soft hints."""
    soft = np.where(np.isfinite(hint_weight), hint_weight, 0).astype(float)[:, None]
    return float(0.5 * (soft * (u.astype(float) - hints) ** 2).sum())


EDGES = [(0, 1), (1, 0), (1, 1), (1, -1)]
"""Rows and columns to the other end of each edge that is stored with a pixel."""


def ends_of_edges(k: int, shape: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where all edges of a kind begin and where they end."""
    rows, cols = shape
    down, along = EDGES[k]
    here = np.s_[: rows - down, max(0, -along) : cols - max(0, along)]
    there = np.s_[down:, max(0, along) : cols - max(0, -along)]
    return here, there


def graph_laplacian(edges: NDArray[np.floating]) -> sp.csr_array:
    """(L z)_i = sum_j w_ij (z_i - z_j) on one plane, from edges (rows, 2 or 4, cols)."""
    rows, channels, cols = edges.shape
    pixels = np.arange(rows * cols).reshape(rows, cols)
    laplacian = sp.csr_array((rows * cols, rows * cols))
    for k in range(channels):
        here, there = ends_of_edges(k, (rows, cols))
        count = pixels[here].size
        ends = np.concatenate([pixels[here].ravel(), pixels[there].ravel()])
        signs = np.repeat([1.0, -1.0], count)
        step = sp.csr_array((signs, (np.tile(np.arange(count), 2), ends)), shape=(count, rows * cols))
        laplacian = laplacian + step.T @ sp.diags_array(edges[:, k][here].ravel().astype(float)) @ step
    return laplacian.tocsr()


def mixed_operator(laplacian: sp.csr_array, first: float, beta: float) -> sp.csr_array:
    """L (first + beta D^-1 L)."""
    degree = laplacian.diagonal()
    inverse = sp.diags_array(np.divide(1, degree, out=np.zeros_like(degree), where=degree > 0))
    return (first * laplacian + beta * laplacian @ inverse @ laplacian).tocsr()


def soft_weights(hint_weight: NDArray[np.floating]) -> Array:
    """The weights of soft hints, of all pixels one after the other."""
    return np.where(np.isfinite(hint_weight), hint_weight, 0).ravel().astype(float)


def graph_operator(edges, hint_weight, first: float, beta: float) -> sp.csr_array:
    """A = L (first + beta D^-1 L) + soft hints on one plane."""
    soft = sp.diags_array(soft_weights(hint_weight))
    return (mixed_operator(graph_laplacian(edges), first, beta) + soft).tocsr()


def solve_graph(operator: sp.csr_array, hints, hint_weight) -> Array:
    """The exact u (rows, 2, cols) with A u = soft hints at all pixels without a hard hint, which are met."""
    free = np.flatnonzero(~np.isinf(hint_weight).ravel())
    planes = []
    for plane in hints.transpose(1, 0, 2).astype(float):
        z = plane.ravel().copy()
        z[free] = 0
        right_side = soft_weights(hint_weight) * plane.ravel() - operator @ z
        if free.size:
            z[free] = scipy.sparse.linalg.splu(operator[free][:, free].tocsc()).solve(right_side[free])
        planes.append(z.reshape(hint_weight.shape))
    return np.stack(planes, axis=1)


def graph_energy(edges, u, hints, hint_weight, first: float, beta: float) -> float:
    """1/2 u' L (first + beta D^-1 L) u of both channels, and the soft hints."""
    matrix = mixed_operator(graph_laplacian(edges), first, beta)
    planes = u.transpose(1, 0, 2).astype(float)
    smooth = sum(0.5 * plane.ravel() @ (matrix @ plane.ravel()) for plane in planes)
    return float(smooth + hint_energy(u, hints, hint_weight))


def heat_step(u, hints, hint_weight, time_step: float) -> Array:
    """One explicit Euler step, then the hints."""
    shape = hint_weight.shape
    dx, dy = along(shape, forward_difference)
    laplacian = sp.kron(sp.eye_array(2), -(dx.T @ dx + dy.T @ dy))
    flowed = vector(u) + time_step * (laplacian @ vector(u))
    pull = np.tile(time_step * hint_weight.ravel().astype(float), 2)
    return images(towards_hints(flowed, vector(hints), pull), shape, 2)[0]


def edge_stop(d: float, scale: float, power: float, floor: float) -> float:
    """1 / (1 + (d / scale)^power), at least `floor`."""
    return max(floor, 1 / (1 + (abs(d) / scale) ** power))


def lightness_gradient(lightness) -> tuple[Array, Array]:
    """Forward differences (x, y), zero over the border."""
    dx, dy = along(lightness.shape, forward_difference)
    flat = lightness.ravel().astype(float)
    return (dx @ flat).reshape(lightness.shape), (dy @ flat).reshape(lightness.shape)


def edge_weight(lightness, scale: float, power: float, floor: float) -> Array:
    """Scalar weights (rows, 1, cols)."""
    norm = np.hypot(*lightness_gradient(lightness))
    return np.vectorize(edge_stop)(norm, scale, power, floor)[:, None]


def edge_tensor(lightness, scale: float, power: float, floor: float) -> Array:
    """g n n' + m m' (rows, 3, cols), n along the gradient and m across it."""
    tensor = np.empty((lightness.shape[0], 3, lightness.shape[1]))
    dx, dy = lightness_gradient(lightness)
    for i, j in np.ndindex(lightness.shape):
        gradient = np.array([dx[i, j], dy[i, j]])
        norm = np.linalg.norm(gradient)
        n = gradient / norm if norm > 0 else np.array([1.0, 0.0])
        m = np.array([-n[1], n[0]])
        full = edge_stop(norm, scale, power, floor) * np.outer(n, n) + np.outer(m, m)
        tensor[i, :, j] = full[0, 0], full[0, 1], full[1, 1]
    return tensor


def kriging(features, sites, weights) -> Array:
    """Sum over sites of weights e^-|features - site|."""
    distance = np.linalg.norm(features[:, None].astype(float) - sites[:, :, None], axis=2)
    return np.einsum("inj,nc->icj", np.exp(-distance), weights.astype(float))


def graph_edges(lightness, scale: float, power: float, floor: float, neighbours: int) -> Array:
    """Weights (rows, 2 or 4, cols) of the edges to the right, down, down right and down left; 0 over the border."""
    edges = np.zeros((lightness.shape[0], neighbours // 2, lightness.shape[1]))
    for k in range(neighbours // 2):
        here, there = ends_of_edges(k, lightness.shape)
        steps = lightness[there].astype(float) - lightness[here]
        if steps.size:
            edges[:, k][here] = np.vectorize(edge_stop)(steps, scale, power, floor) / np.hypot(*EDGES[k])
    return edges


def levin_weights(gray) -> Array:
    """exp(-(Y_i - Y_j)^2 / c) with c from the variance of the 3x3 window, normalised to sum 1."""
    rows, cols = gray.shape
    w = np.zeros((rows, 8, cols))
    for i, j in np.ndindex(rows, cols):
        window = gray[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].astype(float)
        near = {
            k: float(gray[i + di, j + dj]) - float(gray[i, j])
            for k, (di, dj) in enumerate(OFFSETS)
            if 0 <= i + di < rows and 0 <= j + dj < cols
        }
        if near:
            c = max(0.6 * window.var(), min(d * d for d in near.values()) / -np.log(0.01), 2e-6)
            for k, d in near.items():
                w[i, k, j] = np.exp(-d * d / c)
            w[i, :, j] /= w[i, :, j].sum()
    return w


def matting_laplacian(gray, epsilon: float) -> Array:
    """Dense, eq. 5 of Levin, Lischinski and Weiss 2008 for a gray guide in 0..1, with windows cut at the border."""
    rows, cols = gray.shape
    numbers = np.arange(gray.size).reshape(rows, cols)
    laplacian = np.zeros((gray.size, gray.size))
    for i, j in np.ndindex(rows, cols):
        window = slice(max(i - 1, 0), i + 2), slice(max(j - 1, 0), j + 2)
        inside, values = numbers[window].ravel(), gray[window].ravel().astype(float)
        size, mean, variance = values.size, values.mean(), values.var()
        alike = (1 + np.outer(values - mean, values - mean) / (epsilon / size + variance)) / size
        laplacian[np.ix_(inside, inside)] += np.eye(size) - alike
    return laplacian


def levin_operator(w) -> sp.csr_array:
    """(rows, 8, cols) directed weights to the matrix of sum_j w_ij (u_i - u_j)."""
    rows, cols = w.shape[0], w.shape[2]
    matrix = sp.lil_array((rows * cols, rows * cols))
    for i, j in np.ndindex(rows, cols):
        for k, (di, dj) in enumerate(OFFSETS):
            if 0 <= i + di < rows and 0 <= j + dj < cols:
                matrix[i * cols + j, i * cols + j] += w[i, k, j]
                matrix[i * cols + j, (i + di) * cols + j + dj] -= w[i, k, j]
    return sp.csr_array(matrix)


def levin_apply(u, w) -> Array:
    """sum_j w_ij (u_i - u_j)."""
    operator = levin_operator(w)
    return np.stack([(operator @ u[:, c].ravel()).reshape(u[:, c].shape) for c in range(2)], axis=1)
