"""Steps, the loop, the multigrid, and the energies against an independent convex solver."""

import time

import cvxpy as cp
import numpy as np
import pytest
import reference
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from backends import load
from randomness import rng

from pyvarcolor.result import Progress
from pyvarcolor.solvers.iterate import Run, StopRule, comparing, iterate
from pyvarcolor.solvers.multigrid import Multigrid, edge_weights
from pyvarcolor.solvers.steps import degree, tgv_steps, tv_steps

SHAPES = [(1, 1), (1, 9), (9, 1), (2, 2), (7, 11), (12, 10)]


def weights(shape, channels):
    """A random scalar or tensor weight with strong edges."""
    lightness = np.ascontiguousarray(rng().normal(0, 3, shape))
    g = np.empty((shape[0], channels, shape[1]))
    kernels = load("numba")
    (kernels.edge_weight if channels == 1 else kernels.edge_tensor)(lightness, 1.0, 3.0, 1e-4, g)
    return g


def preconditioned_norm(operator, tau, sigma):
    """||Sigma^1/2 K T^1/2||"""
    scaled = sp.diags_array(np.sqrt(sigma)) @ operator @ sp.diags_array(np.sqrt(tau))
    return np.linalg.norm(scaled.toarray(), 2) if operator.shape[0] else 0.0


def planes(image, copies):
    """A step of one channel, for all channels that share it."""
    return np.tile(image.ravel(), copies)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [1, 3])
def test_tv_steps_satisfy_the_convergence_condition(shape, channels):
    g = weights(shape, channels)
    tau, sigma = tv_steps(g, 0.7, 10.0)
    norm = preconditioned_norm(reference.tv_operator(g, 0.7), planes(tau, 2), planes(sigma, 4))
    assert norm <= 1 + 1e-9
    if min(shape) > 2:
        assert norm > 0.5  # no step is needlessly short


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("beta", [0, 5])
def test_tgv_steps_satisfy_the_convergence_condition(shape, channels, beta):
    g = weights(shape, channels)
    s = np.sqrt(beta / degree(g)) if beta else np.empty((0, shape[1]))
    tau, sigma = tgv_steps(g, s, 3.0, 0.7, 10.0, 0.1)
    all_sigma = [planes(sigma[:, 0], 4), planes(sigma[:, 1], 6), planes(sigma[:, 2], 2 if beta else 0)]
    norm = preconditioned_norm(
        reference.tgv_operator(g, s, 3.0, 0.7),
        np.concatenate([planes(tau[:, 0], 2), planes(tau[:, 1], 4)]),
        np.concatenate(all_sigma),
    )
    assert norm <= 1 + 1e-9
    if min(shape) > 2:
        assert norm > 0.4


def run(kernels, callback=None):
    return Run("test", kernels, lambda u: u.transpose(0, 2, 1).copy(), callback)


def random_problem(shape=(23, 31), hints=12, dtype=np.float64):
    lightness = np.cumsum(rng().normal(0, 1, shape), axis=1).astype(dtype)
    hint_weight = np.zeros(shape, dtype)
    hint_weight.ravel()[rng().choice(lightness.size, hints, replace=False)] = np.inf
    values = rng().normal(0, 20, (shape[0], 2, shape[1])).astype(dtype)
    return lightness, np.where(hint_weight[:, None] > 0, values, 0).astype(dtype), hint_weight


def sparse_solution(edges, hints, hint_weight, first, beta):
    """The exact u (H, 2, W), from the matrix first L + beta L D^-1 L + soft hints."""
    rows, count, cols = edges.shape
    pixel = np.arange(rows * cols).reshape(rows, cols)
    here = [pixel[:, :-1], pixel[:-1], pixel[:-1, :-1], pixel[:-1, 1:]][:count]
    there = [pixel[:, 1:], pixel[1:], pixel[1:, 1:], pixel[1:, :-1]][:count]
    weight = [edges[:, 0, :-1], edges[:-1, 1], edges[:-1, 2:3, :-1], edges[:-1, 3:4, 1:]][:count]
    i, j, w = (np.concatenate([part.ravel() for part in parts]) for parts in (here, there, weight))
    upper = sp.coo_array((w.astype(float), (i, j)), shape=(pixel.size, pixel.size))
    degree = (upper + upper.T).sum(axis=1)
    laplacian = sp.diags_array(degree) - upper - upper.T
    bilaplacian = laplacian @ sp.diags_array(1 / np.maximum(degree, 1e-300)) @ laplacian
    hard = np.isinf(hint_weight).ravel()
    soft = np.where(hard, 0, hint_weight.ravel()).astype(float)
    matrix = (first * laplacian + beta * bilaplacian + sp.diags_array(soft)).tocsc()
    solve = sla.factorized(matrix[~hard][:, ~hard])
    u = np.where(hint_weight[:, None] > 0, hints, 0).transpose(0, 2, 1).reshape(-1, 2).astype(float)
    right_side = soft[:, None] * u - matrix @ np.where(hard[:, None], u, 0)
    u[~hard] = np.stack([solve(right_side[~hard, c]) for c in range(2)], axis=1)
    return u.reshape(rows, cols, 2).transpose(0, 2, 1)


def lines(shape=(96, 120)):
    """Lightness with grain and lines of one pixel: what is hardest for a multigrid."""
    lightness = 50 + rng().normal(0, 2, shape)
    lightness[::7], lightness[:, ::11], lightness[3::13, ::2] = 10, 90, 30
    return lightness


def strokes_on(shape, count, dtype=np.float32):
    """Random strokes: hints and hint_weight."""
    hint_weight = np.zeros(shape, dtype)
    for i, j in zip(rng().integers(0, shape[0], count), rng().integers(0, shape[1], count), strict=True):
        hint_weight[i : i + 3, j : j + 8] = np.inf
    values = rng().uniform(-40, 40, (shape[0], 2, shape[1]))
    return np.where(hint_weight[:, None] > 0, values, 0).astype(dtype), hint_weight


def distance(u, other):
    """Mean distance of two states in units of chroma."""
    return np.linalg.norm(u - other, axis=1).mean()


@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize(("first", "beta"), [(1, 0.0), (1, 10.0), (0, 10.0)])
@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (2, 3), (23, 31)])
def test_multigrid_finds_the_exact_solution(kernels, shape, first, beta, neighbours):
    lightness, hints, hint_weight = random_problem(shape, hints=3)
    free = np.flatnonzero(hint_weight.ravel() == 0)[0]
    hint_weight.ravel()[free] = 0.3  # a soft one
    hints[free // shape[1], :, free % shape[1]] = 10, -10
    edges = edge_weights(kernels, lightness, 1.0, 3.0, 1e-3)[:, : neighbours // 2].copy()
    solver = Multigrid(edges, kernels, first=first, beta=beta)
    u, report = solver.minimise(hints, hint_weight, StopRule(5000, 1, 1e-9), run(kernels))
    assert report.stopped_by == "change"
    np.testing.assert_allclose(u, sparse_solution(edges, hints, hint_weight, first, beta), atol=1e-5)


@pytest.mark.parametrize(("beta", "floor", "budget"), [(0, 1e-3, 40), (3, 1e-3, 60), (0, 1e-4, 60), (3, 1e-4, 100)])
def test_multigrid_keeps_to_its_iteration_budget(kernels, beta, floor, budget):
    """Golden counts on a hard picture: a slower solver is a bug even if it converges."""
    edges = edge_weights(kernels, lines().astype(np.float32), 3.0, 3.0, floor)
    hints, hint_weight = strokes_on((96, 120), 8)
    u, report = Multigrid(edges, kernels, beta=beta).minimise(hints, hint_weight, StopRule(200, 1, 0.02), run(kernels))
    assert report.stopped_by == "change"
    assert report.iterations <= budget
    assert distance(u, sparse_solution(edges, hints, hint_weight, 1, beta)) < 0.4


def test_multigrid_starts_from_a_solution_that_it_is_given(kernels):
    lightness, rule = lines().astype(np.float32), StopRule(500, 1, 1e-3)
    edges = edge_weights(kernels, lightness, 3.0, 3.0, 1e-3)
    hints, hint_weight = strokes_on(lightness.shape, 8)
    solver = Multigrid(edges, kernels, beta=3.0)
    u, cold = solver.minimise(hints, hint_weight, rule, run(kernels))
    first = u.copy()
    again, warm = solver.minimise(hints, hint_weight, rule, run(kernels), u)
    np.testing.assert_array_equal(u, first)  # which is left alone
    assert warm.iterations <= 2 < cold.iterations
    assert distance(again, first) < 0.01
    _, given = Multigrid(edges, kernels, beta=3.0).minimise(hints, hint_weight, rule, run(kernels), initial=first)
    assert given.iterations <= 2


@pytest.mark.parametrize("beta", [0.0, 3.0])
def test_multigrid_answers_new_hints_as_if_they_were_the_first(kernels, beta):
    edges = edge_weights(kernels, lines((41, 53)).astype(np.float32), 3.0, 3.0, 1e-3)
    kept = Multigrid(edges, kernels, beta=beta)
    for count in (6, 1, 12, 3):
        hints, hint_weight = strokes_on((41, 53), count)
        hint_weight[20, :30] = 0.5  # soft
        u, _ = kept.minimise(hints, hint_weight, StopRule(2000, 1, 1e-5), run(kernels))
        np.testing.assert_allclose(u, sparse_solution(edges, hints, hint_weight, 1, beta), atol=0.05)


@pytest.mark.parametrize("beta", [0.0, 3.0])
def test_multigrid_rests_where_it_has_arrived(kernels, beta):
    """Long after the last digit is right, products of residuals underflow: they must not lead away."""
    shape = (17, 23)
    edges = edge_weights(kernels, rng().uniform(0, 100, shape).astype(np.float32), 3.0, 3.0, 1e-3)
    hints, hint_weight = strokes_on(shape, 3)
    u, report = Multigrid(edges, kernels, beta=beta).minimise(hints, hint_weight, StopRule(3000, 100, 0), run(kernels))
    assert (report.stopped_by, report.iterations) == ("direct", 3000)
    np.testing.assert_allclose(u, sparse_solution(edges, hints, hint_weight, 1, beta), atol=0.05)


def test_multigrid_reports_the_energy_and_the_way(kernels):
    edges = np.array([[[1.0, 0], [0, 0]]])  # none leads over the border
    hints, hint_weight = np.zeros((1, 2, 2)), np.array([[np.inf, 0.5]])
    hints[0, :, 1] = 3, 4  # one free pixel: 1/2 |u|^2 + 1/4 |u - (3, 4)|^2 at u = (1, 4/3)
    solver = Multigrid(edges, kernels)
    u, report = solver.minimise(hints, hint_weight, StopRule(5, 1, 1e-9), run(kernels))
    np.testing.assert_allclose(u[0, :, 1], [1, 4 / 3])
    assert report.energy[-1] == pytest.approx(25 / 18 + 0.25 * 100 / 9)
    assert report.change[-1] == pytest.approx(0, abs=1e-9)
    assert all(type(number) is float for number in (*report.energy, *report.change))


def test_multigrid_refuses_what_does_not_fit(kernels):
    with pytest.raises(ValueError, match="edges must have shape"):
        Multigrid(np.ones((4, 3, 5)), kernels)
    solver, rule = Multigrid(np.ones((4, 4, 5)), kernels), StopRule(3, 1, 0.1)
    with pytest.raises(ValueError, match=r"hints must have shape \(4, 2, 5\), but has shape \(4, 2, 6\)"):
        solver.minimise(np.zeros((4, 2, 6)), np.zeros((4, 5)), rule, run(kernels))
    with pytest.raises(TypeError, match="must be float32, but is float64"):
        solver.minimise(np.zeros((4, 2, 5), np.float32), np.zeros((4, 5), np.float32), rule, run(kernels))


def toy_problem():
    """6 x 7 pixels with an edge, four hard hints and a soft one."""
    random = np.random.default_rng(20857)
    lightness = np.where(np.arange(7) < 4, 30.0, 32.0) + random.normal(0, 0.3, (6, 7))
    hint_weight = np.zeros((6, 7))
    hint_weight[[0, 5, 1, 4], [0, 2, 5, 6]] = np.inf
    hint_weight[3, 3] = 0.05
    hints = np.where(hint_weight[:, None] > 0, random.normal(0, 10, (6, 2, 7)), 0)
    return lightness, hints, hint_weight


def convex_optimum(operator, hints, hint_weight, unknowns, norms, quadratic_from):
    """Minimum of sum |K x| + 1/2 |last rows|^2 + hints by CVXPY: (energy, u)."""
    pixels = hint_weight.size
    x = cp.Variable(unknowns * pixels)
    k = operator @ x
    cost, start = 0, 0
    for count in norms:
        stop = start + count * pixels
        cost += cp.sum(cp.norm(cp.reshape(k[start:stop], (count, pixels), order="C"), axis=0))
        start = stop
    if quadratic_from is not None:
        cost += 0.5 * cp.sum_squares(k[quadratic_from:])
    values, weight = reference.vector(hints), np.tile(hint_weight.ravel(), 2)
    soft = np.isfinite(weight) & (weight > 0)
    u = x[: 2 * pixels]
    cost += 0.5 * cp.sum(cp.multiply(weight[soft], cp.square(u[np.flatnonzero(soft)] - values[soft])))
    hard = np.flatnonzero(np.isinf(weight))
    problem = cp.Problem(cp.Minimize(cost), [u[hard] == values[hard]])
    problem.solve(solver=cp.CLARABEL)
    return problem.value, reference.images(u.value, hint_weight.shape, 2)[0]


@pytest.mark.parametrize("channels", [1, 3])
def test_tv_reaches_the_optimum_of_a_convex_solver(kernels, channels):
    lightness, hints, hint_weight = toy_problem()
    g = np.empty((6, channels, 7))
    (kernels.edge_weight if channels == 1 else kernels.edge_tensor)(lightness, 1.0, 3.0, 1e-2, g)
    tau, sigma = tv_steps(g, 0.8, 10.0)
    u, p = hints.copy(), np.zeros((6, 4, 7))
    kernels.tv_iterate(u, p, g, hints, hint_weight, tau, sigma, 0.8, 1.8, 20000)
    optimum, _ = convex_optimum(reference.tv_operator(g, 0.8), hints, hint_weight, 2, (4,), None)
    assert kernels.tv_energy(u, g, hints, hint_weight, 0.8) == pytest.approx(optimum, rel=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("beta", [0, 2])
def test_tgv_reaches_the_optimum_of_a_convex_solver(kernels, channels, beta):
    lightness, hints, hint_weight = toy_problem()
    g = np.empty((6, channels, 7))
    (kernels.edge_weight if channels == 1 else kernels.edge_tensor)(lightness, 1.0, 3.0, 1e-2, g)
    s = np.sqrt(beta / degree(g)) if beta else np.empty((0, 7))
    tau, sigma = tgv_steps(g, s, 2.0, 1.0, 10.0, 1.0)
    u = hints.copy()
    v, p, q, r = (np.zeros((6, c, 7)) for c in (4, 4, 6, 2))
    r = r[: len(s)]
    kernels.tgv_iterate(u, v, p, q, r, g, s, hints, hint_weight, tau, sigma, 2.0, 1.0, 1.8, 30000)
    operator = reference.tgv_operator(g, s, 2.0, 1.0)
    optimum, best = convex_optimum(operator, hints, hint_weight, 6, (4, 6), 10 * 42 if beta else None)
    assert kernels.tgv_energy(u, v, g, s, hints, hint_weight, 2.0, 1.0) == pytest.approx(optimum, rel=1e-3)
    if beta:  # strictly convex in u
        np.testing.assert_allclose(u, best, atol=0.05)


def counting(kernels, speed):
    """A pretended solver whose colour moves by speed / iteration."""
    u = np.zeros((3, 2, 4))
    done = []

    def advance(n):
        done.extend(range(n))
        u[:] = speed / len(done)

    return u, advance, done


def test_loop_stops_when_the_colour_rests(kernels):
    u, advance, done = counting(kernels, 10.0)
    report = iterate(advance, comparing(lambda: 1.5, u, kernels), u, StopRule(1000, 7, 0.1), run(kernels))
    assert report.stopped_by == "change"
    assert report.iterations == len(done) == report.checked_at[-1]
    assert report.change[-1] <= 0.1 < report.change[-2]
    assert set(report.energy) == {1.5}


def test_loop_stops_at_max_iter(kernels):
    u, advance, done = counting(kernels, 1e9)
    report = iterate(advance, comparing(lambda: 0.0, u, kernels), u, StopRule(17, 5, 0.1), run(kernels))
    assert report.stopped_by == "max_iter"
    assert report.checked_at == (5, 10, 15, 17)
    assert len(done) == 17


def test_loop_without_tolerance_does_what_was_asked(kernels):
    u, advance, done = counting(kernels, 0.0)
    report = iterate(advance, comparing(lambda: 0.0, u, kernels), u, StopRule(12, 5, 0.0), run(kernels))
    assert report.stopped_by == "direct"
    assert report.iterations == len(done) == 12


def test_loop_of_no_iterations_leaves_the_start(kernels):
    u, advance, done = counting(kernels, 1e9)
    report = iterate(advance, comparing(lambda: 0.0, u, kernels), u, StopRule(0, 5, 0.1), run(kernels))
    assert report.stopped_by == "direct"
    assert (report.iterations, report.change, done) == (0, (), [])


def test_callback_sees_progress_and_stops(kernels):
    seen = []

    def callback(progress: Progress):
        seen.append(progress)
        if len(seen) == 3:
            raise StopIteration

    u, advance, _ = counting(kernels, 1e9)
    report = iterate(advance, comparing(lambda: 2.0, u, kernels), u, StopRule(100, 5, 0.1), run(kernels, callback))
    assert report.stopped_by == "callback"
    assert [p.iteration for p in seen] == [5, 10, 15]
    assert seen[-1].max_iter == 100
    assert seen[-1].chroma.shape == (3, 4, 2)
    assert 0 <= seen[0].seconds <= seen[1].seconds


def test_loop_returns_to_python_often_enough_for_ctrl_c(kernels):
    blocks = []

    def advance(n):
        blocks.append(n)
        time.sleep(0.1 * n)

    iterate(advance, lambda: (0.0, 0.0), np.zeros((2, 2, 2)), StopRule(20, 20, 0.0), run(kernels))
    assert sum(blocks) == 20
    assert max(blocks) <= 4
