"""Kriging: the process against its definition, the features against what they promise, the method on photographs."""

import pickle

import numpy as np
import pytest
from backends import load
from randomness import rng
from skimage.transform import rescale, resize

from pyvarcolor import Colorizer, Hints, colorize, colorize_tiles, suggest_strokes
from pyvarcolor.learned.appearance import SIDE, appearance, copy_size, enlarge, make_copy
from pyvarcolor.learned.guess import Guess
from pyvarcolor.photograph import Photograph
from pyvarcolor.solvers.kriging import Kriging

SHARES, SCALES = np.array([0.7, 0.4]), np.array([[1.0, 0.3, 2.0], [5.0, 0.0, 1.0]])


def process(backend="cpp", shape=(9, 13), dtype=np.float64):
    features = rng().normal(size=(shape[0], 3, shape[1])).astype(dtype)
    return Kriging(features, SHARES, SCALES, load(backend)), features


def covariance(one, other):
    """From the definition: sum_k share_k exp(-|scale_k (f - g)|) of features in rows."""
    steps = SCALES[:, None, None] * (one[:, None] - other[None])
    return np.einsum("k,kij->ij", SHARES, np.exp(-np.linalg.norm(steps, axis=-1)))


def sites(count, shape=(9, 13)):
    return np.unravel_index(rng().choice(shape[0] * shape[1], count, replace=False), shape)


# --- the process ---


def test_the_mean_is_that_of_the_definition(backend):
    kriging, features = process(backend)
    places, values, noise = sites(8), rng().normal(size=(8, 2)), rng().uniform(0, 0.5, 8)
    at = features[places[0], :, places[1]]
    every = features.transpose(0, 2, 1).reshape(-1, 3)
    expected = covariance(every, at) @ np.linalg.solve(covariance(at, at) + np.diag(noise), values)
    mean = kriging.mean(places, values, noise)
    np.testing.assert_allclose(mean.transpose(0, 2, 1).reshape(-1, 2), expected, rtol=1e-9)


def test_what_is_surely_known_is_met_and_what_is_not_is_averaged(backend):
    kriging, _ = process(backend)
    places, values = sites(8), rng().normal(size=(8, 2))
    surely = kriging.mean(places, values, np.zeros(8))[places[0], :, places[1]]
    np.testing.assert_allclose(surely, values, atol=1e-9)
    hardly = kriging.mean(places, values, np.full(8, 1e6))
    assert np.abs(hardly).max() < 1e-4


def test_the_mean_is_linear_and_blind_to_the_order_of_sites():
    kriging, _ = process()
    places, values, noise = sites(8), rng().normal(size=(2, 8, 2)), np.full(8, 0.1)
    one, other = (kriging.mean(places, each, noise) for each in values)
    np.testing.assert_allclose(kriging.mean(places, 3 * values[0] - values[1], noise), 3 * one - other, atol=1e-9)
    order = rng().permutation(8)
    turned = kriging.mean((places[0][order], places[1][order]), values[0][order], noise)
    np.testing.assert_allclose(turned, one, atol=1e-9)


def test_the_variance_is_that_of_the_definition():
    kriging, features = process()
    places, noise, asked = sites(8), rng().uniform(0, 0.5, 8), sites(20)
    at, there = (features[rows, :, cols] for rows, cols in (places, asked))
    across = covariance(there, at)
    expected = SHARES.sum() - np.einsum(
        "ij,ji->i", across, np.linalg.solve(covariance(at, at) + np.diag(noise), across.T)
    )
    np.testing.assert_allclose(kriging.variance(places, noise, asked), expected, rtol=1e-9)
    np.testing.assert_allclose(kriging.variance(places, np.zeros(8), places), 0, atol=1e-9)


def test_what_is_left_out_is_told_by_the_others():
    kriging, _ = process()
    places, values, noise = sites(9), rng().normal(size=(9, 2)), rng().uniform(0.01, 0.5, 9)
    group = np.array([2, 0, 1, 1, 2, 2, 3, 1, 2])
    left_out = kriging.left_out(places, values, noise, group)
    for k in range(4):
        others, of = group != k, group == k
        mean = kriging.mean((places[0][others], places[1][others]), values[others], noise[others])
        apart = values[of] - mean[places[0][of], :, places[1][of]]
        np.testing.assert_allclose(left_out[k], apart.mean(axis=0), rtol=1e-7)
    np.testing.assert_allclose(kriging.left_out(places, values, noise, np.zeros(9, int)), [values.mean(axis=0)])


def test_of_very_many_places_some_speak_for_all():
    kriging, _ = process(shape=(40, 50))
    every = np.unravel_index(np.arange(2000), (40, 50))
    chosen = kriging.spread_out(every, 4)
    assert len(set(chosen)) == 4
    assert (chosen % (2000 // 40) == 0).all()


def test_places_are_spread_out_over_what_they_look_like():
    """Three groups of like pixels: the first three choices take one of each."""
    features = np.repeat(np.array([[0.0, 0, 0], [4, 0, 0], [0, 0, 9]]), 5, axis=0).T[None]
    features = features + 1e-3 * rng().normal(size=features.shape)
    kriging = Kriging(features, [1.0], [[1.0, 1.0, 1.0]], load("cpp"))
    every = np.zeros(15, int), np.arange(15)
    chosen = kriging.spread_out(every, 3)
    assert sorted(chosen // 5) == [0, 1, 2]
    np.testing.assert_array_equal(kriging.spread_out(every, 15), np.arange(15))
    assert len(set(kriging.spread_out(every, 9))) == 9


def test_what_tells_most_is_what_lowers_all_variances_most():
    """Against trying every candidate, from the definition of the variance."""
    kriging, features = process(shape=(5, 6))
    known, every = sites(4, (5, 6)), np.unravel_index(np.arange(30), (5, 6))
    noise, importance = rng().uniform(0.1, 0.5, 4), rng().uniform(0.5, 2, 30)
    chosen = kriging.most_telling(known, noise, every, importance, 3)
    rows, cols, noises = known[0], known[1], noise
    for index in chosen:
        totals = []
        for candidate in range(30):
            at = features[np.append(rows, every[0][candidate]), :, np.append(cols, every[1][candidate])]
            among = covariance(at, at) + np.diag(np.append(noises, 1e-9))
            across = covariance(features[every[0], :, every[1]], at)
            variance = SHARES.sum() - np.einsum("ij,ij->i", across, np.linalg.solve(among, across.T).T)
            totals.append(importance @ variance)
        assert totals[index] == pytest.approx(min(totals), rel=1e-6)
        rows, cols, noises = np.append(rows, every[0][index]), np.append(cols, every[1][index]), np.append(noises, 1e-9)


# --- features ---


def test_a_stroke_surprises_by_what_the_others_do_not_say():
    lightness = np.full((60, 90), 50.0)
    weight, hints = np.zeros_like(lightness), np.zeros((60, 2, 90))
    for k, col in enumerate((10, 40, 70)):
        weight[28:31, col : col + 3] = np.inf
        hints[28:31, :, col : col + 3] = [[30], [0]] if k < 2 else [[-30], [0]]
    guess = Guess(Photograph(lightness, load("cpp")))
    alike, _, unlike = guess.surprise(hints, weight)[0]
    assert 2 * alike < unlike
    assert unlike > 30 / np.sqrt(2)  # root mean square of a* and b*
    np.testing.assert_allclose(guess.surprise(3 * hints, weight)[0][[0, 2]], [3 * alike, 3 * unlike])
    weight[28:31, 40:43] = 0.01
    np.testing.assert_allclose(guess.surprise(hints, weight)[1], [1, 0.01 / 1.01, 1])
    alone = np.where(np.arange(90) < 20, weight, 0)
    np.testing.assert_allclose(guess.surprise(hints, alone)[0], 30 / np.sqrt(2) * (52 / 52) ** 0.3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 3), (640, 480), (2000, 30), (1500, 2100)])
def test_the_copy_has_one_size_and_the_same_light(shape):
    rows, cols = np.indices(shape)
    lightness = (50 + 30 * np.sin(3 * rows / max(shape)) * np.cos(2 * cols / max(shape))).astype(np.float32)
    copy = make_copy(lightness)
    assert copy.shape == copy_size(shape)
    assert max(copy.shape) == SIDE
    assert copy.dtype == np.float32
    assert abs(copy.mean() - lightness.mean()) < 0.5
    back = enlarge(np.stack([copy, copy], axis=1), lightness)
    assert back.shape == (shape[0], 2, shape[1])
    assert np.abs(back[:, 0] - lightness).mean() < 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (7, 3), (40, 60), (213, 320), (500, 700)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_enlarged_is_as_scikit_image_has_it(shape, dtype):
    planes = rng().normal(size=(23, 2, 31)).astype(dtype)
    large = enlarge(planes, np.zeros(shape, dtype))
    assert large.dtype == dtype
    assert large.flags.c_contiguous
    expected = [resize(planes[:, c], shape, order=1, mode="edge", anti_aliasing=False) for c in range(2)]
    np.testing.assert_allclose(large, np.stack(expected, axis=1), atol=1e-5)


def test_features_are_finite_on_any_photograph():
    for lightness in (np.zeros((1, 1)), np.full((40, 1), 100.0), rng().uniform(0, 100, (40, 50))):
        features = appearance(lightness, lambda planes: planes)
        assert features.shape == (lightness.shape[0], 7, lightness.shape[1])
        assert np.isfinite(features).all()


def test_features_of_a_region_take_the_smoothed_planes():
    lightness = rng().uniform(0, 100, (12, 16))
    features = appearance(lightness, lambda planes: np.full_like(planes, 0.5))
    np.testing.assert_array_equal(features[:, 3:5], 0.5)
    np.testing.assert_allclose(features[:, 5], np.log1p(20 * 0.5))
    np.testing.assert_array_equal(features[:, 6], 0.5)


# --- the method ---


def look_alikes(shape=(120, 160)):
    """Two dark discs and two rough ones on light ground; one of each is painted, and the ground."""
    rows, cols = np.indices(shape)
    inside = np.zeros(shape, int)
    for kind, (row, col) in [(1, (30, 30)), (2, (30, 120)), (1, (90, 120)), (2, (90, 30))]:
        inside[np.hypot(rows - row, cols - col) < 20] = kind
    lightness = np.choose(inside, [75.0, 35.0, 55.0]) + np.where(inside == 2, 8.0, 0.4) * rng().normal(size=shape)
    gray = np.clip(lightness / 100, 0, 1).astype(np.float32)
    colours = np.float32([[0, 0], [40, 10], [-30, 30]])
    hints = Hints.from_points([(30, 30, colours[1]), (30, 120, colours[2]), (60, 75, colours[0])], shape, radius=3)
    return gray, hints, inside, colours


def test_what_looks_alike_takes_the_same_colour_though_no_path_joins_it(backend):
    gray, hints, inside, colours = look_alikes()
    kriging, graph = (
        colorize(gray, hints, method=method, normalize=False, backend=backend).chroma for method in ("kriging", "graph")
    )
    for row, col in [(90, 120), (90, 30)]:  # the discs that nobody painted
        disc = np.hypot(*(np.indices(gray.shape) - np.array([row, col])[:, None, None])) < 17
        wanted = colours[inside[row, col]]
        found, before = (chroma[disc].mean(axis=0) for chroma in (kriging, graph))
        assert found @ wanted > 0.8 * np.linalg.norm(found) * np.linalg.norm(wanted)  # the hue
        assert np.linalg.norm(found - wanted) < np.linalg.norm(before - wanted)


def test_far_from_the_one_hint_colour_pales_but_never_turns():
    gray, _, _, _ = look_alikes()
    one = Hints.from_points([(30, 30, (40, 10))], gray.shape)
    chroma = colorize(gray, one, method="kriging", normalize=False).chroma
    assert (np.diff(np.quantile(chroma[..., 0], [0, 0.5, 1])) > 0).all()
    assert 0 <= chroma[..., 0].min() < 30
    assert chroma[..., 0].max() <= 40 * 1.02  # the guess is brought to other shading than the stroke's
    np.testing.assert_allclose(chroma[..., 1], chroma[..., 0] / 4, atol=0.02)


def test_a_photograph_scanned_larger_is_coloured_alike():
    gray, hints, _, _ = look_alikes()
    large = rescale(gray, 3, order=1)
    points = [(30, 30, (40, 10)), (30, 120, (-30, 30)), (60, 75, (0, 0))]
    scaled = Hints.from_points([(3 * row + 1, 3 * col + 1, ab) for row, col, ab in points], large.shape, radius=10)
    small_chroma, large_chroma = (
        colorize(each, strokes, method="kriging").chroma for each, strokes in ((gray, hints), (large, scaled))
    )
    apart = np.linalg.norm(large_chroma[1::3, 1::3] - small_chroma, axis=-1)
    assert np.median(apart) < 1
    assert apart.mean() < 2


def test_fewer_sites_give_nearly_the_same():
    gray, _, inside, colours = look_alikes()
    painted = rng().random(gray.shape) < 0.02
    hints = Hints(painted, colours[inside])
    many, few = (colorize(gray, hints, method="kriging", prior=f"guess:sites={count}").chroma for count in (1000, 60))
    assert np.linalg.norm(many - few, axis=-1).mean() < 2


def test_soft_hints_bind_less():
    gray, _, _, _ = look_alikes()
    apart = Hints.from_points([(30, 26, (40, 10)), (30, 34, (0, 10))], gray.shape)
    chroma = [
        colorize(gray, apart, method="kriging", hint_weight=weight, normalize=False).chroma[30, 26, 0]
        for weight in (0.1, 10.0, np.inf)
    ]
    assert 0 < chroma[0] < chroma[1] < chroma[2] == pytest.approx(40, abs=1e-3)


def test_without_a_prior_kriging_is_graph(backend):
    gray, hints, _, _ = look_alikes()
    kriging, graph = (
        colorize(gray, hints, method=method, backend=backend, **options).chroma
        for method, options in (("kriging", {"prior": "none"}), ("graph", {}))
    )
    np.testing.assert_array_equal(kriging, graph)


def test_only_a_preview_keeps_what_was_expected(monkeypatch):
    gray, hints, _, _ = look_alikes()
    made, chroma = [], Guess.coarse_chroma
    monkeypatch.setattr(Guess, "coarse_chroma", lambda self, *given: made.append(given) or chroma(self, *given))
    colorizer = Colorizer(gray, method="kriging", max_iter=0)
    for _ in range(2):
        colorizer.update(hints)
    assert len(made) == 2
    colorizer.update(hints, preview=True)
    assert len(made) == 2


def test_a_preview_spreads_the_new_stroke_from_the_last_guess(monkeypatch):
    gray, hints, _, colours = look_alikes()
    more = Hints.from_points([(30, 30, colours[1]), (30, 120, colours[2]), (10, 75, (-20, -20))], gray.shape, radius=3)
    made, chroma = [], Guess.coarse_chroma
    monkeypatch.setattr(Guess, "coarse_chroma", lambda self, *given: made.append(given) or chroma(self, *given))
    colorizer = Colorizer(gray, method="kriging", normalize=False)
    colorizer.update(hints, preview=True)
    assert len(made) == 1  # there was none before
    colorizer.update(hints)
    preview = colorizer.update(more, preview=True).chroma
    assert len(made) == 2
    np.testing.assert_allclose(preview[10, 75], (-20, -20), atol=1e-3)
    final = colorizer.update(more).chroma
    assert len(made) == 3
    np.testing.assert_allclose(colorizer.update(more, preview=True).chroma, final, atol=1)


def test_tgv_starts_from_the_same_guess():
    gray, hints, inside, colours = look_alikes()
    alone, around = (colorize(gray, hints, method="tgv", prior=prior).chroma for prior in ("none", "guess"))
    for row, col in [(90, 120), (90, 30)]:
        wanted = colours[inside[row, col]]
        assert np.linalg.norm(around[row, col] - wanted) < np.linalg.norm(alone[row, col] - wanted)


# --- uncertainty ---


def test_uncertainty_is_least_at_hints_and_grows_with_unlikeness():
    gray, hints, inside, _ = look_alikes()
    ground = Hints.from_points([(60, 75, (0, 0))], gray.shape, radius=3)
    uncertainty = colorize(gray, ground, method="kriging").uncertainty
    assert uncertainty.shape == gray.shape
    assert 0.95 * uncertainty[60, 75] < uncertainty.min()
    assert uncertainty[60, 75] < 2
    assert uncertainty[inside == 0].mean() < uncertainty[inside == 1].mean()
    more = colorize(gray, hints, method="kriging").uncertainty
    assert (more < uncertainty + 1e-3).all()  # each hint tells something, and none unsettles
    assert more[30, 30] < 2 < uncertainty[30, 30]


def test_uncertainty_is_that_of_the_strokes_not_of_the_method():
    gray, hints, _, _ = look_alikes()
    by_default, by_graph = (colorize(gray, hints, method=method).uncertainty for method in ("kriging", "graph"))
    np.testing.assert_array_equal(by_default, by_graph)
    assert by_default is not by_graph
    doubtful = Hints(hints.mask, hints.chroma, np.where(hints.mask, 0.6, 0).astype(np.float32))
    assert (colorize(gray, doubtful, method="graph").uncertainty >= by_default).all()


def test_what_is_painted_is_known():
    gray, _, inside, colours = look_alikes()
    painted = rng().random(gray.shape) < 0.3
    uncertainty = colorize(gray, Hints(painted, colours[inside]), method="kriging").uncertainty
    assert uncertainty[painted].max() < 0.2
    assert np.median(uncertainty[~painted]) > 0.5


def test_a_result_can_be_pickled():
    gray, hints, _, _ = look_alikes()
    for result in (
        colorize(gray, hints),
        colorize_tiles(rescale(gray, 3, order=0), Hints.from_points([(9, 9, (9, 9))], (360, 480)), tile=256),
    ):
        again = pickle.loads(pickle.dumps(result))
        np.testing.assert_array_equal(again.rgb, result.rgb)
        np.testing.assert_array_equal(again.uncertainty, result.uncertainty)


def test_dark_pixels_are_uncertain_by_less():
    gray = np.full((40, 60), 0.7, np.float32)
    gray[:, 30:] = 0.1
    hints = Hints.from_points([(20, 15, (10, 10)), (20, 45, (10, 10))], gray.shape)
    uncertainty = colorize(gray, hints, method="kriging").uncertainty
    assert uncertainty[5, 55] < uncertainty[5, 5]


def test_a_photograph_in_tiles_has_uncertainty_too():
    large = rescale(look_alikes()[0], 3, order=0)
    scaled = Hints.from_points([(91, 91, (40, 10)), (181, 226, (0, 0))], large.shape, radius=9)
    whole = colorize(large, scaled, method="kriging").uncertainty
    tiled = colorize_tiles(large, scaled, tile=256, method="kriging").uncertainty
    assert tiled.shape == large.shape
    assert np.abs(tiled - whole).mean() < 0.1 * whole.mean()


# --- advice ---


def test_what_looks_like_nothing_painted_is_suggested_first():
    gray, hints, inside, _ = look_alikes()
    ground = Hints.from_points([(60, 75, (0, 0))], gray.shape, radius=3)
    row, col = suggest_strokes(gray, ground, count=1)[0]
    assert inside[row, col] > 0
    places = suggest_strokes(gray, hints, count=8)
    assert len(set(places)) == 8
    assert not any(hints.mask[place] for place in places)
    assert places[:3] == suggest_strokes(gray, hints, count=3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (30, 2), (1, 1000)])
def test_a_tiny_photograph_has_places_too(shape):
    places = suggest_strokes(np.full(shape, 0.5), count=4)
    assert 1 <= len(set(places)) == len(places) <= 4
    assert all(0 <= row < shape[0] and 0 <= col < shape[1] for row, col in places)


@pytest.mark.parametrize("count", [0, -3, 2.5])
def test_numbers_of_places_that_make_no_sense_are_refused(count):
    with pytest.raises(ValueError, match=f"count must be a whole number, at least 1, but is {count}"):
        suggest_strokes(np.full((9, 9), 0.5), count=count)
