"""Quadratic propagation by multigrid against exact solutions and laws, on each backend."""

from dataclasses import dataclass

import numpy as np
import pytest
import reference
from backends import load

from pyvarcolor.kernels import Kernels

SHAPES = [(1, 1), (1, 2), (1, 17), (17, 1), (2, 2), (3, 5), (8, 8), (13, 17), (20, 31)]

all_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
all_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
all_neighbours = pytest.mark.parametrize("neighbours", [4, 8])
with_or_without_bilaplacian = pytest.mark.parametrize("beta", [0.0, 3.0])


def accuracy(dtype: type) -> float:
    """How near to the exact solution rounding lets one come, for chroma of size 40."""
    return 5e-3 if dtype == np.float32 else 1e-8


@dataclass
class Graph:
    """Random edges with jumps, and a few hints of the kinds asked for."""

    shape: tuple[int, int]
    dtype: type = np.float64
    neighbours: int = 4
    beta: float = 0.0
    kinds: frozenset[str] = frozenset({"hard", "soft"})
    seed: int = 41873

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        self.join(random.uniform(0, 10, self.shape) + 40 * (np.indices(self.shape).sum(axis=0) % 11 > 5), 4.0)
        self.hint_weight = np.zeros(self.shape, self.dtype)
        for kind, weight in [("soft", 2.0), ("hard", np.inf)]:
            if kind in self.kinds:
                self.hint_weight[random.random(self.shape) < 0.05] = weight
                self.hint_weight.flat[random.integers(self.hint_weight.size)] = weight
        colours = random.uniform(-40, 40, (self.shape[0], 2, self.shape[1]))
        self.hints = np.where(self.hint_weight[:, None] > 0, colours, 0).astype(self.dtype)

    def join(self, lightness: np.ndarray, scale: float, floor: float = 1e-3) -> None:
        """The edges of a picture."""
        self.edges = reference.graph_edges(lightness, scale, 3.0, floor, self.neighbours).astype(self.dtype)

    @property
    def operator(self):
        return reference.graph_operator(self.edges, self.hint_weight, 1.0, self.beta)

    def exact(self) -> np.ndarray:
        return reference.solve_graph(self.operator, self.hints, self.hint_weight)

    def energy(self, u: np.ndarray) -> float:
        return reference.graph_energy(self.edges, u, self.hints, self.hint_weight, 1.0, self.beta)

    def start(self) -> np.ndarray:
        """Zero, and the hard hints."""
        return np.where(np.isinf(self.hint_weight)[:, None], self.hints, 0)


class Multigrid:
    """The kernels with a workspace of their own."""

    def __init__(self, kernels: Kernels, graph: Graph) -> None:
        rows, channels, cols = graph.edges.shape
        self.kernels, self.beta = kernels, graph.beta
        numbers = kernels.multigrid_size(rows, cols, 2 * channels, graph.beta > 0)
        self.workspace = np.zeros((1, numbers), graph.dtype)
        self.progress = np.full((1, 4), np.nan)
        kernels.multigrid_weights(graph.edges, self.workspace)

    def start(self, graph: Graph, u: np.ndarray | None = None) -> np.ndarray:
        """Prepares for the hints and does the first step from u, or from zero."""
        u = np.zeros_like(graph.hints) if u is None else u.copy()
        self.kernels.multigrid_setup(graph.hint_weight, self.workspace)
        more = self.workspace, self.progress
        self.kernels.multigrid_start(u, graph.hints, graph.hint_weight, 1.0, self.beta, *more)
        return u

    def iterate(self, u: np.ndarray, n: int) -> None:
        """n iterations in place."""
        self.kernels.multigrid_cg(u, 1.0, self.beta, self.workspace, self.progress, n)

    def solve(self, graph: Graph, n: int, u: np.ndarray | None = None) -> np.ndarray:
        """u after a start and n iterations."""
        u = self.start(graph, u)
        self.iterate(u, n)
        return u

    def cycle(self, r: np.ndarray) -> np.ndarray:
        """One W-cycle."""
        z = np.full_like(r, np.nan)
        self.kernels.multigrid_cycle(r, self.workspace, z)
        return z

    @property
    def energy(self) -> float:
        return float(self.progress[0, 2])

    @property
    def path(self) -> float:
        return float(self.progress[0, 3])


def mean_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of pixels in the plane of a and b."""
    return float(np.linalg.norm(a.astype(float) - b, axis=1).mean())


# --- the solution ---


@all_dtypes
@all_shapes
@all_neighbours
@with_or_without_bilaplacian
@pytest.mark.parametrize("kinds", [("hard",), ("soft",), ("hard", "soft")], ids="+".join)
def test_the_solution_is_exact(
    kernels: Kernels, dtype: type, shape: tuple[int, int], neighbours: int, beta: float, kinds: tuple[str, ...]
) -> None:
    graph = Graph(shape, dtype, neighbours, beta, frozenset(kinds))
    multigrid = Multigrid(kernels, graph)
    u = multigrid.solve(graph, 60 if beta else 25)
    assert np.abs(u - graph.exact()).max() < accuracy(dtype)
    hard = np.isinf(graph.hint_weight)[:, None].repeat(2, axis=1)
    np.testing.assert_array_equal(u[hard], graph.hints[hard])
    rounding = (1e-5 if dtype == np.float32 else 1e-13) * (1 + graph.energy(graph.start()))
    assert multigrid.energy == pytest.approx(graph.energy(u), abs=rounding)


@all_neighbours
@with_or_without_bilaplacian
def test_energy_and_path_tell_of_the_state(kernels: Kernels, neighbours: int, beta: float) -> None:
    """The energy falls with every step and is that of u; the path is the sum of the mean moves."""
    graph = Graph((20, 31), np.float64, neighbours, beta)
    multigrid = Multigrid(kernels, graph)
    energy, before, path = graph.energy(graph.start()), graph.start(), 0.0
    for n in range(5):
        if n == 0:
            u = multigrid.start(graph)
        else:
            multigrid.iterate(u, 1)
        assert multigrid.energy == pytest.approx(graph.energy(u), rel=1e-9)
        assert multigrid.energy < energy
        path += mean_distance(u, before)
        assert multigrid.path == pytest.approx(path, rel=1e-9)
        energy, before = multigrid.energy, u.copy()
    assert path > 1


@with_or_without_bilaplacian
def test_iterations_may_be_split_between_calls(kernels: Kernels, beta: float) -> None:
    graph = Graph((20, 31), np.float32, 8, beta)
    one, many = Multigrid(kernels, graph), Multigrid(kernels, graph)
    u = many.start(graph)
    for n in (1, 0, 3, 2):
        many.iterate(u, n)
    np.testing.assert_array_equal(u, one.solve(graph, 6))
    np.testing.assert_array_equal(many.progress, one.progress)


@with_or_without_bilaplacian
def test_a_solution_stays(kernels: Kernels, beta: float) -> None:
    graph = Graph((20, 31), np.float64, 8, beta)
    exact = graph.exact()
    multigrid = Multigrid(kernels, graph)
    u = multigrid.solve(graph, 5, exact)
    assert np.abs(u - exact).max() < 1e-9
    assert multigrid.path < 1e-9
    assert multigrid.energy == pytest.approx(graph.energy(exact), rel=1e-12)


@all_dtypes
@with_or_without_bilaplacian
def test_a_workspace_may_be_used_again(kernels: Kernels, dtype: type, beta: float) -> None:
    """What other hints have left in it is forgotten, to the last bit."""
    graph, other = (Graph((20, 31), dtype, 8, beta, seed=seed) for seed in (41873, 70529))
    used, fresh = Multigrid(kernels, graph), Multigrid(kernels, graph)
    used.solve(other, 4)
    np.testing.assert_array_equal(used.solve(graph, 4), fresh.solve(graph, 4))
    np.testing.assert_array_equal(used.progress, fresh.progress)


@all_neighbours
@with_or_without_bilaplacian
def test_lonely_pixels(kernels: Kernels, neighbours: int, beta: float) -> None:
    """A pixel without neighbours takes its hint, hard or soft; without one it keeps its colour, as all do then."""
    graph = Graph((9, 12), np.float64, neighbours, beta)
    lonely = [(0, 0), (3, 4), (4, 7), (8, 11), (5, 2)]
    ties = reference.graph_laplacian(graph.edges)
    for k, (down, along) in enumerate(reference.EDGES[: neighbours // 2]):
        for i, j in lonely:
            graph.edges[i, k, j] = 0
            if i >= down and 0 <= j - along < 12:
                graph.edges[i - down, k, j - along] = 0
    assert abs(ties - reference.graph_laplacian(graph.edges)).max() > 0
    for (i, j), weight in zip(lonely, [0, np.inf, 2, 0.1, 0], strict=True):
        graph.hint_weight[i, j], graph.hints[i, :, j] = weight, 17
    start = np.full_like(graph.hints, 5)
    u = Multigrid(kernels, graph).solve(graph, 40, start)
    for (i, j), colour in zip(lonely, [5, 17, 17, 17, 5], strict=True):
        assert u[i, :, j] == pytest.approx(colour, abs=1e-9)

    graph.hint_weight[:] = 0
    np.testing.assert_array_equal(Multigrid(kernels, graph).solve(graph, 3, start), start)


# --- the cycle ---


def matrix_of(multigrid: Multigrid, shape: tuple[int, int]) -> np.ndarray:
    """The cycle as a matrix; two columns a call, for the channels do not see each other."""
    pixels = shape[0] * shape[1]
    columns = []
    for units in np.eye(pixels + pixels % 2)[:, :pixels].reshape(-1, 2, pixels):
        z = multigrid.cycle(units.reshape(2, *shape).transpose(1, 0, 2).copy())
        columns += [z[:, 0].ravel(), z[:, 1].ravel()]
    return np.stack(columns[:pixels], axis=1)


@all_neighbours
@pytest.mark.parametrize("shape", [(4, 4), (5, 7), (8, 9), (2, 11)], ids=str)
def test_the_cycle_is_symmetric_and_never_goes_too_far(
    kernels: Kernels, neighbours: int, shape: tuple[int, int]
) -> None:
    """With P* A P on coarse levels and relaxation mirrored, the eigenvalues of V A lie in (0, 1]."""
    graph = Graph(shape, np.float64, neighbours)
    multigrid = Multigrid(kernels, graph)
    multigrid.start(graph)
    v = matrix_of(multigrid, shape)
    assert np.abs(v - v.T).max() < 1e-12 * np.abs(v).max()
    hard = np.isinf(graph.hint_weight).ravel()
    assert not v[hard].any()
    free = np.flatnonzero(~hard)
    root = np.linalg.cholesky(graph.operator.toarray()[np.ix_(free, free)])
    eigenvalues = np.linalg.eigvalsh(root.T @ v[np.ix_(free, free)] @ root)
    assert eigenvalues.max() < 1 + 1e-9
    assert eigenvalues.min() > 0.25


@all_neighbours
@pytest.mark.parametrize("shape", [(1, 2), (1, 16), (1, 37), (23, 1)], ids=str)
def test_the_cycle_solves_a_line_exactly(kernels: Kernels, neighbours: int, shape: tuple[int, int]) -> None:
    graph = Graph(shape, np.float64, neighbours)
    multigrid = Multigrid(kernels, graph)
    u = multigrid.start(graph)
    assert np.abs(u - graph.exact()).max() < 1e-9
    r = np.random.default_rng(90107).normal(size=graph.hints.shape)
    z, free = multigrid.cycle(r), ~np.isinf(graph.hint_weight).ravel()
    for c in range(2):
        assert (graph.operator @ z[:, c].ravel())[free] == pytest.approx(r[:, c].ravel()[free], abs=1e-9)


@pytest.mark.parametrize("pixel", [(0, 0), (0, 3), (4, 6), (3, 2), (3, 5)], ids=str)
def test_one_free_pixel_is_solved_at_once(kernels: Kernels, pixel: tuple[int, int]) -> None:
    """Be it a coarse one, on a line between coarse ones, or in the middle of four."""
    graph = Graph((5, 7), np.float64, 8)
    graph.hint_weight[:] = np.inf
    graph.hint_weight[pixel] = 0.5
    graph.hints[:] = np.random.default_rng(31013).normal(size=graph.hints.shape)
    u = Multigrid(kernels, graph).start(graph)
    np.testing.assert_allclose(u, graph.exact(), atol=1e-12)


# --- how many iterations it takes ---


def photograph(shape: tuple[int, int]) -> np.ndarray:
    """Lightness with what is hard in photographs: thin lines, edges three pixels wide, upright and slanted, grain."""
    rows, cols = np.indices(shape)
    lightness = 40 + 12 * np.clip((rows - cols) / 3, -0.5, 0.5)
    for across, lines, edges in [
        (cols, (11, 61, 79, 117, 151), (21, 47, 93, 131)),
        (rows, (15, 51, 95, 131), (33, 71, 115)),
    ]:
        lightness += 12 * np.isin(across, lines)
        for k, edge in enumerate(edges):
            lightness += (-1) ** k * np.clip(6 * (across - edge + 1), 0, 12)
    return lightness + np.random.default_rng(52361).normal(0, 0.6, shape)


def painted(shape: tuple[int, int], neighbours: int, beta: float) -> Graph:
    """The photograph with short strokes."""
    graph = Graph(shape, np.float32, neighbours, beta)
    graph.join(photograph(shape), 1.0)
    random = np.random.default_rng(11287)
    graph.hint_weight[:], graph.hints[:] = 0, 0
    for _ in range(25):
        i, j = random.integers(shape[0]), random.integers(shape[1] - 12)
        graph.hint_weight[i, j : j + 12] = np.inf
        graph.hints[i, :, j : j + 12] = random.uniform(-40, 40, (2, 1))
    return graph


@pytest.mark.parametrize(("neighbours", "beta", "budget"), [(4, 0.0, 15), (8, 0.0, 21), (4, 3.0, 27), (8, 3.0, 36)])
def test_few_iterations_do_for_a_hard_photograph(kernels: Kernels, neighbours: int, beta: float, budget: int) -> None:
    """Solving only three pixels of a line for the shares would take twice as many with four neighbours."""
    graph = painted((151, 170), neighbours, beta)
    exact = graph.exact()
    assert mean_distance(graph.start(), exact) > 10
    multigrid = Multigrid(kernels, graph)
    u = multigrid.start(graph)
    errors = [mean_distance(u, exact)]
    while errors[-1] > 0.1 and len(errors) < 60:
        multigrid.iterate(u, 1)
        errors.append(mean_distance(u, exact))
    assert len(errors) - 1 <= budget, errors


BAD_CASES = {
    "constant": (40, 50),
    "checkerboard": (40, 50),
    "one hint": (40, 50),
    "hints everywhere": (40, 50),
    "soft hints everywhere": (40, 50),
    "prime sizes": (53, 59),
    "tiny": (3, 5),
    "row": (1, 3001),
    "column": (3001, 1),
    "strip": (3, 20000),
}
"""Shapes of pictures that have broken solvers."""


@pytest.mark.parametrize("case", BAD_CASES)
@all_neighbours
@with_or_without_bilaplacian
def test_bad_cases(kernels: Kernels, case: str, neighbours: int, beta: float) -> None:
    graph = Graph(BAD_CASES[case], np.float64, neighbours, beta)
    if case == "constant":
        graph.join(np.full(graph.shape, 50.0), 1.0)
    if case == "checkerboard":
        graph.join(100.0 * (np.indices(graph.shape).sum(axis=0) % 2), 1.0, 1e-4)
    if case == "one hint":
        graph.hint_weight[:] = 0
        graph.hint_weight[17, 22] = np.inf
    if "everywhere" in case:
        graph.hint_weight[:] = 2 if "soft" in case else np.inf
        graph.hints[:] = np.random.default_rng(66601).uniform(-40, 40, graph.hints.shape)
    multigrid = Multigrid(kernels, graph)
    u = multigrid.solve(graph, 60 if beta else 25)
    assert mean_distance(u, graph.exact()) < 0.03


@all_neighbours
def test_contrast_of_a_million(kernels: Kernels, neighbours: int) -> None:
    """Weights of pixels side by side from 1e-6 to 1."""
    graph = Graph((37, 41), np.float64, neighbours)
    graph.edges *= 10 ** np.random.default_rng(24851).uniform(-6, 0, graph.edges.shape)
    u = Multigrid(kernels, graph).solve(graph, 60)
    assert mean_distance(u, graph.exact()) < 0.03


# --- backends and threads ---


@all_dtypes
@all_neighbours
@with_or_without_bilaplacian
@pytest.mark.parametrize("n", [0, 1, 5])
def test_backends_agree(both: tuple[Kernels, Kernels], dtype: type, neighbours: int, beta: float, n: int) -> None:
    """After each number of iterations, not only at the end."""
    graph = Graph((53, 38), dtype, neighbours, beta)
    cpp, numba = (Multigrid(kernels, graph) for kernels in both)
    expected, u = (multigrid.solve(graph, n) for multigrid in (cpp, numba))
    rounding = 1e-3 if dtype == np.float32 else 1e-11
    np.testing.assert_allclose(u, expected, rtol=0, atol=rounding)
    np.testing.assert_allclose(numba.progress[0, 2:], cpp.progress[0, 2:], rtol=rounding)
    r = np.where(np.isinf(graph.hint_weight)[:, None], 0, graph.hints + 1).astype(dtype)
    z = cpp.cycle(r)
    np.testing.assert_allclose(numba.cycle(r), z, rtol=0, atol=rounding * np.abs(z).max())


@all_neighbours
@with_or_without_bilaplacian
def test_any_number_of_threads_gives_the_same_bits(backend: str, neighbours: int, beta: float) -> None:
    """Of a picture that is large enough for a team of five."""
    graph = Graph((307, 311), np.float32, neighbours, beta)
    one = Multigrid(load(backend, 1), graph)
    expected = one.solve(graph, 1)
    for threads in (2, 5):
        many = Multigrid(load(backend, threads), graph)
        np.testing.assert_array_equal(many.solve(graph, 1), expected)
        np.testing.assert_array_equal(many.progress, one.progress)
