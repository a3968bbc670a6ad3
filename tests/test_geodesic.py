"""Geodesic blending against Dijkstra's algorithm of SciPy, one stroke after the other."""

import numpy as np
import pytest
import reference
import scipy.sparse as sp
from backends import load
from randomness import rng
from scipy.sparse.csgraph import dijkstra

from pyvarcolor import Hints, methods
from pyvarcolor.photograph import Photograph


def paths(lightness: np.ndarray, per_pixel: float) -> sp.csr_array:
    """What each step between 8 neighbours costs."""
    pixels = np.arange(lightness.size).reshape(lightness.shape)
    costs = sp.csr_array((lightness.size, lightness.size))
    for k, step in enumerate(reference.EDGES):
        here, there = reference.ends_of_edges(k, lightness.shape)
        cost = np.abs(lightness[there] - lightness[here]) + per_pixel * np.hypot(*step)
        entries = (cost.ravel(), (pixels[here].ravel(), pixels[there].ravel()))
        costs = costs + sp.csr_array(entries, shape=costs.shape)
    return costs + costs.T


def blend(lightness, hints, hint_weight, strokes, per_pixel: float, power: float, nearest: int) -> np.ndarray:
    """Mean of each pixel's nearest strokes, straight from the definition."""
    graph = paths(lightness, per_pixel)
    graph.indices, graph.indptr = graph.indices.astype(np.int32), graph.indptr.astype(np.int32)  # SciPy 1.13 needs it
    to_hints = dijkstra(graph)
    at = np.flatnonzero(hint_weight.ravel() > 0)
    distance = to_hints[:, at] + 1 / hint_weight.ravel()[at]
    colours = hints.transpose(0, 2, 1).reshape(-1, 2)[at]
    u = np.empty((lightness.size, 2))
    for pixel, r in enumerate(distance):
        names = strokes.ravel()[at]
        of_stroke = [min(np.flatnonzero(names == name), key=lambda k: r[k]) for name in np.unique(names)]
        chosen = sorted(of_stroke, key=lambda k: r[k])[:nearest]
        exact = [k for k in chosen if r[k] == 0]
        w = np.array([r[k] ** -power for k in chosen]) if not exact else np.array([k in exact for k in chosen])
        u[pixel] = w @ colours[chosen] / w.sum()
    return u.reshape(*lightness.shape, 2).transpose(0, 2, 1)


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (13, 17)])
@pytest.mark.parametrize("nearest", [1, 3, 40])
@pytest.mark.parametrize(("size", "per_pixel"), [(5.0, 0.3), (400.0, 2.0), (0.0, 1e-3)])
def test_the_nearest_strokes_are_blended(kernels, shape, nearest, size, per_pixel):
    lightness = size * rng().random(shape)
    strokes = rng().integers(0, 6, shape).astype(float)
    kind = rng().choice(4, shape, p=[0.85, 0.05, 0.05, 0.05])
    kind.flat[0] = 1
    hint_weight = np.choose(kind, [0, np.inf, 0.5, 1e-3])
    hints = np.ascontiguousarray(np.where(kind[:, None] > 0, rng().normal(0, 20, (shape[0], 2, shape[1])), 0))
    if size == 0:  # in an even photograph many hints are equally near; those of one stroke then agree
        hints = np.ascontiguousarray(np.stack([10 * strokes, 60 - 3 * strokes], axis=1))
        nearest = 40
    given = lightness, hints, hint_weight, strokes, per_pixel, 2.5, nearest
    u = np.empty_like(hints)
    kernels.geodesic_blend(*given, u)
    np.testing.assert_allclose(u, blend(*given), atol=1e-9)


def test_both_backends_give_the_same_strokes(both):
    lightness = rng().uniform(20, 80, (60, 70)).astype(np.float32)
    hint_weight = np.where(rng().random(lightness.shape) < 0.05, np.inf, 0).astype(np.float32)
    hints = rng().normal(0, 20, (60, 2, 70)).astype(np.float32)
    strokes = rng().integers(0, 9, lightness.shape).astype(np.float32)
    answers = [np.empty_like(hints), np.empty_like(hints)]
    for kernels, u in zip(both, answers, strict=True):
        kernels.geodesic_blend(lightness, hints, hint_weight, strokes, 0.2, 3.0, 3, u)
    np.testing.assert_allclose(*answers, rtol=1e-5, atol=1e-4)


def test_colour_follows_a_winding_path():
    """Between walls, the stroke whose corridor it is wins over one that is nearer as the crow flies."""
    lightness = np.full((15, 15), 50.0)
    lightness[3::4] = 90
    lightness[3::8, -1] = lightness[7::8, 0] = 50
    hints = Hints.from_points([(1, 1, (30, 20))], lightness.shape, radius=0)
    mask, chroma = hints.mask.copy(), hints.chroma.copy()
    mask[3, 4], chroma[3, 4] = True, (-20, 15)
    method = methods.make("geodesic", normalize=False, length_cost=0.5)
    chroma, _ = method.solve(Photograph(lightness, load("cpp")), Hints(mask, chroma))
    assert np.abs(chroma[13, 7] - [30, 20]).max() < 3


def test_hints_of_like_colour_are_one_stroke():
    """Many pixels of one colour do not crowd the other stroke out."""
    lightness = np.full((5, 41), 50.0)
    points = [(2, 2, (30, 20)), (2, 5, (30, 20)), (2, 8, (30, 20)), (2, 11, (30.5, 20)), (2, 38, (-20, 15))]
    hints = Hints.from_points(points, lightness.shape, radius=0)
    chroma, _ = methods.make("geodesic", normalize=False, nearest=2).solve(Photograph(lightness, load("cpp")), hints)
    assert chroma[2, 12, 0] < 30.5
    assert chroma[2, 24, 0] == pytest.approx(5, abs=8)
    assert (np.diff(chroma[2, 12:38, 0]) < 0).all()


def test_a_photograph_twice_as_large_is_coloured_alike():
    lightness = np.cumsum(rng().normal(0, 1, (20, 24)), axis=1) + 50
    hints = Hints.from_points([(5, 5, (30, 20)), (15, 18, (-20, 15))], lightness.shape, radius=0)
    large = Hints(hints.mask.repeat(2, 0).repeat(2, 1), hints.chroma.repeat(2, 0).repeat(2, 1))
    method = methods.make("geodesic", normalize=False)
    small, _ = method.solve(Photograph(lightness, load("cpp")), hints)
    double, _ = method.solve(Photograph(lightness.repeat(2, 0).repeat(2, 1), load("cpp")), large)
    off = np.abs(double[::2, ::2] - small)
    assert off.max() < 4  # where two strokes are nearly as near
    assert off.mean() < 0.5
