"""Hints: what they accept and what they keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from pyvarcolor.hints import Hints
from pyvarcolor.shading import normalize_hints, phi


def some_hints(**changes):
    mask = np.zeros((5, 7), bool)
    mask[2, 3:6] = True
    return Hints(**({"mask": mask, "chroma": np.full((5, 7, 2), 9.0)} | changes))


def test_chroma_is_zero_where_nothing_is_prescribed():
    hints = some_hints()
    assert hints.count == 3
    assert hints.share == pytest.approx(3 / 35)
    np.testing.assert_array_equal(hints.chroma[~hints.mask], 0)
    np.testing.assert_array_equal(hints.chroma[hints.mask], 9)
    assert hints.chroma.dtype == np.float32


def test_rubbish_outside_the_mask_does_not_matter():
    chroma = np.full((5, 7, 2), np.nan)
    chroma[2, 3:6] = 4
    assert np.isfinite(some_hints(chroma=chroma).chroma).all()


def test_hints_are_frozen_copies():
    mask = np.ones((2, 2), bool)
    hints = Hints(mask, np.ones((2, 2, 2)))
    mask[0, 0] = False
    assert hints.count == 4
    with pytest.raises(ValueError, match="read-only"):
        hints.chroma[0, 0] = 5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mask": np.zeros((5, 7))}, r"hints\.mask must be a bool array .* float64 \(5, 7\)"),
        ({"mask": np.zeros(5, bool)}, r"hints\.mask .* \(5,\)"),
        ({"chroma": np.zeros((5, 8, 2))}, r"matching mask \(5, 7\), but has shape \(5, 8, 2\)"),
        ({"chroma": np.full((5, 7, 2), np.inf)}, r"hints\.chroma must be finite"),
        ({"chroma": np.full((5, 7, 2), -1001)}, r"hints\.chroma must lie in -1000\.\.1000 .* but is -1001 at one"),
        ({"confidence": np.ones((5, 6))}, r"hints\.confidence .* \(5, 7\), but has shape \(5, 6\)"),
        ({"confidence": np.zeros((5, 7))}, r"hints\.confidence must lie in \(0, 1\] .* is 0"),
        ({"confidence": np.full((5, 7), 1.5)}, r"is 1\.5"),
        ({"confidence": np.full((5, 7), np.nan)}, r"is nan"),
    ],
)
def test_bad_hints_are_refused_in_words(changes, message):
    with pytest.raises(ValueError, match=message):
        some_hints(**changes)


def test_points_paint_squares_cut_at_the_border():
    hints = Hints.from_points([(0, 0, (20, 15)), (3, 6, (-5, 8))], (5, 7))
    expected = np.zeros((5, 7), bool)
    expected[:2, :2] = expected[2:5, 5:7] = True
    np.testing.assert_array_equal(hints.mask, expected)
    np.testing.assert_array_equal(hints.chroma[4, 6], (-5, 8))


@pytest.mark.parametrize("radius", [0, 2])
def test_later_points_paint_over_earlier_ones(radius):
    hints = Hints.from_points([(4, 4, (1, 2)), (4, 4, (3, 4))], (9, 9), radius=radius)
    assert hints.count == (2 * radius + 1) ** 2
    np.testing.assert_array_equal(np.unique(hints.chroma[hints.mask], axis=0), [[3, 4]])


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([], "at least one point"),
        ([(5, 0, (1, 1))], r"inside the photograph \(5, 7\), but one is at \(5, 0\)"),
    ],
)
def test_bad_points_are_refused_in_words(points, message):
    with pytest.raises(ValueError, match=message):
        Hints.from_points(points, (5, 7))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seed=st.integers(0, 2**32 - 1))
def test_each_stroke_is_divided_by_its_mean_shading(dtype, seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 12, 2))
    lightness = random.uniform(0, 100, shape).astype(dtype)
    colours = np.float32([[0, 0], [-0.0, 0], [7, -3], [-3, 7]])[random.integers(0, 4, shape)]
    hints = Hints(random.random(shape) < random.random(), colours)
    expected = np.zeros((*shape, 2))
    for colour in np.unique(colours.reshape(-1, 2), axis=0):  # a stroke is a connected patch of one colour
        labels, count = ndimage.label(hints.mask & (colours == colour).all(axis=2), np.ones((3, 3)))
        for stroke in (labels == number for number in range(1, count + 1)):
            expected[stroke] = colour / phi(lightness)[stroke].mean()
    normalized = normalize_hints(hints, lightness)
    assert normalized.dtype == dtype
    np.testing.assert_allclose(normalized, expected, rtol=1e-5)
