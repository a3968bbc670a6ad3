"""Matting against the published formula as a dense matrix, and its multigrid against what it approximates."""

import numpy as np
import pytest
import reference
from backends import load
from randomness import rng

from pyvarcolor import Hints, methods
from pyvarcolor.photograph import Photograph
from pyvarcolor.solvers.affine_grid import AffineGrid
from pyvarcolor.solvers.matting import Operator

EPSILON = 1e-4
SHAPES = [(1, 1), (1, 6), (7, 1), (2, 2), (3, 5), (9, 14)]


def operator_of(lightness, kernels, hint_weight=None):
    hint_weight = np.zeros_like(lightness) if hint_weight is None else hint_weight
    return Operator(lightness, EPSILON * 100**2, hint_weight, kernels)


def matrix_of(operator, shape):
    """A, from what it makes of single pixels."""
    columns = []
    for number in range(shape[0] * shape[1]):
        one = np.zeros((shape[0], 2, shape[1]), operator.dtype)
        one[number // shape[1], :, number % shape[1]] = 1
        columns.append(-operator.residual(one)[:, 0].ravel())
    return np.array(columns).T


def nodes_to_pixels(operator, shape):
    """P, from what it makes of single offsets and slopes; both channels at once."""
    rows, _, cols = operator.coarse_shape
    columns = []
    for node in range(rows * cols):
        for kind in range(2):
            one = np.zeros(operator.coarse_shape, operator.dtype)
            one[node // cols, 2 * kind : 2 * kind + 2, node % cols] = 1
            u = np.zeros((shape[0], 2, shape[1]), operator.dtype)
            operator.prolong(u, one)
            columns.append(u[:, 1].ravel())
    return np.array(columns).T


def some_hints(shape):
    """Hard and soft weights on some pixels."""
    weight = np.where(rng().random(shape) < 0.1, rng().uniform(0.01, 3, shape), 0)
    weight[rng().random(shape) < 0.05] = np.inf
    return weight


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dtype", "within"), [(np.float64, 1e-9), (np.float32, 1e-3)])
def test_the_operator_is_that_of_the_paper(kernels, shape, dtype, within):
    lightness = rng().uniform(30, 33, shape).astype(dtype)
    expected = reference.matting_laplacian(lightness / 100, EPSILON)
    operator = operator_of(lightness, kernels)
    np.testing.assert_allclose(matrix_of(operator, shape), expected, atol=within)
    degree = expected.diagonal()
    np.testing.assert_allclose(operator.inverse_diagonal.ravel() * degree, degree > 0, rtol=10 * within)


def test_it_is_symmetric_and_costs_nothing_less_than_nothing(kernels):
    matrix = matrix_of(operator_of(rng().uniform(0, 100, (8, 9)), kernels), (8, 9))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-12)
    values = np.linalg.eigvalsh(matrix)
    assert values[0] > -1e-12
    assert values[1] > 1e-9  # the constant alone is free
    np.testing.assert_allclose(matrix.sum(axis=1), 0, atol=1e-12)


def test_colour_affine_in_lightness_costs_its_slope_alone(kernels):
    lightness, slope = rng().uniform(20, 80, (8, 9)), 0.7
    u = np.stack([slope * lightness - 20, np.full((8, 9), 5.0)], axis=1)
    cost = operator_of(lightness, kernels).smoothness(u)
    windows = lightness.size
    assert 0 < cost <= 0.5 * EPSILON * 100**2 * slope**2 * windows
    steps = np.abs(u - rng().normal(0, 1, u.shape))
    assert operator_of(lightness, kernels).smoothness(steps) > 5 * cost


def test_hints_take_their_places_in_the_operator(kernels):
    lightness, weight = rng().uniform(0, 100, (9, 14)), some_hints((9, 14))
    u, b = rng().normal(0, 10, (9, 2, 14)), rng().normal(0, 10, (9, 2, 14))
    hard = np.isinf(weight)
    flow = reference.matting_laplacian(lightness / 100, EPSILON) @ u.swapaxes(1, 2).reshape(-1, 2)
    soft = np.where(hard, 0, weight)[:, None]
    expected = np.where(hard[:, None], 0, b - soft * u - flow.reshape(9, 14, 2).swapaxes(1, 2))
    np.testing.assert_allclose(operator_of(lightness, kernels, weight).residual(u, b), expected, atol=1e-9)


@pytest.mark.parametrize("shape", [*SHAPES, (13, 27)])
def test_the_coarse_operator_is_that_of_galerkin(kernels, shape):
    lightness, weight = rng().uniform(0, 100, shape), some_hints(shape)
    operator = operator_of(lightness, kernels, weight)
    p = nodes_to_pixels(operator, shape)
    np.testing.assert_allclose(p[np.isinf(weight).ravel()], 0)
    free = np.isfinite(weight).ravel()
    offsets, slopes = p[free, ::2], p[free, 1::2]
    np.testing.assert_allclose(offsets.sum(axis=1), 1)  # every pixel belongs to nodes in whole
    np.testing.assert_allclose(slopes, offsets * lightness.ravel()[free, None])

    r = rng().normal(0, 1, (shape[0], 2, shape[1]))
    r[np.isinf(weight)[:, None].repeat(2, axis=1)] = 0
    restricted = operator.restrict(r).transpose(0, 2, 1).reshape(-1, 2)
    np.testing.assert_allclose(restricted, p.T @ r.swapaxes(1, 2).reshape(-1, 2), atol=1e-9)

    expected = p.T @ matrix_of(operator, shape) @ p
    np.testing.assert_allclose(operator.galerkin().toarray(), expected, atol=1e-9 * np.abs(expected).max())


def test_a_cycle_over_the_nodes_is_symmetric_and_shrinks_the_error():
    shape = (97, 130)
    lightness = 50 + rng().normal(0, 3, shape)
    weight = np.where(rng().random(shape) < 1e-3, np.inf, 0)
    operator = operator_of(lightness, load("cpp"), weight)
    system = operator.galerkin()
    grid = AffineGrid(system, operator.coarse_shape[0], operator.coarse_shape[2])
    x, y = rng().normal(0, 1, (2, system.shape[0], 2))
    assert (x * grid.cycle(y)).sum() == pytest.approx((grid.cycle(x) * y).sum(), rel=1e-6)
    assert (x * grid.cycle(x)).sum() > 0
    error = x
    for _ in range(12):
        error = error - grid.cycle(system @ error)
    energies = [(e * (system @ e)).sum() for e in (x, error)]
    assert energies[1] < 1e-3 * energies[0]


def test_the_energy_is_minimised(kernels):
    shape = (13, 17)
    lightness, weight = rng().uniform(30, 60, shape), some_hints(shape)
    held = weight > 0
    confidence = (1 - 1 / (1 + weight)).astype(np.float32)
    colours = np.where(held[..., None], rng().normal(0, 20, (*shape, 2)), 0).astype(np.float32)
    hard, soft = np.isinf(weight).ravel(), np.where(np.isinf(weight), 0, weight).ravel()
    system = reference.matting_laplacian(lightness / 100, EPSILON) + np.diag(soft)
    target = colours.reshape(-1, 2).astype(float)
    expected = target.copy()
    right = soft[~hard, None] * target[~hard] - system[np.ix_(~hard, hard)] @ target[hard]
    expected[~hard] = np.linalg.solve(system[np.ix_(~hard, ~hard)], right)

    method = methods.make("matting", epsilon=EPSILON, normalize=False, tol=0, max_iter=80)
    chroma, report = method.solve(Photograph(lightness, kernels), Hints(held, colours, confidence))
    np.testing.assert_allclose(chroma.reshape(-1, 2), expected, atol=2e-4)
    flow = (system - np.diag(soft)) @ expected
    energy = 0.5 * (expected * flow).sum() + 0.5 * (soft[:, None] * (expected - target) ** 2).sum()
    assert report.energy[-1] == pytest.approx(energy, rel=1e-4)


@pytest.mark.parametrize("shape", [(60, 90), (240, 360)])
def test_few_iterations_do_at_any_size(shape):
    rows, cols = np.indices(shape) / shape[0]
    lightness = 40 + 20 * rows + 25 * (cols + 0.3 * rows > 0.7) + rng().normal(0, 0.5, shape)
    places = [(0.2, 0.2, (30, 20)), (0.8, 0.3, (12, 30)), (0.5, 1.3, (-20, 15))]
    points = [(int(row * shape[0]), int(col * shape[0]), colour) for row, col, colour in places]
    hints = Hints.from_points(points, shape)
    exact, _ = methods.make("matting", tol=0, max_iter=100).solve(Photograph(lightness, load("cpp")), hints)
    chroma, report = methods.make("matting").solve(Photograph(lightness, load("cpp")), hints)
    assert report.stopped_by == "change"
    assert report.iterations <= 14
    assert np.hypot(*(chroma - exact).reshape(-1, 2).T).mean() < 0.3


def test_an_even_photograph_takes_one_colour_from_the_other_evenly(kernels):
    lightness = np.full((9, 40), 50.0)
    mask = np.zeros((9, 40), bool)
    mask[:, [0, -1]] = True
    chroma = np.zeros((9, 40, 2))
    chroma[:, -1] = 39, -39
    result, _ = methods.make("matting", tol=0, max_iter=60).solve(Photograph(lightness, kernels), Hints(mask, chroma))
    np.testing.assert_allclose(result[4, :, 0], np.arange(40), atol=0.6)
    np.testing.assert_allclose(result[..., 1], -result[..., 0], atol=1e-6)
