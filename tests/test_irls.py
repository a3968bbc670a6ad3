"""Total variation by reweighted least squares: its weights, its optimum, and what it saves against primal-dual."""

from dataclasses import replace

import numpy as np
import pytest
import reference
from randomness import rng

from pyvarcolor.methods.base import Problem
from pyvarcolor.methods.tv import TV
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import WarmStart
from pyvarcolor.solvers.iterate import Run


def run(kernels):
    return Run("tv", kernels, lambda u: u.transpose(0, 2, 1).copy())


def posed(kernels, shape=(45, 60), hints=9, dtype=np.float32):
    """Smooth lightness with a step, and hard hints."""
    yy, xx = np.mgrid[: shape[0], : shape[1]]
    lightness = (50 + 10 * np.sin(xx / 9) * np.cos(yy / 7) + 20 * (xx + yy > 50)).astype(dtype)
    hint_weight = np.zeros(shape, dtype)
    hint_weight.ravel()[rng().choice(lightness.size, hints, replace=False)] = np.inf
    values = rng().normal(0, 30, (shape[0], 2, shape[1]))
    hints = np.where(hint_weight[:, None] > 0, values, 0).astype(dtype)
    return Problem(Photograph(lightness, kernels), hints, hint_weight)


def energy_of(method, u, problem, kernels):
    g = method.edge_weight(problem.photograph)
    return kernels.tv_energy(u, g, problem.hints, problem.hint_weight, method.alpha1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 5), (23, 37)])
def test_edges_are_those_of_the_energy_that_touches(kernels, dtype, shape):
    """Equal in value and slope where every gradient is above epsilon: 1/2 sum edges |du|^2 = 1/2 sum |K u|."""
    u = rng().normal(0, 20, (shape[0], 2, shape[1])).astype(dtype)
    g = rng().uniform(0.01, 1, (shape[0], 1, shape[1])).astype(dtype)
    edges = np.full_like(u, np.nan)
    kernels.tv_edges(u, g, 0.7, 1e-6, edges)
    right, down = np.diff(u, axis=2), np.diff(u, axis=0)
    quadratic = (edges[:, 0, :-1] * (right**2).sum(1)).sum() + (edges[:-1, 1] * (down**2).sum(1)).sum()
    norms = reference.sum_of_norms(reference.tv_operator(g, 0.7) @ reference.vector(u), u[:, 0].size)
    assert quadratic == pytest.approx(norms, rel=1e-5)
    assert not edges[:, 0, -1].any()
    assert not edges[-1, 1].any()


def test_epsilon_bounds_the_edges(kernels):
    u, g = np.zeros((4, 2, 5)), rng().uniform(0.1, 1, (4, 1, 5))
    edges = np.empty_like(u)
    kernels.tv_edges(u, g, 0.5, 0.25, edges)
    np.testing.assert_allclose(edges[:, 0, :-1], 2 * g[:, 0, :-1])
    np.testing.assert_allclose(edges[:-1, 1], 2 * g[:-1, 0])


def test_cpp_and_numba_make_the_same_edges(both):
    u, g = rng().normal(0, 20, (31, 2, 43)).astype(np.float32), rng().uniform(0.01, 1, (31, 1, 43)).astype(np.float32)
    edges = [np.empty_like(u) for _ in both]
    for kernels, out in zip(both, edges, strict=True):
        kernels.tv_edges(u, g, 1.0, 0.1, out)
    np.testing.assert_allclose(*edges, rtol=1e-5)


def test_it_reaches_the_optimum_that_primal_dual_reaches(kernels):
    """Which test_solvers.py compares with a convex solver."""
    problem = posed(kernels, (6, 7), 4, np.float64)
    problem.hint_weight[3, 3], problem.hints[3, :, 3] = 0.05, (10, -20)  # a soft one
    energies = []
    for solver, iterations in (("irls", 1500), ("primal-dual", 20000)):
        method = TV(solver=solver, alpha1=0.8, edge_floor=1e-2, scale_u=10, max_iter=iterations, tol=0)
        u, report = method.propagate(problem, run(kernels))
        assert report.iterations == iterations
        energies.append(energy_of(method, u, problem, kernels))
        hard = np.isinf(problem.hint_weight)[:, None]
        np.testing.assert_array_equal(np.where(hard, u, 0), np.where(hard, problem.hints, 0))
    assert energies[0] == pytest.approx(energies[1], rel=1e-3)


def test_it_is_ahead_of_ten_times_as_many_primal_dual_iterations(kernels):
    problem = posed(kernels)
    energies = []
    for solver, iterations in (("irls", 400), ("primal-dual", 4000)):
        method = TV(solver=solver, max_iter=iterations, tol=0)
        u, _ = method.propagate(problem, run(kernels))
        energies.append(energy_of(method, u, problem, kernels))
    assert energies[0] <= energies[1]


def test_exchanging_the_two_colours_exchanges_them_in_the_result(kernels):
    problem = posed(kernels)
    swapped = replace(problem, hints=np.ascontiguousarray(problem.hints[:, ::-1]), warm=WarmStart())
    method = TV(max_iter=300, tol=0)
    u, v = (method.propagate(each, run(kernels))[0] for each in (problem, swapped))
    np.testing.assert_allclose(u, v[:, ::-1], atol=1e-2)


def test_the_optimum_is_a_start_that_it_keeps(kernels):
    problem = posed(kernels)
    method = TV(tol=0.05)
    u, _ = method.propagate(problem, run(kernels))
    again, report = method.propagate(replace(problem, initial=u, warm=WarmStart()), run(kernels))
    assert report.stopped_by == "change"
    assert np.abs(again - u).mean() < 0.5


def test_number_of_iterations_is_kept_to(kernels):
    for iterations in (1, 7, 10, 23):
        _, report = TV(max_iter=iterations, tol=0).propagate(posed(kernels), run(kernels))
        assert report.iterations == iterations


def test_tensor_weights_take_primal_dual(kernels):
    problem = posed(kernels, (12, 14), 4)
    results = [
        TV(tensor=True, solver=solver, max_iter=50, tol=0).propagate(replace(problem, warm=WarmStart()), run(kernels))[
            0
        ]
        for solver in ("auto", "primal-dual")
    ]
    np.testing.assert_array_equal(*results)
    with pytest.raises(ValueError, match="solver must be 'auto' or 'primal-dual' where tensor is True, but is 'irls'"):
        TV(tensor=True, solver="irls")
    with pytest.raises(ValueError, match="solver must be one of auto, irls, primal-dual, but is 'newton'"):
        TV(solver="newton")
