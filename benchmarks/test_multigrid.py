"""Exact propagation of strokes, cold: from gray and hints to a* and b*, weights and setup included, beside its rivals.

Ours stops as soon as the answer is within 0.1 Lab of the exact one, or at a relative residual of 1e-4. OpenCV's fast
global smoother (Min et al. 2014) solves another model, line by line: only its time counts. pyamg and SuperLU solve
ours, and get the matrix for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product

import backends
import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from photographs import Photograph, draw_points, draw_strokes
from scipy.sparse.linalg import splu

from pyvarcolor import Hints
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.kernels import BACKENDS, Kernels, load
from pyvarcolor.methods.base import to_state
from pyvarcolor.result import Progress
from pyvarcolor.solvers.iterate import Run, StopRule
from pyvarcolor.solvers.multigrid import Multigrid

Array = NDArray[np.floating]
Note = Callable[..., None]
Seconds = dict[tuple[str, str], float]

ROUNDS = 9
MOST = 100
NEAR = 0.1
"""Mean distance from the exact a*, b*"""
RESIDUAL = 1e-4
"""relative to the right-hand side, 2-norm over the free pixels, of the worse colour"""

HINTS = {
    "strokes": draw_strokes,
    "thin-strokes": partial(draw_strokes, length=0.025, radius=0.0017),
    "broad-strokes": partial(draw_strokes, length=0.095, radius=0.0105),
    "10-points": draw_points,
}
WEIGHTS = {"hard": (1.0, 3.0, 1e-4), "mild": (3.0, 3.0, 1e-3)}
"""scale, power and floor of `graph_edges`"""


@dataclass(frozen=True)
class Job:
    """What is given, and how near an answer is to the exact one."""

    name: str
    gray: NDArray[np.uint8]
    hints: Hints
    weights: tuple[float, float, float]
    neighbours: int
    engine: Kernels
    """finds the exact answer"""

    def solve(
        self,
        kernels: Kernels,
        rule: StopRule,
        dtype: type = np.float32,
        reached: Callable[[Array], bool] | None = None,
    ) -> tuple[Array, int]:
        """The whole job, until `reached` or as the rule says: u (H, 2, W), and the iterations it took."""
        solver = Multigrid(self.edges(kernels, dtype), kernels)
        hint_weight = np.where(self.hints.mask, dtype(np.inf), dtype(0))

        def look(progress: Progress) -> None:
            if reached(progress.chroma):
                raise StopIteration

        run = Run("graph", kernels, lambda u: u, look if reached else None)
        u, report = solver.minimise(to_state(self.hints.chroma.astype(dtype)), hint_weight, rule, run)
        return u, report.iterations

    def edges(self, kernels: Kernels, dtype: type) -> Array:
        rows, cols = self.gray.shape
        edges = np.empty((rows, self.neighbours // 2, cols), dtype)
        kernels.graph_edges(lightness_from_gray(self.gray).astype(dtype), *self.weights, edges)
        return edges

    @cached_property
    def exact(self) -> Array:
        """(H, 2, W) in float64, to the end."""
        return self.solve(self.engine, StopRule(300, 1, 1e-6), np.float64)[0]

    @cached_property
    def system(self) -> tuple[sp.csr_array, Array]:
        """Matrix and right-hand sides (n, 2) of the n free pixels."""
        edges = self.edges(self.engine, np.float64)
        pixel = np.arange(self.gray.size).reshape(self.gray.shape)
        ends = [(pixel[:, :-1], pixel[:, 1:]), (pixel[:-1], pixel[1:])]
        ends += [(pixel[:-1, :-1], pixel[1:, 1:]), (pixel[:-1, 1:], pixel[1:, :-1])]
        weights = [edges[:, 0, :-1], edges[:-1, 1]]
        weights += [edges[:-1, 2, :-1], edges[:-1, 3, 1:]] if self.neighbours == 8 else []
        i, j = (np.concatenate([pair[side].ravel() for pair in ends[: len(weights)]]) for side in (0, 1))
        w = np.concatenate([weight.ravel() for weight in weights])
        w = sp.coo_array((w, (i, j)), (pixel.size, pixel.size)).tocsr()
        w = w + w.T
        laplacian = (sp.diags_array(w.sum(axis=1)) - w).tocsr()
        hard = self.hints.mask.ravel()
        known = self.hints.chroma.reshape(-1, 2)[hard].astype(np.float64)
        return laplacian[~hard][:, ~hard], -(laplacian[~hard][:, hard] @ known)

    def error(self, u: Array) -> float:
        """Mean distance from the exact colour."""
        return float(np.sqrt(((u - self.exact) ** 2).sum(axis=1)).mean())

    def residual(self, u: Array) -> float:
        matrix, b = self.system
        left = b - matrix @ u.transpose(0, 2, 1)[~self.hints.mask].astype(np.float64)
        return float((np.linalg.norm(left, axis=0) / np.linalg.norm(b, axis=0)).max())

    def state(self, free: Array) -> Array:
        """u (H, 2, W) of the values (n, 2) of the free pixels."""
        chroma = self.hints.chroma.astype(np.float64)
        chroma[~self.hints.mask] = free
        return to_state(chroma)


GOALS = {
    "error": lambda job, u: job.error(u) < NEAR,
    "residual": lambda job, u: job.residual(u) < RESIDUAL,
}
JOBS = {" ".join((*kind, str(n))): (*kind, n) for *kind, n in product(HINTS, WEIGHTS, (4, 8))}


@pytest.fixture(scope="module", params=JOBS)
def job(request: pytest.FixtureRequest, photograph: Photograph, threads: int) -> Job:
    hints, weights, neighbours = JOBS[request.param]
    gray = np.rint(255 * photograph.gray).astype(np.uint8)
    return Job(request.param, gray, HINTS[hints](photograph), WEIGHTS[weights], neighbours, load(threads=threads))


@pytest.fixture(scope="module")
def ours() -> Seconds:
    """Seconds that the first backend took for a job and a goal in this run."""
    return {}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("goal", GOALS)
def test_ours(benchmark, report: Note, job: Job, ours: Seconds, threads: int, backend: str, goal: str) -> None:
    kernels = backends.load(backend, threads)
    _, n = job.solve(kernels, StopRule(MOST, 1, 0), reached=lambda u: GOALS[goal](job, u))
    benchmark.group = job.name
    u, _ = benchmark.pedantic(job.solve, (kernels, StopRule(n, n, 0)), rounds=ROUNDS, warmup_rounds=1)
    assert GOALS[goal](job, u)
    report(iterations=n, error=job.error(u), residual=job.residual(u))
    if benchmark.enabled:
        ours.setdefault((job.name, goal), benchmark.stats.stats.min)


def test_fast_global_smoother(benchmark, report: Note, job: Job, ours: Seconds, threads: int) -> None:
    cv2 = pytest.importorskip("cv2")
    cv2.setNumThreads(threads)

    def run() -> Array:
        planes = np.dstack([job.hints.chroma, job.hints.mask]).astype(np.float32)
        a, b, confidence = cv2.split(cv2.ximgproc.fastGlobalSmootherFilter(job.gray, planes, 500, 2))
        return np.stack([a, b], axis=1) / np.maximum(confidence, 1e-30)[:, None]

    benchmark.group = job.name
    u = benchmark.pedantic(run, rounds=ROUNDS, warmup_rounds=1)
    assert np.abs(u).max() < 1.01 * np.abs(job.hints.chroma).max()  # means of the hints
    report(distance_from_our_model=job.error(u))
    compare(benchmark, report, ours, job, "error")


@pytest.mark.slow
def test_pyamg(benchmark, report: Note, job: Job, ours: Seconds) -> None:
    pyamg = pytest.importorskip("pyamg")
    matrix, b = job.system

    def run() -> Array:
        solver = pyamg.ruge_stuben_solver(matrix)
        return job.state(np.stack([solver.solve(c, tol=RESIDUAL, accel="cg", maxiter=MOST) for c in b.T], axis=1))

    benchmark.group = job.name
    u = benchmark.pedantic(run, rounds=1)
    assert job.residual(u) < RESIDUAL
    report(error=job.error(u), residual=job.residual(u))
    compare(benchmark, report, ours, job, "residual")


@pytest.mark.slow
def test_superlu(benchmark, report: Note, job: Job, ours: Seconds) -> None:
    matrix, b = job.system
    symmetric = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0, "options": {"SymmetricMode": True}}
    benchmark.group = job.name
    u = benchmark.pedantic(lambda: job.state(splu(matrix.tocsc(), **symmetric).solve(b)), rounds=1)
    assert job.error(u) < 1e-3  # so what we call exact is
    report(error=job.error(u), residual=job.residual(u))
    compare(benchmark, report, ours, job, "error")


def compare(benchmark, report: Note, ours: Seconds, job: Job, goal: str) -> None:
    """Note how many times longer a rival takes than we do, where both have been measured in this run."""
    if (job.name, goal) in ours:
        report(times_ours=benchmark.stats.stats.min / ours[job.name, goal])
