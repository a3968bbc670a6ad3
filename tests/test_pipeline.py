"""colorize() as its callers use it."""

import warnings

import numpy as np
import pytest

import pyvarcolor
from pyvarcolor import Colorization, Hints, NotConvergedWarning, colorize
from pyvarcolor.color import lightness_from_gray, rgb_to_lab
from pyvarcolor.shading import fit_hints


def photograph(shape=(48, 64)):
    """Gray with an edge, shading and grain, and two strokes."""
    rows, cols = np.indices(shape)
    grain = np.random.default_rng(44071).integers(-2, 3, shape)
    gray = 90 + 60 * (cols > shape[1] // 2) + rows // 4 + grain
    hints = Hints.from_points([(20, 12, (25, 20)), (30, 50, (-15, -20))], shape, radius=2)
    return gray.astype(np.uint8), hints


def as_dtype(gray, dtype):
    if dtype == np.uint16:
        return gray.astype(np.uint16) * 257
    return gray if dtype == np.uint8 else (gray / 255).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_result_has_the_depth_of_the_input(dtype, channels):
    gray, hints = photograph()
    gray = as_dtype(gray, dtype)
    result = colorize(gray if channels is None else np.dstack([gray] * channels), hints)
    assert isinstance(result, Colorization)
    assert result.rgb.shape == (48, 64, 3)
    assert result.rgb.dtype == dtype
    full = np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1
    eight_bits = colorize(photograph()[0], hints).rgb
    assert np.abs(result.rgb / full - eight_bits / 255).max() < 0.02


@pytest.mark.parametrize(("dtype", "unit"), [(np.uint8, 1 / 255), (np.uint16, 1 / 65535), (np.float64, 1e-7)])
def test_lightness_is_kept(dtype, unit):
    gray, hints = photograph()
    gray = as_dtype(gray, dtype)
    result = colorize(gray, hints)
    # an 8-bit RGB triple can't hit every lightness: half a unit in each channel
    step = np.abs(np.diff(lightness_from_gray(np.array([[0.2, 0.2 + unit]])))).item()
    off = np.abs(lightness_from_gray(result.rgb) - lightness_from_gray(gray))
    assert off.max() <= max(1.0 * step, 2e-4)
    assert result.moved == 0


def test_colours_out_of_gamut_are_moved_and_counted():
    gray, _ = photograph()
    hints = Hints.from_points([(20, 12, (120, -120))], gray.shape)
    result = colorize(gray, hints, method="graph")
    assert result.moved > 0.5
    assert np.abs(lightness_from_gray(result.rgb) - lightness_from_gray(gray)).max() < 0.6
    shown = np.abs(rgb_to_lab(result.rgb)[..., 1:]).max()
    assert np.abs(result.chroma).max() > shown + 5  # what was solved for is kept


def test_vivid_paint_on_black_is_as_vivid_as_black_can_be():
    gray = np.full((40, 60), 150, np.uint8)
    gray[:, :30] = 12
    painted = Hints.from_points([(20, 10, (48, 36))], gray.shape, radius=3)
    result = colorize(gray, painted, method="graph")
    dark, light = result.chroma[20, 10], result.chroma[20, 50]
    assert result.moved == 0  # taken at its word it would be beyond the gamut everywhere
    np.testing.assert_allclose(dark[1] / dark[0], 36 / 48, rtol=1e-3)
    assert np.hypot(*dark) < np.hypot(*light) < 50
    in_the_light = Hints.from_points([(20, 50, (48, 36))], gray.shape, radius=3)
    np.testing.assert_allclose(colorize(gray, in_the_light, method="graph").chroma[20, 50], (48, 36), rtol=1e-3)


def test_soft_hints_are_left_as_they_are_and_sure_ones_are_fitted():
    mask, chroma = np.ones((1, 2), bool), np.full((1, 2, 2), (60.0, 45.0))
    fitted = fit_hints(Hints(mask, chroma, np.array([[0.5, 1.0]])), np.full((1, 2), 5.0))
    np.testing.assert_array_equal(fitted.chroma[0, 0], (60, 45))
    assert np.hypot(*fitted.chroma[0, 1]) < 20


def test_strokes_may_be_a_picture():
    gray, _ = photograph()
    strokes = np.zeros((*gray.shape, 3), np.uint8)
    strokes[18:23, 8:20] = 200, 90, 60
    strokes[28:33, 44:56] = 60, 90, 200
    rgb = colorize(gray, strokes).rgb.astype(int)
    assert rgb[20, 14, 0] > rgb[20, 14, 2] + 40
    assert rgb[30, 50, 2] > rgb[30, 50, 0] + 40


@pytest.mark.parametrize("space", ["lab", "oklab", "ycbcr"])
def test_every_space_keeps_lightness_and_meets_the_hints(space):
    gray, hints = photograph()
    result = colorize(gray.astype(float) / 255, hints, space=space, method="graph", normalize=False)
    np.testing.assert_allclose(lightness_from_gray(result.rgb), lightness_from_gray(gray), atol=2e-3)
    np.testing.assert_allclose(result.chroma[hints.mask], hints.chroma[hints.mask], atol=1e-2)


def test_spaces_agree_roughly_but_differ():
    gray, hints = photograph()
    lab, oklab = (colorize(gray, hints, space=space).chroma for space in ("lab", "oklab"))
    assert 0 < np.abs(lab - oklab).mean() < 5


def test_an_earlier_result_is_a_start():
    gray, hints = photograph()
    first = colorize(gray, hints, method="graph", tol=1e-4)
    for initial in (first, first.chroma, first.chroma.tolist()):
        second = colorize(gray, hints, method="graph", tol=1e-4, initial=initial)
        assert second.report.iterations <= first.report.iterations
        np.testing.assert_allclose(second.chroma, first.chroma, atol=0.05)


def test_callback_stops_and_keeps_what_there_is():
    gray, hints = photograph()
    seen = []

    def callback(progress):
        seen.append(progress.chroma)
        raise StopIteration

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = colorize(gray, hints, method="tgv", callback=callback)
    assert result.report.stopped_by == "callback"
    assert len(seen) == 1
    np.testing.assert_allclose(result.chroma, seen[0])


def test_an_error_in_the_callback_reaches_the_caller():
    def callback(progress):
        raise KeyError("mine")

    gray, hints = photograph()
    with pytest.raises(KeyError, match="mine"):
        colorize(gray, hints, callback=callback)


def test_running_out_of_iterations_warns_once_with_advice_and_keeps_the_result():
    gray, hints = photograph()
    with pytest.warns(
        NotConvergedWarning, match="stopped at max_iter = 3 .* raise max_iter or tol, or go on"
    ) as caught:
        result = colorize(gray, hints, method="tv", max_iter=3, tol=1e-9)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert result.report.stopped_by == "max_iter"
    assert np.abs(result.chroma).max() > 10


def test_printing_a_result_is_one_line():
    gray, hints = photograph()
    text = repr(colorize(gray, hints))
    assert "64 x 48 uint8" in text
    assert "kriging on" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        (
            {"strokes_or_hints": Hints.from_points([(0, 0, (1, 1))], (5, 6))},
            ValueError,
            r"hints must have the size of gray \(48, 64\), but have \(5, 6\)",
        ),
        ({"strokes_or_hints": np.ones((9, 9, 3), np.uint8)}, ValueError, r"9"),
        ({"method": "magic"}, ValueError, "method must be one of auto, heat"),
        ({"backend": "cuda"}, ValueError, "backend must be one of auto, cpp, numba, but is 'cuda'"),
        ({"space": "hsv"}, ValueError, "space must be one of lab"),
        ({"threads": 0}, ValueError, "threads must be at least 1, but is 0"),
        (
            {"initial": np.zeros((3, 3, 2))},
            ValueError,
            r"initial must have shape \(48, 64, 2\), but has shape \(3, 3, 2\)",
        ),
        ({"initial": np.full((48, 64, 2), np.nan)}, ValueError, "initial must be finite"),
        ({"alpha9": 1}, TypeError, "has no option 'alpha9'"),
        ({"gray": np.zeros((48, 64), complex)}, TypeError, "gray must be uint8, uint16 or float"),
    ],
)
def test_bad_arguments_are_named(change, error, sentence):
    gray, hints = photograph()
    arguments = {"gray": gray, "strokes_or_hints": hints} | change
    with pytest.raises(error, match=sentence):
        colorize(arguments.pop("gray"), arguments.pop("strokes_or_hints"), **arguments)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (7, 1)])
def test_tiny_photographs(shape):
    hints = Hints.from_points([(0, 0, (20, 10))], shape, radius=0)
    result = colorize(np.full(shape, 128, np.uint8), hints, method="graph")
    np.testing.assert_allclose(result.chroma, np.broadcast_to([20, 10], result.chroma.shape), atol=0.2)


@pytest.mark.parametrize("shape", [(20000, 3), (3, 20000)])
def test_long_strips(shape):
    gray = np.random.default_rng(30871).integers(100, 120, shape).astype(np.uint8)
    hints = Hints.from_points([(0, 0, (20, 10)), (shape[0] - 1, shape[1] - 1, (-10, 20))], shape)
    result = colorize(gray, hints, method="graph", normalize=False)
    assert result.report.stopped_by == "change"
    np.testing.assert_allclose(result.chroma[hints.mask], hints.chroma[hints.mask], atol=1e-4)
    assert (result.chroma.min(), result.chroma.max()) == pytest.approx((-10, 20), abs=1e-3)


def test_black_and_white_stay_black_and_white():
    gray = np.zeros((8, 8), np.uint8)
    gray[:, 4:] = 255
    result = colorize(gray, Hints.from_points([(4, 1, (30, 30)), (4, 6, (-30, 30))], gray.shape))
    assert (result.rgb[:, 0] <= 1).all()
    assert (result.rgb[:, 7] >= 254).all()


def test_strided_and_readonly_input_is_accepted():
    gray, hints = photograph()
    wide = np.repeat(gray, 2, axis=1)
    wide.setflags(write=False)
    expected = colorize(gray, hints).rgb
    assert (colorize(wide[:, ::2], hints).rgb == expected).all()
    assert (colorize(np.asfortranarray(gray), hints).rgb == expected).all()


def test_two_threads_may_colorize_at_once():
    from concurrent.futures import ThreadPoolExecutor

    gray, hints = photograph((120, 160))
    expected = colorize(gray, hints, method="tgv", max_iter=100, tol=5, check_every=100).rgb
    with ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(colorize, gray, hints, method="tgv", max_iter=100, tol=5, check_every=100, threads=n)
            for n in (1, 2, 1, 2)
        ]
    assert all((job.result().rgb == expected).all() for job in jobs)


def test_public_names_exist():
    assert all(hasattr(pyvarcolor, name) for name in pyvarcolor.__all__)
