"""Algorithms for TGV on the hard photograph: time to a mean error of 2, 1 and 0.5 Lab, as a Markdown table.

    python benchmarks/tgv_algorithms.py --shrink 6 --beta 100 --seconds 60
    python benchmarks/tgv_algorithms.py --shrink 1 --reference 30000 --seconds 240

All start from the harmonic solution and run on one thread; seconds are processor time without the looks at the error.
The reference is reweighted least squares with exact solutions to the end, or where that is too large to factorise
(`--reference N`) N primal-dual iterations with the default steps. The primal-dual rows differ in nothing but tau, sigma
and over-relaxation.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from photographs import draw_strokes, mosaic
from scipy.sparse.linalg import splu

from pyvarcolor import Hints, kernels
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.methods.base import Problem
from pyvarcolor.methods.tgv import TGV
from pyvarcolor.solvers.iterate import Run
from pyvarcolor.solvers.steps import degree, tgv_steps

Array = NDArray[np.floating]
GOALS = (2.0, 1.0, 0.5)


@dataclass(frozen=True)
class Task:
    """An energy on a photograph and where its minimisation starts."""

    method: TGV
    kernels: kernels.Kernels
    terms: dict[str, Any]
    start: Array

    @classmethod
    def on_mosaic(cls, shrink: int, beta: float) -> "Task":
        photograph, core = mosaic(shrink), kernels.load("auto", threads=1)
        method = TGV(beta=beta, scale_u=100.0, edge_blur=0.0, edge_scale=1.0)  # the hardest edges
        lightness = lightness_from_gray(photograph.gray).astype(np.float64)
        hints: Hints = draw_strokes(photograph)
        chroma = np.ascontiguousarray(hints.chroma.transpose(0, 2, 1), np.float64)
        problem = Problem(lightness, chroma, np.where(hints.mask, np.inf, 0.0), None)
        run = Run("tgv", core, lambda u: u)
        g = method.edge_weight(lightness, run)
        s = np.sqrt(beta / degree(g)) if beta > 0 else np.empty((0, lightness.shape[1]))
        terms = {"g": g, "s": s, "hints": chroma, "hint_weight": problem.hint_weight}
        terms |= {"alpha0": method.alpha0, "alpha1": method.alpha1}
        return cls(method, core, terms, method.quadratic_start(problem, run))

    def duals(self) -> tuple[Array, ...]:
        """v, p, q and r, all 0."""
        rows, _, cols = self.start.shape
        r = np.zeros((len(self.terms["s"]), 2, cols))
        return (*(np.zeros((rows, channels, cols)) for channels in (4, 4, 6)), r)


def plain_steps(task: Task) -> tuple[Array, Array]:
    """tau = sigma = 1 / |K|, by power iterations."""
    x = np.random.default_rng(28417).normal(size=task.start.shape)
    v, p, q, r = task.duals()
    weights = [task.terms[name] for name in ("g", "s", "alpha0", "alpha1")]
    for _ in range(50):
        task.kernels.tgv_forward(x, v, *weights, p, q, r)
        task.kernels.tgv_adjoint(p, q, r, *weights, x, v)
        square = np.sqrt((x**2).sum() + (v**2).sum())
        x, v = x / square, v / square
    rows, _, cols = x.shape
    return np.full((rows, 2, cols), 0.99 / np.sqrt(square)), np.full((rows, 3, cols), 0.99 / np.sqrt(square))


def primal_dual(task: Task, steps: tuple[Array, Array], relaxation: float, block: int = 100) -> Iterator[Array]:
    """Primal-dual iterations; u after every `block` of them."""
    u, (v, p, q, r) = task.start.copy(), task.duals()
    tau, sigma = steps
    while True:
        task.kernels.tgv_iterate(u, v, p, q, r, **task.terms, tau=tau, sigma=sigma, relaxation=relaxation, n=block)
        yield u


def scaled(task: Task, scale_u: float, scale_v: float) -> tuple[Array, Array]:
    """Diagonal steps for typical sizes of u and v."""
    return tgv_steps(*(task.terms[name] for name in ("g", "s", "alpha0", "alpha1")), scale_u=scale_u, scale_v=scale_v)


def reweighted(task: Task, epsilon: float, decay: float) -> Iterator[Array]:
    """Reweighted least squares on (u, v); the coupled system is solved exactly. u after every reweighing.

    Each norm |z| is touched from above by |z|^2 / 2 max(|z|, its own epsilon): `epsilon` for grad u - v, a thirtieth of
    it for E v.
    """
    k_p, k_q, k_r = _operators(task)
    rows, _, cols = task.start.shape
    pixels = rows * cols
    fixed = np.isinf(task.terms["hint_weight"]).ravel()
    free = np.concatenate([~fixed, np.ones(2 * pixels, bool)])
    x = np.zeros((3 * pixels, 2))
    x[:pixels] = task.start.transpose(0, 2, 1).reshape(-1, 2)
    least_p, least_q = task.method.alpha1 * task.terms["g"].ravel(), task.method.alpha0 / 30
    bilaplacian = k_r.T @ k_r + 1e-9 * sp.diags_array(np.repeat([0.0, 1.0, 1.0], pixels))  # v on the border is unseen
    while True:
        weights = [
            sp.diags_array(
                np.tile(1 / np.maximum(_norms(k @ x, pixels), max(epsilon, 1e-5) * least), k.shape[0] // pixels)
            )
            for k, least in ((k_p, least_p), (k_q, least_q))
        ]
        matrix = (k_p.T @ weights[0] @ k_p + k_q.T @ weights[1] @ k_q + bilaplacian).tocsr()[free]
        options = {"permc_spec": "MMD_AT_PLUS_A", "diag_pivot_thresh": 0.0, "options": {"SymmetricMode": True}}
        x[free] = splu(sp.csc_matrix(matrix[:, free]), **options).solve(-matrix[:, ~free] @ x[~free])
        epsilon *= decay
        yield x[:pixels].reshape(rows, cols, 2).transpose(0, 2, 1)


def measure(task: Task, algorithm: Iterator[Array], block: int, reference: Array, limit: float) -> str:
    """Iterations and seconds to each goal, and seconds an iteration: the right side of a row."""
    spent, iterations, reached, goals = 0.0, 0, list[str](), list(GOALS)
    while goals and spent < limit:
        started = time.process_time()
        u = next(algorithm)
        spent += time.process_time() - started
        iterations += block
        error = float(np.sqrt(((u - reference) ** 2).sum(1)).mean())
        while goals and error < goals[0]:
            goals.pop(0)
            reached.append(f"{iterations} / {spent:.1f}")
    reached += [f"- ({error:.2f} at {iterations})"] * bool(goals) + ["-"] * (len(goals) - 1)
    return f"{' | '.join(reached)} | {1000 * spent / iterations:.1f}"


def main() -> None:
    """Print the table, a line as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shrink", type=int, default=6, metavar="N", help="keep every N-th row and column")
    parser.add_argument("--beta", type=float, default=100.0, help="weight of the bilaplacian")
    parser.add_argument("--reference", type=int, default=0, metavar="N", help="primal-dual iterations to the reference")
    parser.add_argument("--seconds", type=float, default=60.0, help="limit for each algorithm")
    arguments = parser.parse_args()

    task = Task.on_mosaic(arguments.shrink, arguments.beta)
    default = (task.method.scale_u, task.method.scale_v)
    exact = primal_dual(task, scaled(task, *default), 1.8) if arguments.reference else reweighted(task, 3.0, 0.75)
    reference = next(islice(exact, arguments.reference // 100 or 40, None)).copy()

    def row(name: str, algorithm: Callable[[], Iterator[Array]], block: int) -> None:
        cells = measure(task, algorithm(), block, reference, arguments.seconds)
        print(f"| {name} | {cells} |", flush=True)

    rows, _, cols = task.start.shape
    print(f"{rows} x {cols}, beta = {arguments.beta:g}; iterations / seconds to mean error\n")
    print("| algorithm | 2 | 1 | 0.5 | ms per iteration |\n|---|---|---|---|---|")
    row("primal-dual, plain", lambda: primal_dual(task, plain_steps(task), 1.0), 100)
    for scales in ((1, 1), (100, 0.1), (100, 1), (30, 0.1), (300, 0.1), (100, 0.03)):
        name = "diagonal" if scales == (1, 1) else f"scales {scales[0]:g}, {scales[1]:g}"
        row(f"primal-dual, {name}", lambda scales=scales: primal_dual(task, scaled(task, *scales), 1.8), 100)  # type: ignore[misc]
    for epsilon, decay in () if arguments.reference else ((1.0, 0.6), (3.0, 0.75)):
        row(f"reweighted, exact, {epsilon:g} x {decay:g}^k", lambda e=epsilon, d=decay: reweighted(task, e, d), 1)  # type: ignore[misc]


def _norms(z: Array, pixels: int) -> Array:
    """Norm of all components of both colours at each pixel."""
    length: Array = np.sqrt(np.square(z.reshape(-1, pixels, 2)).sum(axis=(0, 2)))
    return length


def _operators(task: Task) -> tuple[sp.csr_array, ...]:
    """K for p, q and r as matrices on (u, v.x, v.y) of one colour."""
    rows, _, cols = task.start.shape
    pixels, ones = rows * cols, (sp.eye_array(rows), sp.eye_array(cols))

    def forward(n: int) -> sp.csr_array:
        return sp.diags_array([np.r_[-np.ones(n - 1), 0], np.ones(n - 1)], offsets=[0, 1], shape=(n, n)).tocsr()

    def backward(n: int) -> sp.csr_array:
        return sp.diags_array([np.r_[0, np.ones(n - 1)], -np.ones(n - 1)], offsets=[0, -1], shape=(n, n)).tocsr()

    g = task.terms["g"][:, 0].copy()
    inside = np.stack([g, g])
    inside[0, :, -1] = inside[1, -1] = 0
    weights = sp.diags_array(inside.ravel())
    gradient = sp.vstack([sp.kron(ones[0], forward(cols)), sp.kron(forward(rows), ones[1])])
    by_x, by_y = sp.kron(ones[0], backward(cols)), sp.kron(backward(rows), ones[1])
    symmetrised = sp.block_array([[by_x, None], [None, by_y], [np.sqrt(0.5) * by_y, np.sqrt(0.5) * by_x]])
    k_p = task.method.alpha1 * sp.hstack([weights @ gradient, -weights])
    k_q = task.method.alpha0 * sp.hstack([sp.csr_array((3 * pixels, pixels)), symmetrised])
    laplacian = (
        sp.diags_array(task.terms["s"].ravel()) @ gradient.T @ weights @ gradient if len(task.terms["s"]) else None
    )
    k_r = (
        sp.hstack([laplacian, sp.csr_array((pixels, 2 * pixels))])
        if laplacian is not None
        else sp.csr_array((1, 3 * pixels))
    )
    return k_p.tocsr(), k_q.tocsr(), k_r.tocsr()


if __name__ == "__main__":
    main()
