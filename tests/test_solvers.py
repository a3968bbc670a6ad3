"""Steps, the loop, the quadratic solver, and the energies against an independent convex solver."""

import time

import cvxpy as cp
import numpy as np
import pytest
import reference
import scipy.sparse as sp
from backends import load

from pyvarcolor.result import Progress
from pyvarcolor.solvers.iterate import Run, StopRule, iterate
from pyvarcolor.solvers.quadratic import Quadratic, edge_weights, halve, halve_hints
from pyvarcolor.solvers.steps import degree, tgv_steps, tv_steps

RNG = np.random.default_rng(60317)
SHAPES = [(1, 1), (1, 9), (9, 1), (2, 2), (7, 11), (12, 10)]


def weights(shape, channels):
    """A random scalar or tensor weight with strong edges."""
    lightness = np.ascontiguousarray(RNG.normal(0, 3, shape))
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
    lightness = np.cumsum(RNG.normal(0, 1, shape), axis=1).astype(dtype)
    hint_weight = np.zeros(shape, dtype)
    hint_weight.ravel()[RNG.choice(lightness.size, hints, replace=False)] = np.inf
    values = RNG.normal(0, 20, (shape[0], 2, shape[1])).astype(dtype)
    return lightness, np.where(hint_weight[:, None] > 0, values, 0).astype(dtype), hint_weight


@pytest.mark.parametrize("beta", [0.0, 10.0])
def test_quadratic_finds_the_exact_solution(kernels, beta):
    lightness, hints, hint_weight = random_problem()
    hint_weight[5, 7], hints[5, :, 7] = 0.3, (10, -10)  # a soft one
    weigh = edge_weights(kernels, 1.0, 3.0, 1e-3)
    u, report = Quadratic(weigh, beta=beta).minimise(
        lightness, hints, hint_weight, StopRule(5000, 20, 1e-10), run(kernels)
    )
    operator = reference.graph_operator(weigh(lightness), hint_weight, 1.0, beta)
    assert report.stopped_by == "change"
    np.testing.assert_allclose(u, reference.solve_graph(operator, hints, hint_weight), atol=1e-5)


def test_quadratic_keeps_to_its_iteration_budget(kernels):
    """A golden count: a slower solver is a bug even if it converges."""
    yy, xx = np.mgrid[:128, :160]
    lightness = (50 + 20 * np.sin(xx / 9) * np.cos(yy / 7)).astype(np.float32)
    hint_weight = np.zeros_like(lightness)
    hint_weight[::40, ::40] = np.inf
    hints = np.where(hint_weight[:, None] > 0, 30, 0).astype(np.float32) * np.array([1, -1], np.float32)[:, None]
    hints[:64] *= 0.5
    _, report = Quadratic(edge_weights(kernels, 1.0, 3.0, 1e-4)).minimise(
        lightness, hints, hint_weight, StopRule(2000, 20, 0.01), run(kernels)
    )
    assert report.stopped_by == "change"
    assert report.iterations <= 260


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 1), (1, 8)])
def test_halving_keeps_means_and_hints(shape):
    image = RNG.random((shape[0], 2, shape[1]))
    small = halve(image)
    assert small.shape == ((shape[0] + 1) // 2, 2, (shape[1] + 1) // 2)
    assert small.min() >= image.min()
    assert small.max() <= image.max()
    hint_weight = np.zeros(shape)
    hint_weight[-1, -1] = np.inf
    hints, weight = halve_hints(np.where(hint_weight[:, None] > 0, 7.0, np.zeros((shape[0], 2, shape[1]))), hint_weight)
    assert np.isinf(weight[-1, -1])
    assert np.isinf(weight).sum() == 1
    assert (hints[-1, :, -1] == 7).all()


def toy_problem():
    """6 x 7 pixels with an edge, four hard hints and a soft one."""
    lightness = np.where(np.arange(7) < 4, 30.0, 32.0) + RNG.normal(0, 0.3, (6, 7))
    hint_weight = np.zeros((6, 7))
    hint_weight[[0, 5, 1, 4], [0, 2, 5, 6]] = np.inf
    hint_weight[3, 3] = 0.05
    hints = np.where(hint_weight[:, None] > 0, RNG.normal(0, 10, (6, 2, 7)), 0)
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
    report = iterate(advance, lambda: 1.5, u, StopRule(1000, 7, 0.1), run(kernels))
    assert report.stopped_by == "change"
    assert report.iterations == len(done) == report.checked_at[-1]
    assert report.change[-1] <= 0.1 < report.change[-2]
    assert set(report.energy) == {1.5}


def test_loop_stops_at_max_iter(kernels):
    u, advance, done = counting(kernels, 1e9)
    report = iterate(advance, lambda: 0.0, u, StopRule(17, 5, 0.1), run(kernels))
    assert report.stopped_by == "max_iter"
    assert report.checked_at == (5, 10, 15, 17)
    assert len(done) == 17


def test_loop_without_tolerance_does_what_was_asked(kernels):
    u, advance, done = counting(kernels, 0.0)
    report = iterate(advance, lambda: 0.0, u, StopRule(12, 5, 0.0), run(kernels))
    assert report.stopped_by == "direct"
    assert report.iterations == len(done) == 12


def test_callback_sees_progress_and_stops(kernels):
    seen = []

    def callback(progress: Progress):
        seen.append(progress)
        if len(seen) == 3:
            raise StopIteration

    u, advance, _ = counting(kernels, 1e9)
    report = iterate(advance, lambda: 2.0, u, StopRule(100, 5, 0.1), run(kernels, callback))
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

    iterate(advance, lambda: 0.0, np.zeros((2, 2, 2)), StopRule(20, 20, 0.0), run(kernels))
    assert sum(blocks) == 20
    assert max(blocks) <= 4
