"""The random walker against what it is by definition: probabilities of labels, from a dense system."""

import numpy as np
import pytest
from backends import load
from randomness import rng

from pyvarcolor import Hints, methods
from pyvarcolor.photograph import Photograph

COLOURS = np.array([[30.0, 20.0], [-20.0, 15.0], [5.0, -40.0]])


def transitions(lightness: np.ndarray, beta: float) -> np.ndarray:
    """How probably a walker goes from each pixel (row) to each other one (column), after Grady 2006."""
    rows, cols = lightness.shape
    steps = np.zeros((lightness.size, lightness.size))
    joined = np.zeros_like(steps)
    for i, j in np.ndindex(rows, cols):
        for row, col in ((i + 1, j), (i, j + 1)):
            if row < rows and col < cols:
                here, there = i * cols + j, row * cols + col
                steps[here, there] = steps[there, here] = (lightness[row, col] - lightness[i, j]) ** 2
                joined[here, there] = joined[there, here] = 1
    weights = joined * (np.exp(-beta * steps / steps.max()) + 1e-5)
    return weights / weights.sum(axis=1, keepdims=True)


def test_colours_are_blended_by_the_probability_to_meet_them_first(kernels):
    shape, beta = (9, 11), 40.0
    lightness = rng().uniform(20, 80, shape)
    labels = np.full(shape, -1)
    labels[[1, 7, 4, 4], [2, 1, 8, 9]] = [0, 1, 2, 2]
    seeds, free = np.flatnonzero(labels.ravel() >= 0), np.flatnonzero(labels.ravel() < 0)

    move = transitions(lightness, beta)
    first = np.linalg.solve(np.eye(free.size) - move[np.ix_(free, free)], move[np.ix_(free, seeds)])
    np.testing.assert_allclose(first.sum(axis=1), 1)
    expected = first @ COLOURS[labels.ravel()[seeds]]

    hints = Hints(labels >= 0, COLOURS[labels])
    method = methods.make("random-walker", beta=beta, normalize=False, tol=0, max_iter=60)
    chroma, _ = method.solve(Photograph(lightness, kernels), hints)
    np.testing.assert_allclose(chroma.reshape(-1, 2)[free], expected, atol=1e-6)


@pytest.mark.parametrize("scale", [0.01, 1.5])
def test_contrast_does_not_matter(scale):
    lightness = rng().uniform(20, 60, (12, 13))
    hints = Hints.from_points([(3, 3, (30, 20)), (9, 9, (-20, 15))], lightness.shape)
    method = methods.make("random-walker", normalize=False, tol=0, max_iter=80)
    answers = [method.solve(Photograph(light, load("cpp")), hints)[0] for light in (lightness, scale * lightness)]
    np.testing.assert_allclose(*answers, atol=1e-6)
