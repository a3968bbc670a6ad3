"""Every kernel against the oracle in reference.py, and against the laws it must obey, on each backend."""

import platform
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference
from backends import load

from pyvarcolor.kernels import Kernels

SHAPES = [(1, 1), (1, 7), (7, 1), (2, 2), (3, 127), (13, 17)]
DTYPES = [np.float32, np.float64]
STOP = (5.0, 3.0, 0.05)
"""scale, power and floor of the edge weights"""
ALPHA0, ALPHA1, RELAXATION = 2.0, 1.3, 1.8

all_dtypes = pytest.mark.parametrize("dtype", DTYPES)
all_shapes = pytest.mark.parametrize("shape", SHAPES, ids=str)
all_weights = pytest.mark.parametrize("channels", [1, 3], ids=["scalar", "tensor"])
with_or_without_bilaplacian = pytest.mark.parametrize("bilaplacian", [False, True], ids=["tgv", "tgv+bilaplacian"])


def tolerance(dtype: type) -> float:
    """Rounding that sums of a few hundred terms of size 10 may show."""
    return 2e-4 if dtype == np.float32 else 1e-10


def assert_close(actual: Any, expected: Any, dtype: type) -> None:
    """Equal within rounding, measured by the largest expected value."""
    expected = np.asarray(expected, float)
    scale = max(1.0, np.abs(expected).max(initial=0))
    assert np.asarray(actual).shape == expected.shape
    assert np.abs(np.asarray(actual, float) - expected).max(initial=0) <= tolerance(dtype) * scale


@dataclass
class Problem:
    """A random photograph with hints, none, soft and hard ones, and states to start from."""

    shape: tuple[int, int]
    dtype: type
    channels: int = 1
    bilaplacian: bool = False
    seed: int = 60317

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def normal(self, channels: int, size: float = 1.0) -> np.ndarray:
        rows, cols = self.shape
        return (size * self.random.normal(size=(rows, channels, cols))).astype(self.dtype)

    def empty(self, channels: int) -> np.ndarray:
        rows, cols = self.shape
        return np.full((rows, channels, cols), np.nan, self.dtype)

    def uniform(self, *channels: int) -> np.ndarray:
        rows, cols = self.shape
        return self.random.uniform(0.05, 0.3, size=(rows, *channels, cols)).astype(self.dtype)

    @cached_property
    def lightness(self) -> np.ndarray:
        return self.random.uniform(0, 20, size=self.shape).astype(self.dtype)

    @cached_property
    def hint_weight(self) -> np.ndarray:
        kinds = self.random.integers(0, 3, size=self.shape)
        return np.choose(kinds, [0, self.random.uniform(0.1, 2, size=self.shape), np.inf]).astype(self.dtype)

    @cached_property
    def hints(self) -> np.ndarray:
        return np.where(self.hint_weight[:, None] > 0, self.normal(2, 10), 0).astype(self.dtype)

    @cached_property
    def u(self) -> np.ndarray:
        return np.where(np.isinf(self.hint_weight)[:, None], self.hints, self.normal(2, 10)).astype(self.dtype)

    @cached_property
    def g(self) -> np.ndarray:
        weight = reference.edge_weight if self.channels == 1 else reference.edge_tensor
        return weight(self.lightness, *STOP).astype(self.dtype)

    @cached_property
    def s(self) -> np.ndarray:
        return self.uniform() if self.bilaplacian else np.zeros((0, self.shape[1]), self.dtype)

    def dual_of_bilaplacian(self) -> np.ndarray:
        return self.normal(2)[: len(self.s)]

    def operator(self) -> Any:
        return reference.tgv_operator(self.g, self.s, ALPHA0, ALPHA1)


def plane(image: np.ndarray) -> np.ndarray:
    return image.ravel().astype(float)


# --- K of TGV and TV ---


@all_dtypes
@all_shapes
@all_weights
@with_or_without_bilaplacian
def test_forward_and_adjoint_are_the_matrix_and_its_transpose(
    kernels: Kernels, dtype: type, shape: tuple[int, int], channels: int, bilaplacian: bool
) -> None:
    problem = Problem(shape, dtype, channels, bilaplacian)
    matrix = problem.operator()

    u, v = problem.normal(2), problem.normal(4)
    p, q, r = problem.empty(4), problem.empty(6), problem.empty(2)[: len(problem.s)]
    kernels.tgv_forward(u, v, problem.g, problem.s, ALPHA0, ALPHA1, p, q, r)
    assert_close(reference.vector(p, q, r), matrix @ reference.vector(u, v), dtype)

    y = problem.normal(4), problem.normal(6), problem.dual_of_bilaplacian()
    adjoint_u, adjoint_v = problem.empty(2), problem.empty(4)
    kernels.tgv_adjoint(*y, problem.g, problem.s, ALPHA0, ALPHA1, adjoint_u, adjoint_v)
    assert_close(reference.vector(adjoint_u, adjoint_v), matrix.T @ reference.vector(*y), dtype)

    forward = reference.vector(p, q, r) @ reference.vector(*y)
    adjoint = reference.vector(u, v) @ reference.vector(adjoint_u, adjoint_v)
    assert_close(forward, adjoint, dtype)


@all_weights
@with_or_without_bilaplacian
def test_affine_chroma_costs_nothing(kernels: Kernels, channels: int, bilaplacian: bool) -> None:
    """Except for the bilaplacian, whose edge weights bend even a plane; a constant costs nothing at all."""
    problem = Problem((13, 17), np.float64, channels, bilaplacian)
    no_hints = np.zeros(problem.shape)
    rows, cols = np.mgrid[:13, :17].astype(float)
    u = np.stack([1.5 * rows - 0.25 * cols + 3, 0.75 * cols + 7], axis=1)
    v = np.stack([np.full((13, 17), slope) for slope in (-0.25, 1.5, 0.75, 0.0)], axis=1)
    bending = 0.5 * ((problem.operator() @ reference.vector(u, v))[10 * no_hints.size :] ** 2).sum()
    cost = [problem.g, problem.s, problem.hints, no_hints, ALPHA0, ALPHA1]
    assert kernels.tgv_energy(u, v, *cost) == pytest.approx(bending, abs=1e-12)
    assert (bending > 1) == bilaplacian
    assert kernels.tgv_energy(np.ones_like(u), np.zeros_like(v), *cost) == 0


def test_symmetrised_gradient_ignores_rotations(kernels: Kernels) -> None:
    """v = (-y, x) turns the plane without bending it: E v = 0 where both of its differences exist."""
    problem = Problem((9, 11), np.float64)
    rows, cols = np.mgrid[:9, :11].astype(float)
    v = np.stack([-rows, cols, 2 * rows, -2 * cols], axis=1)
    p, q = problem.empty(4), problem.empty(6)
    kernels.tgv_forward(problem.normal(2), v, problem.g, problem.s, 1.0, 1.0, p, q, problem.s[:, None].repeat(2, 1))
    assert np.abs(q[1:, :, 1:]).max() == 0
    assert np.abs(q[0]).max() > 0


# --- the primal-dual iterations ---


def run_tgv(kernels: Kernels, problem: Problem, n: int) -> tuple[tuple[np.ndarray, ...], tuple[Any, ...]]:
    """The state after n iterations, and its start with the steps tau and sigma."""
    start = (
        problem.u,
        problem.normal(4),
        problem.normal(4, 0.3),
        problem.normal(6, 0.3),
        problem.dual_of_bilaplacian(),
    )
    steps = problem.uniform(2), problem.uniform(3)
    state = tuple(part.copy() for part in start)
    kernels.tgv_iterate(
        *state,
        problem.g,
        problem.s,
        problem.hints,
        problem.hint_weight,
        *steps,
        ALPHA0,
        ALPHA1,
        RELAXATION,
        n,
    )
    return state, (start, *steps)


def run_tgv_reference(problem: Problem, start: tuple[np.ndarray, ...], tau, sigma, n: int) -> list[np.ndarray]:
    """The same by the oracle."""
    tau, sigma = tau.astype(float), sigma.astype(float)
    steps_primal = [plane(tau[:, k]) for k in (0, 0, 1, 1, 1, 1)]
    steps_dual = [plane(sigma[:, k]) for k in [0] * 4 + [1] * 6 + ([2] * 2 if problem.bilaplacian else [])]
    iteration = reference.PrimalDual(
        problem.operator(),
        np.concatenate(steps_primal),
        np.concatenate(steps_dual),
        reference.vector(problem.hints),
        np.tile(plane(problem.hint_weight), 2),
        (4, 6),
        RELAXATION,
    )
    x, y = iteration.iterate(reference.vector(*start[:2]), reference.vector(*start[2:]), n)
    dual = (4, 6, 2) if problem.bilaplacian else (4, 6)
    return reference.images(x, problem.shape, 2, 4) + reference.images(y, problem.shape, *dual)


@pytest.mark.parametrize("n", [1, 2, 9, 33])
@pytest.mark.parametrize("threads", [1, 2, 5])
@all_weights
@with_or_without_bilaplacian
def test_tgv_iterations_are_those_of_the_reference(
    backend: str, n: int, threads: int, channels: int, bilaplacian: bool
) -> None:
    """More iterations and threads than the C++ wavefront is deep."""
    problem = Problem((13, 17), np.float64, channels, bilaplacian)
    state, start = run_tgv(load(backend, threads), problem, n)
    for part, expected in zip(state, run_tgv_reference(problem, *start, n), strict=False):
        assert_close(part, expected, np.float64)


@all_dtypes
@all_shapes
@with_or_without_bilaplacian
def test_tgv_iterations_on_awkward_shapes(
    kernels: Kernels, dtype: type, shape: tuple[int, int], bilaplacian: bool
) -> None:
    problem = Problem(shape, dtype, 3, bilaplacian)
    state, start = run_tgv(kernels, problem, 9)
    for part, expected in zip(state, run_tgv_reference(problem, *start, 9), strict=False):
        assert_close(part, expected, dtype)


def run_tv(kernels: Kernels, problem: Problem, n: int) -> tuple[tuple[np.ndarray, ...], tuple[Any, ...]]:
    """The state after n iterations, and its start with the steps tau and sigma."""
    start = problem.u, problem.normal(4, 0.3)
    steps = problem.uniform(), problem.uniform()
    state = tuple(part.copy() for part in start)
    kernels.tv_iterate(*state, problem.g, problem.hints, problem.hint_weight, *steps, ALPHA1, RELAXATION, n)
    return state, (start, *steps)


@all_dtypes
@all_shapes
@all_weights
@pytest.mark.parametrize("n", [1, 33])
def test_tv_iterations_are_those_of_the_reference(
    kernels: Kernels, dtype: type, shape: tuple[int, int], channels: int, n: int
) -> None:
    problem = Problem(shape, dtype, channels)
    (u, p), (start, tau, sigma) = run_tv(kernels, problem, n)
    iteration = reference.PrimalDual(
        reference.tv_operator(problem.g, ALPHA1),
        np.tile(plane(tau), 2),
        np.tile(plane(sigma), 4),
        reference.vector(problem.hints),
        np.tile(plane(problem.hint_weight), 2),
        (4,),
        RELAXATION,
    )
    x, y = iteration.iterate(reference.vector(start[0]), reference.vector(start[1]), n)
    assert_close(reference.vector(u), x, dtype)
    assert_close(reference.vector(p), y, dtype)


def test_dual_steps_obey_moreau(kernels: Kernels) -> None:
    """y + sigma K x splits into its projection and the proximal map of the norm itself, unrelaxed."""
    problem = Problem((13, 17), np.float64)
    u, p = problem.u.copy(), problem.normal(4)
    before, no_hints, sigma = p.copy(), np.zeros(problem.shape), problem.uniform()
    kernels.tv_iterate(u, p, problem.g, problem.hints, no_hints, np.zeros_like(sigma), sigma, ALPHA1, 1.0, 1)
    image = reference.tv_operator(problem.g, ALPHA1) @ reference.vector(problem.u)
    ascent = reference.images(reference.vector(before) + np.tile(plane(sigma), 4) * image, problem.shape, 4)[0]
    norm = np.linalg.norm(ascent, axis=1, keepdims=True)
    shrunk = ascent / norm * np.maximum(norm - 1, 0)
    assert np.abs(shrunk).max() > 0
    assert_close(p + shrunk, ascent, np.float64)


@pytest.mark.parametrize("run", [run_tv, run_tgv])
@all_dtypes
def test_hard_hints_never_move(kernels: Kernels, run: Any, dtype: type) -> None:
    problem = Problem((13, 17), dtype)
    state, _ = run(kernels, problem, 50)
    hard = np.isinf(problem.hint_weight)
    assert hard.any()
    np.testing.assert_array_equal(state[0][:, 0][hard], problem.hints[:, 0][hard])
    np.testing.assert_array_equal(state[0][:, 1][hard], problem.hints[:, 1][hard])
    assert all(np.isfinite(part).all() for part in state)


# --- energies ---


@all_dtypes
@all_shapes
@all_weights
@with_or_without_bilaplacian
def test_tgv_energy(kernels: Kernels, dtype: type, shape: tuple[int, int], channels: int, bilaplacian: bool) -> None:
    problem = Problem(shape, dtype, channels, bilaplacian)
    u, v = problem.normal(2, 10), problem.normal(4)
    energy = kernels.tgv_energy(u, v, problem.g, problem.s, problem.hints, problem.hint_weight, ALPHA0, ALPHA1)
    p, q, r = np.split(problem.operator() @ reference.vector(u, v), [4 * u[:, 0].size, 10 * u[:, 0].size])
    expected = reference.sum_of_norms(p, u[:, 0].size) + reference.sum_of_norms(q, u[:, 0].size) + 0.5 * r @ r
    assert_close(energy, expected + reference.hint_energy(u, problem.hints, problem.hint_weight), dtype)


@all_dtypes
@all_shapes
@all_weights
def test_tv_energy(kernels: Kernels, dtype: type, shape: tuple[int, int], channels: int) -> None:
    problem = Problem(shape, dtype, channels)
    u = problem.normal(2, 10)
    energy = kernels.tv_energy(u, problem.g, problem.hints, problem.hint_weight, ALPHA1)
    expected = reference.sum_of_norms(reference.tv_operator(problem.g, ALPHA1) @ reference.vector(u), u[:, 0].size)
    assert_close(energy, expected + reference.hint_energy(u, problem.hints, problem.hint_weight), dtype)


# --- heat ---


@all_dtypes
@all_shapes
@pytest.mark.parametrize("n", [1, 2, 5])
def test_heat_steps(kernels: Kernels, dtype: type, shape: tuple[int, int], n: int) -> None:
    problem = Problem(shape, dtype)
    u = problem.normal(2, 10)
    expected = u.astype(float)
    for _ in range(n):
        expected = reference.heat_step(expected, problem.hints.astype(float), problem.hint_weight, 0.2)
    kernels.heat_iterate(u, problem.empty(2), problem.hints, problem.hint_weight, 0.2, n)
    assert_close(u, expected, dtype)


# --- weights and change ---


@all_dtypes
@all_shapes
@pytest.mark.parametrize(("name", "channels"), [("edge_weight", 1), ("edge_tensor", 3)])
def test_weights_of_lightness(kernels: Kernels, dtype: type, shape: tuple[int, int], name: str, channels: int) -> None:
    problem = Problem(shape, dtype)
    lightness = np.where(problem.lightness < 5, 0, problem.lightness).astype(dtype)  # flat parts too
    weights = problem.empty(channels)
    getattr(kernels, name)(lightness, *STOP, weights)
    assert_close(weights, getattr(reference, name)(lightness, *STOP), dtype)
    if name == "edge_weight":
        assert weights.min() >= dtype(STOP[2])
        assert weights.max() <= 1


@all_dtypes
@all_shapes
@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize("stop", [STOP, (3.0, 1.0, 0.2), (5.0, 2.5, 1e-3), (2.0, 9.0, 1e-4)], ids=str)
def test_edges_of_the_graph(
    kernels: Kernels, dtype: type, shape: tuple[int, int], neighbours: int, stop: tuple[float, float, float]
) -> None:
    """For whole and other powers, few and many; floors are reached, and nothing reaches over the border."""
    problem = Problem(shape, dtype)
    edges = problem.empty(neighbours // 2)
    kernels.graph_edges(problem.lightness, *stop, edges)
    assert_close(edges, reference.graph_edges(problem.lightness, *stop, neighbours), dtype)
    assert not edges[:, 0, -1].any()
    assert not edges[-1, 1:].any()
    if neighbours == 8:
        assert not edges[:, 2, -1].any()
        assert not edges[:, 3, 0].any()


@all_dtypes
@all_shapes
def test_levin_apply(kernels: Kernels, dtype: type, shape: tuple[int, int]) -> None:
    problem = Problem(shape, dtype)
    u, w, out = problem.normal(2, 10), reference.levin_weights(problem.lightness / 20).astype(dtype), problem.empty(2)
    kernels.levin_apply(u, w, out)
    assert_close(out, reference.levin_apply(u, w), dtype)
    kernels.levin_apply(np.ones_like(u), w, out)
    assert not out.any()


@all_dtypes
@all_shapes
def test_levin_weights(kernels: Kernels, dtype: type, shape: tuple[int, int]) -> None:
    """They sum to 1 even beside a lone speck, whose neighbours are all equally unlike."""
    problem = Problem(shape, dtype)
    gray = (problem.lightness / 20).astype(dtype)
    gray[shape[0] // 2] = 0.5
    gray[shape[0] // 2, shape[1] // 2] = 1
    w = problem.empty(8)
    kernels.levin_weights(gray, w)
    assert_close(w, reference.levin_weights(gray), dtype)
    if shape != (1, 1):
        assert_close(w.sum(axis=1), np.ones(shape), dtype)


@all_dtypes
@all_shapes
def test_mean_change(kernels: Kernels, dtype: type, shape: tuple[int, int]) -> None:
    problem = Problem(shape, dtype)
    u, previous = problem.normal(2), problem.normal(2)
    distance = np.linalg.norm(u.astype(float) - previous, axis=1).mean()
    assert_close(kernels.mean_change(u, previous), distance, dtype)
    np.testing.assert_array_equal(previous, u)
    assert kernels.mean_change(u, previous) == 0


@all_dtypes
@all_shapes
@pytest.mark.parametrize(("channels", "sites"), [(1, 1), (5, 3)])
def test_kriging_add(kernels: Kernels, dtype: type, shape: tuple[int, int], channels: int, sites: int) -> None:
    """Near sites, far ones, and one so far that nothing is left of it."""
    problem = Problem(shape, dtype)
    features, u = problem.normal(channels), problem.normal(2)
    at = np.random.default_rng(70951).normal(size=(sites, channels)).astype(dtype)
    at[-1] *= 1e3
    at[0] = features[0, :, 0]
    weights = at[:, [0, -1]] * 2
    expected = u + reference.kriging(features, at, weights)
    kernels.kriging_add(features, at, np.ascontiguousarray(weights), u)
    np.testing.assert_allclose(u, expected, rtol=1e-7 if dtype == np.float64 else 1e-5, atol=1e-5)


# --- backends, threads, dtypes ---


def test_two_python_threads_may_call_at_once(backend: str) -> None:
    """Numba's simplest threading layer would abort the process."""
    from concurrent.futures import ThreadPoolExecutor

    def work(_: int) -> np.ndarray:
        return run_tgv(load(backend), Problem((31, 29), np.float32), 30)[0][0]

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(work, range(6)))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


V3 = {"avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"}
V4 = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


@pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() != "x86_64", reason="clones are Linux x86-64 only"
)
def test_the_clone_that_runs_is_the_best_the_processor_has() -> None:
    level = load("cpp").simd_level()
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    flags = set(next(line for line in lines if line.startswith("flags")).split(":")[1].split())
    best = "x86-64-v4" if flags >= V3 | V4 else "x86-64-v3" if flags >= V3 else "baseline"
    assert level == best


def test_numba_names_the_processor() -> None:
    level = load("numba").simd_level()
    assert level.startswith("llvm:")
    assert len(level) > len("llvm:")
