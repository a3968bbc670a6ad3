"""The network: its layers against definitions, itself against PyTorch, its answers as methods and as priors."""

import itertools
import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from backends import load
from randomness import rng
from scipy.signal import correlate
from skimage import data
from skimage.transform import resize

from pyvarcolor import Colorizer, Hints, colorize, colorize_tiles, methods
from pyvarcolor.color import rgb_to_lab
from pyvarcolor.learned import answer, doubt
from pyvarcolor.learned.answer import ask
from pyvarcolor.learned.appearance import enlarge
from pyvarcolor.learned.guess import Guess
from pyvarcolor.learned.inputs import read_outputs, stack_inputs
from pyvarcolor.learned.layers import conv1x1, conv3x3, relu, twice
from pyvarcolor.learned.network import WEIGHTS, Network, built_in
from pyvarcolor.photograph import Photograph
from pyvarcolor.shading import normalize_hints

TRACE = Path(__file__).parent / "data" / "network_trace.npz"


def photograph(height=120, width=160, picture=data.coffee):
    """A sample photograph: its gray, and its true a*, b*."""
    rgb = resize(picture(), (height, width), anti_aliasing=True)
    lab = rgb_to_lab(rgb.astype(np.float32))
    gray = np.rint(255 * rgb @ [0.2126, 0.7152, 0.0722]).astype(np.uint8)
    return gray, lab[..., 1:]


def points(chroma, *places):
    return Hints.from_points([(row, col, tuple(chroma[row, col])) for row, col in places], chroma.shape[:2])


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 6, 8), (2, 7, 5)])
def test_a_convolution_is_a_correlation_with_zeros_around(shape, stride):
    x, weight, bias = (rng().standard_normal(size).astype(np.float32) for size in (shape, (4, shape[0], 3, 3), 4))
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    expected = [correlate(padded, kernel, mode="valid")[0] + at for kernel, at in zip(weight, bias, strict=True)]
    out = conv3x3(x, weight.reshape(4, -1), bias, stride)
    np.testing.assert_allclose(out, np.array(expected)[:, ::stride, ::stride], atol=1e-4)


def test_the_small_layers():
    x = rng().standard_normal((3, 4, 5)).astype(np.float32)
    mix, bias = rng().standard_normal((2, 3)).astype(np.float32), np.float32([1, -1])
    np.testing.assert_allclose(conv1x1(x, mix, bias), np.einsum("dc,chw->dhw", mix, x) + bias[:, None, None], atol=1e-5)
    np.testing.assert_array_equal(twice(x)[:, 1::2, ::2], x)
    assert twice(x).shape == (3, 8, 10)
    np.testing.assert_array_equal(relu(x.copy()), x.clip(0))


def test_every_layer_is_that_of_pytorch():
    trace = {}
    with np.load(TRACE) as expected:
        built_in().forward(expected["input"], trace)
        assert {"input", *trace} == set(expected.files)
        assert len(trace) > 20
        for name, out in trace.items():
            np.testing.assert_allclose(out, expected[name], atol=1e-4, err_msg=name)


def test_the_weights_are_small_and_soon_there():
    assert Path(str(WEIGHTS)).stat().st_size < 2.5e6
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        Network(WEIGHTS)
        seconds.append(time.perf_counter() - started)
    assert min(seconds) < 0.2  # 0.05 s where the machine is idle: benchmarks/learned_speed.py


@pytest.mark.parametrize("shape", [(6, 32, 32), (7, 32, 30), (7, 8, 32), (7, 0, 16), (32, 32)])
def test_what_cannot_go_in_is_refused(shape):
    with pytest.raises(ValueError, match=r"x must have shape \(7, H, W\), H and W multiples of 16, but has shape"):
        built_in().forward(np.zeros(shape, np.float32))


def test_inputs_and_outputs_are_what_they_say():
    shape = (4, 6)
    light, known = np.full(shape, 100.0), np.ones(shape)
    hints, guess, deviation = np.full((2, *shape), 50.0), np.full((2, *shape), -25.0), np.full(shape, 8.0)
    inputs = stack_inputs(light, hints, known, guess, deviation)
    np.testing.assert_array_equal(inputs[:, 0, 0], [1, 1, 1, 1, -0.5, -0.5, 0.5])
    assert inputs.dtype == np.float32
    gate, delta, scale = read_outputs(np.float32([0, 1, -1, 0, np.log(2)])[:, None, None])
    np.testing.assert_allclose(np.concatenate([gate, delta, scale]).ravel(), [0.5, 20, -20, 8, 16], rtol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 2), (5, 9), (333, 500), (1000, 1500)])
def test_any_shape_has_a_working_size(shape):
    size = answer.working_size(shape)
    assert all(side % 16 == 0 and 16 <= side <= 448 for side in size)
    if min(shape) > 100:
        assert min(size) == 112
        assert size[1] / size[0] == pytest.approx(shape[1] / shape[0], rel=0.1)


@pytest.mark.parametrize("painted", [False, True])
def test_the_answer_is_the_mean_of_what_is_said_of_each_view(monkeypatch, painted):
    gray, truth = photograph(112, 160)
    lightness = rgb_to_lab(np.repeat(gray[..., None] / np.float32(255), 3, axis=2))[..., 0]
    hints, weight = np.zeros((112, 2, 160), np.float32), np.zeros((112, 160), np.float32)
    if painted:
        hints[50, :, 40:60], weight[50, 40:60] = truth[50, 40:60].T, np.inf

    def ask(*views):
        monkeypatch.setattr(answer, "VIEWS", views)
        return answer.ask(Photograph(lightness, load("cpp")), hints, weight)

    near, far = (112, False), (80, True)
    both, each = ask(near, far), [ask(near), ask(far)]
    np.testing.assert_allclose(both.chroma, np.mean([one.chroma for one in each], axis=0), atol=1e-3)
    np.testing.assert_allclose(both.scale, np.mean([one.scale for one in each], axis=0), atol=1e-3)
    assert np.abs(each[0].chroma - each[1].chroma).max() > 1


def test_a_mirrored_view_is_that_of_a_mirrored_photograph(monkeypatch):
    gray, _ = photograph(112, 160)
    lightness = rgb_to_lab(np.repeat(gray[..., None] / np.float32(255), 3, axis=2))[..., 0]
    nothing = np.zeros((112, 2, 160), np.float32), np.zeros((112, 160), np.float32)

    def ask(lightness, mirrored):
        monkeypatch.setattr(answer, "VIEWS", ((112, mirrored),))
        return answer.ask(Photograph(lightness, load("cpp")), *nothing).chroma

    there, back = ask(lightness, True), ask(lightness[:, ::-1], False)[..., ::-1]
    np.testing.assert_allclose(there, back, atol=1e-3)
    assert np.abs(there - ask(lightness, False)).max() > 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 2), (50, 400)])
def test_any_photograph_has_an_answer(shape):
    result = colorize(rng().integers(0, 256, shape, dtype=np.uint8))
    assert result.rgb.shape == (*shape, 3)
    assert np.isfinite(result.chroma).all()


def test_without_strokes_the_answer_is_that_of_the_network(monkeypatch):
    def never(*_):
        raise AssertionError("the guess takes time, and knows nothing without strokes")

    monkeypatch.setattr(Guess, "__init__", never)
    gray, _ = photograph()
    auto = colorize(gray)
    np.testing.assert_array_equal(auto.chroma, colorize(gray, method="network").chroma)
    np.testing.assert_array_equal(auto.chroma, colorize(gray, Hints.none(gray.shape)).chroma)
    assert auto.report.method == "network"
    assert auto.report.stopped_by == "direct"


def test_colour_without_strokes_is_better_than_gray():
    gray, truth = photograph()
    error = np.linalg.norm(colorize(gray).chroma - truth, axis=-1).mean()
    assert error < 0.9 * np.linalg.norm(truth, axis=-1).mean()


def test_hints_of_no_confidence_are_none():
    gray, truth = photograph(120, 160)
    sure = points(truth, (60, 40), (30, 120))
    without = colorize(gray).chroma

    def moved(confidence):
        hints = Hints(sure.mask, sure.chroma, np.full(gray.shape, confidence))
        return np.abs(colorize(gray, hints, method="network").chroma - without).mean()

    apart = [moved(confidence) for confidence in (1e-30, 1e-6, 0.1, 1)]
    assert max(apart[:2]) < 0.01 < apart[2] < apart[3]


def test_auto_is_kriging_with_the_network_as_prior():
    gray, truth = photograph()
    hints = points(truth, (20, 30), (60, 80), (100, 140))
    auto = colorize(gray, hints)
    network = methods.make("network")
    for prior in ("network", "network:boost=1.0", network):
        again = colorize(gray, hints, method="kriging", prior=prior)
        np.testing.assert_array_equal(again.chroma, auto.chroma)
    alone = colorize(gray, hints, prior="guess")
    np.testing.assert_array_equal(alone.chroma, colorize(gray, hints, method="kriging").chroma)
    assert np.abs(alone.chroma - auto.chroma).max() > 1
    np.testing.assert_allclose(auto.chroma[hints.mask], hints.chroma[hints.mask], atol=6)  # up to shading


def test_hints_that_the_network_expects_change_little():
    """The method has nothing to spread where hints say what its prior says."""
    gray, _ = photograph()
    expected = colorize(gray).chroma
    mask = np.zeros(gray.shape, bool)
    mask[::40, ::40] = True
    hints = Hints(mask, np.where(mask[..., None], expected, 0))
    prior = colorize(gray, hints, method="network").chroma
    fused = colorize(gray, hints).chroma
    departure = np.linalg.norm(fused - prior, axis=-1)
    assert departure.mean() <= np.linalg.norm(hints.chroma[mask] - prior[mask], axis=-1).mean() + 0.1


def test_the_network_sees_strokes():
    gray, truth = photograph()
    hints = points(truth, (20, 30), (60, 80), (100, 140))
    seen, unseen = colorize(gray, hints, method="network"), colorize(gray, method="network")
    distance = [np.linalg.norm(result.chroma - truth, axis=-1).mean() for result in (seen, unseen)]
    assert distance[0] < distance[1]


def test_boost_multiplies_what_no_hint_tells():
    gray, truth = photograph()
    once, twice_as_much = (colorize(gray, method="network", boost=boost).chroma for boost in (1, 2))
    np.testing.assert_allclose(twice_as_much, 2 * once, rtol=1e-4, atol=1e-3)
    hints = points(truth, *((row, col) for row in range(4, 120, 6) for col in range(4, 160, 6)))
    once, twice_as_much = (colorize(gray, hints, method="network", boost=boost).chroma for boost in (1, 2))
    assert np.linalg.norm(twice_as_much - once, axis=-1).mean() < 0.7 * np.linalg.norm(once, axis=-1).mean()


def test_backends_and_threads_predict_alike():
    gray, truth = photograph()
    hints = points(truth, (20, 30), (60, 80))
    lightness = np.float32(gray) / 2.55
    cpp, single, numba = (
        methods.make("network").solve(Photograph(lightness, load(*which)), hints)[0]
        for which in (("cpp", 2), ("cpp", 1), ("numba", 2))
    )
    np.testing.assert_array_equal(single, cpp)
    np.testing.assert_allclose(numba, cpp, atol=0.01)


def test_float64_predicts_alike():
    gray, truth = photograph()
    hints = points(truth, (20, 30), (60, 80))
    single, double = (colorize((gray / 255).astype(dtype), hints).chroma for dtype in (np.float32, np.float64))
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single, double, atol=0.1)


def test_a_larger_scan_is_coloured_alike():
    gray, _ = photograph(200, 300)
    small = colorize(gray).chroma
    large = colorize(np.kron(gray, np.ones((3, 3), np.uint8))).chroma
    assert np.linalg.norm(large[1::3, 1::3] - small, axis=-1).mean() < 1.5


def test_other_spaces_start_from_the_same_prior():
    gray, truth = photograph()
    np.testing.assert_array_equal(colorize(gray, space="oklab").chroma, colorize(gray).chroma)
    hints = points(truth, (20, 30), (60, 80), (100, 140))
    lab, oklab = (colorize(gray, hints, space=space).chroma for space in ("lab", "oklab"))
    assert 0 < np.linalg.norm(lab - oklab, axis=-1).mean() < 2
    with pytest.raises(ValueError, match="space must be 'lab' with method 'network', but is 'oklab'"):
        colorize(gray, method="network", space="oklab")


def test_a_prior_must_be_one():
    gray, _ = photograph()
    with pytest.raises(ValueError, match="prior must be 'none' with method 'network', but is 'tgv'"):
        colorize(gray, method="network", prior="tgv")
    with pytest.raises(ValueError, match=r"prior must be one of none, auto, .* is 'networks' .did you mean 'network'"):
        colorize(gray, prior="networks")
    with pytest.raises(ValueError, match="options of a method must be written option=value"):
        colorize(gray, prior="network:boost")
    with pytest.raises(ValueError, match="boost must be at least 0 and at most 10, but is -1"):
        colorize(gray, prior="network:boost=-1")
    with pytest.raises(TypeError, match="boost must be a number, but is 'nan'"):
        colorize(gray, prior="network:boost=nan")
    with pytest.raises(TypeError, match=r"sites must be a whole number, but is 2\.5"):
        colorize(gray, prior="network:sites=2.5")
    with pytest.raises(TypeError, match="prior must be a method, the name of one, or None, but is 5"):
        colorize(gray, prior=5)
    with pytest.raises(ValueError, match=r"method 'tgv' needs at least one hint.*auto and network need none"):
        colorize(gray, method="tgv")


def test_any_method_can_be_a_prior():
    gray, truth = photograph()
    hints = points(truth, (20, 30), (60, 80))
    graph = colorize(gray, hints, method="graph").chroma
    again = colorize(gray, hints, method="tgv", prior="graph").chroma  # whose hints are met already
    np.testing.assert_allclose(again, graph, atol=0.5)


def test_previews_start_from_the_last_prior(monkeypatch):
    gray, truth = photograph()
    colorizer = Colorizer(gray)
    asked, ask = [], answer.ask
    monkeypatch.setattr("pyvarcolor.methods.network.ask", lambda *given, **how: asked.append(1) or ask(*given, **how))
    colorizer.update()
    colorizer.update(points(truth, (20, 30)), preview=True)
    assert len(asked) == 1
    final = colorizer.update(points(truth, (20, 30)))
    assert len(asked) == 2
    near = colorizer.update(points(truth, (20, 30)), preview=True)
    assert len(asked) == 2
    assert np.linalg.norm(near.chroma - final.chroma, axis=-1).mean() < 1
    colorizer.update(preview=True)
    assert len(asked) == 3  # all strokes are erased: what they told the network must not stay


def test_tiles_take_the_small_picture_for_a_prior():
    gray = np.tile(photograph()[0], (3, 5))
    whole = colorize(gray)
    for options in ({}, {"method": "network", "boost": 1.0}):
        tiled = colorize_tiles(gray, tile=256, **options)
        assert np.linalg.norm(tiled.chroma - whole.chroma, axis=-1).mean() < 3
        lower, upper = tiled.interval(0.8)
        assert (lower < tiled.chroma).all()
        assert (tiled.chroma < upper).all()
        assert tiled.uncertainty.shape == gray.shape


def test_intervals_are_nested_and_narrow_where_strokes_are():
    gray, truth = photograph()
    free, painted = (
        colorize(gray),
        colorize(gray, points(truth, *((r, c) for r in (20, 60, 100) for c in (30, 80, 130)))),
    )
    width = {}
    for name, result in (("free", free), ("painted", painted)):
        halves = []
        for level in (0.5, 0.8, 0.9, 0.99):
            lower, upper = result.interval(level)
            np.testing.assert_allclose((lower + upper) / 2, result.chroma, atol=1e-3)
            halves.append(upper - lower)
        assert all((wide > narrow).all() for narrow, wide in itertools.pairwise(halves))
        width[name] = np.mean(halves[2])
    assert width["painted"] < 0.9 * width["free"]
    assert painted.uncertainty.mean() < free.uncertainty.mean()
    assert free.uncertainty.shape == gray.shape


def test_intervals_widen_where_strokes_surprise_each_other():
    gray = np.full((120, 160), 128, np.uint8)
    places = [(r, c) for r in (20, 60, 100) for c in (30, 80, 130)]
    mask, colours = np.zeros(gray.shape, bool), np.zeros((*gray.shape, 2))
    for k, (r, c) in enumerate(places):
        at = slice(r - 1, r + 2), slice(c - 1, c + 2)
        mask[at], colours[at] = True, (30, 30 * (-1) ** k)
    alike = Hints(mask, np.abs(colours))

    def scales(hints):
        """What is expected, and what the network alone says."""
        each = doubt.NetworkUncertainty(np.full(gray.shape, 50, np.float32), hints, load("cpp"))
        said = np.ascontiguousarray(normalize_hints(hints, each.lightness).transpose(0, 2, 1))
        weight = hints.weight(np.float32)
        return each.scale(), ask(Photograph(each.lightness, load("cpp")), said, weight).scale

    ratio = []
    for hints in (alike, Hints(mask, colours), Hints.none(gray.shape)):
        expected, said = scales(hints)
        said = enlarge(said, np.zeros(gray.shape, np.float32)).transpose(0, 2, 1)
        factor = expected / said
        np.testing.assert_allclose(factor, factor.mean(), rtol=1e-4)
        ratio.append(factor.mean())
    assert ratio[1] > 1.3 * ratio[0]
    np.testing.assert_allclose(ratio[2], doubt.SURPRISE**doubt.POWER, rtol=1e-4)
    unsure = Hints(mask, colours, np.full(gray.shape, 1e-6))
    np.testing.assert_allclose(scales(unsure)[0], scales(Hints.none(gray.shape))[0], rtol=1e-3)


def test_intervals_hold_most_of_the_truth():
    """Four photographs: the promise is for many."""
    held = []
    for picture in (data.astronaut, data.chelsea, data.coffee, data.rocket):
        gray, truth = photograph(picture=picture)
        for hints in (None, points(truth, (20, 30), (60, 80), (100, 140))):
            lower, upper = colorize(gray, hints).interval(0.9)
            held.append(((lower <= truth) & (truth <= upper)).mean())
    assert 0.7 < np.mean(held) < 0.99


@pytest.mark.parametrize("level", [0, 0.49, 0.995, 1, 90, float("nan")])
def test_a_level_out_of_range_is_refused(level):
    with pytest.raises(ValueError, match=r"level must lie in 0.5..0.99, but is"):
        colorize(photograph()[0]).interval(level)


def test_a_level_is_a_number():
    result = colorize(photograph()[0])
    np.testing.assert_allclose(result.interval(np.float32(0.99)), result.interval(0.99))
    with pytest.raises(TypeError, match=r"level must be a number, but is '0\.9'"):
        result.interval("0.9")


def test_without_the_network_there_is_no_interval():
    gray, truth = photograph()
    result = colorize(gray, points(truth, (20, 30)), method="graph")
    with pytest.raises(ValueError, match=r"an interval at level 0\.9 needs the network"):
        result.interval()
    assert result.uncertainty.shape == gray.shape


def test_the_calibration_is_in_order():
    table = doubt.calibration()
    assert table.quantiles.shape == (len(doubt.MOST_DOTS) + len(doubt.MOST_STROKES) + 2, len(table.levels), 2)
    assert (np.diff(table.levels) > 0).all()
    assert (np.diff(table.quantiles, axis=1) > 0).all()
    assert (table.quantiles > 0).all()
    assert ((table.deviation > 0.3) & (table.deviation < 5)).all()


def test_a_result_of_the_network_can_be_pickled():
    gray, truth = photograph()
    for result in (colorize(gray), colorize(gray, points(truth, (20, 30)))):
        again = pickle.loads(pickle.dumps(result))
        np.testing.assert_array_equal(again.interval()[0], result.interval()[0])
        np.testing.assert_array_equal(again.uncertainty, result.uncertainty)


def test_bounds_depend_on_the_number_of_strokes():
    gray, truth = photograph(240, 320)
    rows = []
    for count in (0, 1, 2, 3, 5, 6, 20, 21):
        places = [(4 + 5 * (k // 5), 4 + 30 * (k % 5)) for k in range(count)]
        hints = points(truth, *places) if places else Hints.none(gray.shape)
        rows.append(doubt.NetworkUncertainty(np.float32(gray), hints, load("cpp")).row)
    assert rows == [0, 1, 1, 2, 2, 3, 3, 4]
    small = Hints.from_points([(40, 40, (20, 10)), (60, 70, (0, 9))], (100, 100))  # 3 x 3 pixels are a dot there, too
    assert doubt.NetworkUncertainty(np.zeros((100, 100), np.float32), small, load("cpp")).row == 1
    places = [(4 + 5 * (k // 5), 4 + 5 * (k % 5)) for k in range(20)] + [(6, 7), (8, 10)]
    touching = points(truth[:100, :100], *places)  # a lump of dots is no stroke
    assert doubt.NetworkUncertainty(np.zeros((100, 100), np.float32), touching, load("cpp")).row == 3
    line = np.zeros(gray.shape, bool)
    line[5, 5:60] = True
    hints = Hints(line, np.zeros((*gray.shape, 2)))
    assert doubt.NetworkUncertainty(np.float32(gray), hints, load("cpp")).row == 6
