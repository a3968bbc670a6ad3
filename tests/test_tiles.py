"""Photographs in tiles, and the memory that is asked for first."""

import numpy as np
import pytest
from randomness import rng

from pyvarcolor import Hints, colorize, colorize_tiles, memory


@pytest.fixture(scope="module")
def photograph():
    """700 x 900 pixels of gray hills with grain and a dark disc; three strokes, all far from one corner."""
    yy, xx = np.mgrid[:700, :900]
    gray = 0.5 + 0.15 * np.sin(xx / 90) * np.cos(yy / 70) + rng().normal(0, 0.004, xx.shape)
    gray[(yy - 350) ** 2 + (xx - 450) ** 2 < 200**2] *= 0.6
    points = [(350, 450, (35, 20)), (80, 120, (-25, 25)), (600, 150, (-5, -30))]
    return (255 * gray).round().astype(np.uint8), Hints.from_points(points, gray.shape, radius=6)


@pytest.mark.parametrize(("method", "tile"), [("graph", 256), ("graph", 400), ("kriging", 400)])
def test_tiles_give_what_the_whole_gives(photograph, method, tile):
    whole, tiles = colorize(*photograph, method=method), colorize_tiles(*photograph, tile=tile, method=method)
    assert tiles.rgb.shape == whole.rgb.shape
    assert tiles.rgb.dtype == np.uint8
    difference = np.linalg.norm(tiles.chroma - whole.chroma, axis=-1)
    assert difference.mean() < 0.2 * np.linalg.norm(whole.chroma, axis=-1).mean()
    assert np.percentile(difference, 99) < 5
    assert tiles.moved == pytest.approx(whole.moved, abs=0.01)


def test_hints_are_met_in_tiles(photograph):
    gray, hints = photograph
    tiles = colorize_tiles(gray, hints, tile=256, normalize=False)
    np.testing.assert_allclose(tiles.chroma[hints.mask], hints.chroma[hints.mask], atol=1e-4)


def test_confidence_goes_into_the_tiles(photograph):
    gray, hints = photograph
    soft = Hints(hints.mask, hints.chroma, np.where(hints.mask, 0.01, 0).astype(np.float32))
    hard, pulled = (colorize_tiles(gray, h, tile=256, normalize=False).chroma[80, 120] for h in (hints, soft))
    assert np.linalg.norm(pulled) < np.linalg.norm(hard)


def test_a_small_photograph_is_one_tile(photograph):
    gray, hints = photograph
    np.testing.assert_array_equal(colorize_tiles(gray, hints, tile=2000).rgb, colorize(gray, hints).rgb)


def test_each_tile_is_told(photograph):
    seen = []
    result = colorize_tiles(*photograph, tile=400, callback=seen.append)
    assert [look.iteration for look in seen] == list(range(1, 7))
    assert {look.max_iter for look in seen} == {6}
    np.testing.assert_array_equal(seen[-1].chroma, result.chroma)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
def test_every_depth_stays(photograph, dtype):
    gray, hints = photograph
    gray = (gray / 255).astype(dtype) if np.dtype(dtype).kind == "f" else gray.astype(dtype) * 257
    assert colorize_tiles(gray[..., None].repeat(3, axis=2), hints, tile=256).rgb.dtype == dtype


def test_long_strips(photograph):
    gray, hints = photograph[0][:3, :].repeat(2, axis=1), Hints.from_points([(1, 900, (20, 20))], (3, 1800), radius=1)
    assert np.isfinite(colorize_tiles(gray, hints, tile=256).chroma).all()


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"tile": 255}, ValueError, "tile must be at least 256, but is 255"),
        ({"initial": 0}, TypeError, "no option 'initial'"),
        ({"methood": "tv"}, TypeError, "methood"),
    ],
)
def test_bad_options_are_named(photograph, options, error, sentence):
    with pytest.raises(error, match=sentence):
        colorize_tiles(*photograph, **options)


def test_sizes_must_match(photograph):
    with pytest.raises(ValueError, match=r"hints must have the size of gray \(10, 10\), but have \(700, 900\)"):
        colorize_tiles(photograph[0][:10, :10], photograph[1])


def test_a_run_that_does_not_fit_is_refused_before_it_starts(photograph, monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 10_000_000)
    with pytest.raises(MemoryError, match=r"method 'kriging' on 900 x 700 pixels needs about .*colorize_tiles"):
        colorize(*photograph)
    assert colorize(photograph[0][:50, :50], Hints.from_points([(5, 5, (9, 9))], (50, 50))).rgb.shape == (50, 50, 3)


def test_a_method_that_takes_more_says_so(photograph, monkeypatch):
    gray, hints = photograph
    monkeypatch.setattr(memory, "available_memory", lambda: 40 * 4 * gray.size)
    colorize(gray, hints, method="graph", max_iter=1, tol=0)
    with pytest.raises(MemoryError, match=r"needs about 0\.2 GiB"):
        colorize(gray, hints, method="graph", weights="levin", max_iter=1, tol=0)


def test_a_machine_that_tells_nothing_refuses_nothing(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    memory.require_memory(2**80, "a dream", "wake up")


def test_memory_of_this_machine():
    free = memory.available_memory()
    assert free is None or 0 < free < 2**50


def test_the_limit_of_a_container_counts(tmp_path):
    for name, text in (
        ("memory.max", "5000"),
        ("memory.current", "3000"),
        ("memory.stat", "anon 2\ninactive_file 700"),
    ):
        (tmp_path / name).write_text(text)
    assert memory._of_container(tmp_path) == 2700
    (tmp_path / "memory.max").write_text("max")
    assert memory._of_container(tmp_path) is None
    assert memory._of_container(tmp_path / "none") is None
