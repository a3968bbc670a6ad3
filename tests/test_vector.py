"""Vector strokes: their file and how they are painted."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyvarcolor.color import rgb_to_lab
from pyvarcolor.strokes.raster import rasterize
from pyvarcolor.strokes.vector import VectorStroke, load_vector, save_vector

LINE = VectorStroke(((0.2, 0.3), (0.7, 0.6)), 0.05, "#c8503c")

fractions = st.floats(-2, 3, allow_nan=False)
polylines = st.lists(st.tuples(fractions, fractions), min_size=1, max_size=6).map(tuple)
colors = st.from_regex("#[0-9a-fA-F]{6}", fullmatch=True)
paint = st.builds(VectorStroke, polylines, st.floats(1e-9, 1), colors, st.floats(1e-30, 1))
vector_strokes = paint | st.builds(VectorStroke, polylines, st.floats(1e-9, 1), st.none())


@given(st.lists(vector_strokes, max_size=4))
@settings(max_examples=50, deadline=None)
def test_file_returns_exactly_what_was_saved(tmp_path_factory, strokes):
    path = tmp_path_factory.mktemp("vector") / "strokes.json"
    save_vector(path, strokes)
    assert load_vector(path) == tuple(strokes)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("points", [], r"stroke\.points must hold at least one pair \(x, y\), but is \[\]"),
        ("points", 5, r"stroke\.points .* but is 5"),
        ("points", [[0.1]], r"stroke\.points must hold pairs .* holds \[0\.1\]"),
        ("points", [[0.1, "x"]], r"stroke\.points .* holds \[0\.1, 'x'\]"),
        ("points", [[0.1, float("nan")]], r"stroke\.points .* nan"),
        ("radius", 0, r"stroke\.radius must be a finite number above 0, but is 0"),
        ("radius", True, r"stroke\.radius .* but is True"),
        ("radius", 10**400, r"stroke\.radius .* but is 1000"),
        ("color", "red", r'stroke\.color must be written "#rrggbb", or be None to erase, but is .red.'),
        ("color", 7, r"stroke\.color .* but is 7"),
        ("confidence", 1.5, r"stroke\.confidence must lie in \(0, 1\], but is 1\.5"),
        ("width", 3, r"stroke\.width is unknown .* but is 3"),
    ],
)
def test_malformed_stroke_is_named(tmp_path, field, value, message):
    good = {"points": [[0.1, 0.2]], "radius": 0.01, "color": "#ffffff"}
    document = {"format": "pyvarcolor-strokes", "version": 1, "strokes": [good, good | {field: value}]}
    (tmp_path / "strokes.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match=f"stroke 1: {message}"):
        load_vector(tmp_path / "strokes.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "must be a JSON file of strokes"),
        ("[]", "but has 'list'"),
        ('{"format": "other"}', "but has 'other'"),
        ('{"format": "pyvarcolor-strokes", "version": 2}', "must have version 1, but has version 2"),
        ('{"format": "pyvarcolor-strokes"}', "but has version None"),
        ('{"format": "pyvarcolor-strokes", "version": 1}', "must hold a list of strokes, but has None"),
        (
            '{"format": "pyvarcolor-strokes", "version": 1, "strokes": [3]}',
            "stroke 0: stroke must be an object",
        ),
        (
            '{"format": "pyvarcolor-strokes", "version": 1, "strokes": [{"points": [[0, 0]], "radius": 1}]}',
            r"stroke 0: stroke\.color must be given",
        ),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    (tmp_path / "strokes.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_vector(tmp_path / "strokes.json")


def test_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_vector(tmp_path / "none.json")


@given(paint, st.tuples(st.integers(1, 40), st.integers(1, 40)))
@settings(max_examples=80, deadline=None)
def test_brush_covers_what_lies_within_its_radius(stroke, shape):
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    corners = np.array(stroke.points) * shape[::-1]
    distance = np.full(shape, np.inf)
    for start, end in zip(corners, [*corners[1:], corners[-1]], strict=True):
        along = end - start
        share = ((columns - start[0]) * along[0] + (rows - start[1]) * along[1]) / max(along @ along, 1e-12)
        share = share.clip(0, 1)
        distance = np.minimum(
            distance, np.hypot(columns - start[0] - share * along[0], rows - start[1] - share * along[1])
        )
    radius = max(stroke.radius * min(shape), np.sqrt(0.5))
    expected, unsure = distance <= radius, np.abs(distance - radius) < 1e-6
    if not (expected & ~unsure).any():
        return
    mask = rasterize([stroke], shape).mask
    np.testing.assert_array_equal(mask[~unsure], expected[~unsure])


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.5, 0.5), (0.99, 0.31), (1.0, 1.0)])
def test_thinnest_dab_marks_a_pixel(place):
    assert rasterize([VectorStroke((place,), 1e-6, "#808080")], (33, 47)).count >= 1


def test_drawing_does_not_depend_on_size():
    small, large = rasterize([LINE], (100, 150)).mask, rasterize([LINE], (400, 600)).mask
    blocks = large.reshape(100, 4, 150, 4).mean(axis=(1, 3))
    assert (small != (blocks > 0.5)).mean() < 0.002


def test_later_strokes_paint_over_earlier_ones():
    cross = VectorStroke(((0.5, 0.1), (0.5, 0.9)), 0.05, "#808080", 0.5)
    hints = rasterize([LINE, cross], (100, 150))
    lower, upper = (rasterize([stroke], (100, 150)) for stroke in (LINE, cross))
    np.testing.assert_array_equal(hints.mask, lower.mask | upper.mask)
    np.testing.assert_allclose(hints.chroma[upper.mask], 0, atol=0.01)
    only_lower = lower.mask & ~upper.mask
    red = rgb_to_lab(np.array([200, 80, 60], np.uint8))[1:]
    np.testing.assert_allclose(hints.chroma[only_lower], np.broadcast_to(red, (only_lower.sum(), 2)), atol=1e-4)
    assert hints.confidence is not None
    assert set(np.unique(hints.confidence[hints.mask])) == {0.5, 1.0}
    assert lower.confidence is None


@pytest.mark.parametrize("strokes", [[], [VectorStroke(((2.0, 2.0),), 0.01, "#ff0000")]])
def test_nothing_in_the_frame_is_an_error(strokes):
    with pytest.raises(ValueError, match=r"touch the frame \(30, 40\), but none does"):
        rasterize(strokes, (30, 40))


def test_an_eraser_takes_away_what_lies_beneath_it_and_nothing_above():
    rubber = VectorStroke(((0.5, 0.1), (0.5, 0.9)), 0.05, None)
    line, cut, above = (rasterize(strokes, (100, 150)).mask for strokes in ([LINE], [LINE, rubber], [rubber, LINE]))
    erased = rasterize([VectorStroke(rubber.points, rubber.radius, "#808080")], (100, 150)).mask
    np.testing.assert_array_equal(cut, line & ~erased)
    np.testing.assert_array_equal(above, line)
