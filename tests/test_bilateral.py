"""The bilateral solver against its energy over all pairs of pixels, written out and minimised densely."""

import numpy as np
import pytest
from backends import load
from randomness import rng

from pyvarcolor import Hints, colorize, methods
from pyvarcolor.photograph import Photograph
from pyvarcolor.solvers.bilateral_grid import BilateralGrid
from pyvarcolor.solvers.iterate import Run, StopRule

SIDE, LUMA, SMOOTHNESS = 4, 5.0, 0.3


def cells_of(lightness: np.ndarray) -> np.ndarray:
    """Row, column and level of each pixel's cell."""
    rows, cols = np.indices(lightness.shape)
    levels = np.floor((lightness - lightness.min()) / LUMA)
    return np.stack([rows // SIDE, cols // SIDE, levels], axis=-1).reshape(-1, 3).astype(int)


def affinities(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Splat S (cells, pixels), and W over all pairs of pixels, whose rows sum to 1."""
    used = np.unique(cells, axis=0)
    splat = (used[:, None] == cells).all(axis=2).astype(float)
    apart = np.abs(used[:, None] - used).sum(axis=2)
    blur = np.choose(np.minimum(apart, 2), [2.0 * 3, 1.0, 0.0])  # [1 2 1] along each axis
    near = splat.T @ blur @ splat
    scale = np.ones(len(cells))
    for _ in range(2000):
        scale = np.sqrt(scale / (near @ scale))
    return splat, scale[:, None] * near * scale


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lightness that drifts from cell to cell, so that all of them touch; target and confidence of a few hints."""
    rows, cols = np.indices((14, 17))
    lightness = 40 + 0.7 * rows + 0.4 * cols + rng().normal(0, 0.5, rows.shape)
    confidence = np.where(rng().random(rows.shape) < 0.05, rng().uniform(0.1, 1, rows.shape), 0)
    target = np.where(confidence[:, None] > 0, rng().normal(0, 20, (14, 2, 17)), 0)
    return lightness, target, confidence


def solve(lightness, target, confidence, initial=None):
    """By the grid."""
    grid = BilateralGrid(lightness, SIDE, LUMA)
    run = Run("bilateral", load("cpp"), lambda state: state)
    initial = np.zeros_like(target) if initial is None else initial
    return grid.minimise(target, confidence, SMOOTHNESS, initial, StopRule(200, 50, 0), run)


def test_the_energy_is_minimised():
    lightness, target, confidence = scene()
    splat, w = affinities(cells_of(lightness))
    system = splat @ (SMOOTHNESS * (np.eye(len(w)) - w) + np.diag(confidence.ravel())) @ splat.T
    hints = target.transpose(0, 2, 1).reshape(-1, 2)
    expected = splat.T @ np.linalg.solve(system, splat @ (confidence.ravel()[:, None] * hints))

    solved, report = solve(lightness, target, confidence)
    assert report.stopped_by == "direct"
    np.testing.assert_allclose(solved.transpose(0, 2, 1).reshape(-1, 2), expected, atol=1e-3)
    differences = 0.25 * SMOOTHNESS * sum((w * np.subtract.outer(x, x) ** 2).sum() for x in expected.T)
    misfit = 0.5 * (confidence.ravel()[:, None] * (expected - hints) ** 2).sum()
    assert report.energy[-1] == pytest.approx(differences + misfit, rel=1e-4)


def test_what_no_hint_reaches_stays_as_it_was():
    lightness, target, confidence = scene()
    lightness = np.hstack([lightness, lightness + 300])
    target, confidence = np.concatenate([target, 0 * target], axis=2), np.hstack([confidence, 0 * confidence])
    initial = np.full_like(target, 7.0)
    solved, _ = solve(lightness, target, confidence, initial)
    np.testing.assert_allclose(solved[:, :, 17:], 7)
    assert np.abs(solved[:, :, :17] - 7).min() > 1e-6


def test_a_photograph_twice_as_large_is_coloured_alike():
    rows, cols = np.indices((120, 160))
    lightness = 30 + 0.2 * rows + 20 * (cols > 70) + rng().normal(0, 0.3, rows.shape)
    hints = Hints.from_points([(30, 30, (30, 20)), (90, 120, (-20, 15))], lightness.shape)
    large = Hints(hints.mask.repeat(2, 0).repeat(2, 1), hints.chroma.repeat(2, 0).repeat(2, 1))
    method = methods.make("bilateral", cells=20, tol=0, max_iter=300)
    small, _ = method.solve(Photograph(lightness, load("cpp")), hints)
    double, _ = method.solve(Photograph(lightness.repeat(2, 0).repeat(2, 1), load("cpp")), large)
    np.testing.assert_allclose(double[::2, ::2], small, atol=2)


def test_a_callback_sees_the_photograph():
    gray = np.full((30, 40), 128, np.uint8)
    looks = []
    colorize(gray, Hints.from_points([(9, 9, (30, 20))], gray.shape), method="bilateral", callback=looks.append)
    np.testing.assert_allclose(looks[-1].chroma, np.broadcast_to([30, 20], (30, 40, 2)), atol=0.1)
