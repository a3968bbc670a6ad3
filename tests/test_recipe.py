"""A recipe: chosen once, the same wherever it is asked; and what a prior may be."""

import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest
from backends import load

from pyvarcolor import Colorizer, Hints, Recipe, SolverReport, colorize, colorize_tiles, methods
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.learned.doubt import GuessUncertainty, NetworkUncertainty
from pyvarcolor.photograph import Photograph
from pyvarcolor.recipe import Given
from pyvarcolor.result import Expected

SHAPE = 26, 34

pytestmark = pytest.mark.filterwarnings("ignore::pyvarcolor.NotConvergedWarning")


def scene(seed=5387):
    """A photograph of two regions with grain, three strokes, one of them unsure, and chroma from elsewhere."""
    rng = np.random.default_rng(seed)
    rows, cols = np.indices(SHAPE)
    gray = (0.35 + 0.25 * (cols + 0.4 * rows > 20) + rng.normal(0, 0.02, SHAPE)).clip(0, 1).astype(np.float32)
    hints = Hints.from_points([(4, 4, (30, 20)), (18, 9, (12, 30)), (10, 29, (-20, 15))], SHAPE)
    confidence = hints.mask * np.where(cols < 12, np.float32(0.8), np.float32(1))
    elsewhere = np.stack([20 * np.sin(rows / 5), 15 * np.cos(cols / 4)], axis=-1).astype(np.float32)
    return gray, Hints(hints.mask, hints.chroma, confidence), elsewhere


# --- what was chosen ---


def test_auto_is_kriging_from_what_the_network_expects():
    assert Recipe.of() == Recipe.of("auto") == Recipe.of("kriging", prior="network")
    assert Recipe.of("auto", prior="none") == Recipe.of("kriging", prior="none") != Recipe.of("kriging")


def test_each_method_names_its_usual_prior():
    usual = {name: Recipe.of(name).prior for name in methods.names() if name != "onnx"}
    assert {name: prior.method.name for name, prior in usual.items() if prior} == {"kriging": "guess", "tgv": "guess"}


def test_a_recipe_is_taken_as_it_is_by_every_door():
    gray, hints, _ = scene()
    recipe = Recipe.of("tv", prior="network", space="oklab", max_iter=30)
    by_name = {"method": "tv", "prior": "network", "space": "oklab", "max_iter": 30}
    for door in (colorize, colorize_tiles, lambda *what, **how: Colorizer(what[0], **how).update(what[1])):
        np.testing.assert_array_equal(door(gray, hints, method=recipe).chroma, door(gray, hints, **by_name).chroma)
        with pytest.raises(TypeError, match="method is a recipe: prior, space and options are part of it"):
            door(gray, hints, method=recipe, space="lab", max_iter=3)


def test_a_recipe_can_be_written_as_a_person_does():
    assert Recipe.parse("tgv:alpha0=5,prior=network:boost=1.2") == Recipe.of("tgv", alpha0=5, prior="network:boost=1.2")
    assert Recipe.parse("graph:space=oklab") == Recipe.of("graph", space="oklab")
    assert Recipe.parse("auto") == Recipe.of()


@pytest.mark.parametrize(
    ("choices", "error", "sentence"),
    [
        (
            {"method": "network", "space": "oklab"},
            ValueError,
            "space must be 'lab' with method 'network', but is 'oklab'",
        ),
        (
            {"method": "network", "prior": "graph"},
            ValueError,
            "prior must be 'none' with method 'network', but is 'graph'",
        ),
        ({"space": "hsv"}, ValueError, "space must be one of lab, oklab, ycbcr, but is 'hsv'"),
        ({"prior": "netwrk"}, ValueError, r"prior must be one of none, auto, .* \(did you mean 'network'\?\)"),
        (
            {"prior": 3.5j},
            TypeError,
            r"prior must be a method, the name of one, or None, but is 3.5j, which is no chroma",
        ),
        ({"prior": np.zeros((4, 5))}, ValueError, r"prior must have shape \(H, W, 2\) where it is chroma, but has"),
        ({"prior": np.full((4, 5, 2), np.nan)}, ValueError, "prior must be finite"),
        (
            {"prior": (np.zeros((4, 5, 2)), np.ones((5, 4)))},
            ValueError,
            r"confidence of the prior must have shape \(4, 5\)",
        ),
        (
            {"prior": (np.zeros((4, 5, 2)), np.full((4, 5), 2))},
            ValueError,
            r"confidence of the prior must lie in 0\.\.1",
        ),
    ],
)
def test_a_wrong_choice_is_named(choices, error, sentence):
    with pytest.raises(error, match=sentence):
        Recipe.of(**choices)


def test_it_says_who_needs_hints_and_memory():
    assert [Recipe.of(name).needs_hints for name in ("auto", "network", "graph", "kriging", "guess")] == [0, 0, 1, 1, 1]
    assert not Recipe.of("graph", prior=np.zeros((2, 3, 2))).needs_hints
    for name in ("graph", "tgv"):
        alone, both = Recipe.of(name, prior="none"), Recipe.of(name, prior="matting")
        assert both.peak_floats_per_pixel == max(
            alone.peak_floats_per_pixel, Recipe.of("matting").peak_floats_per_pixel
        )


def test_a_draft_has_a_draft_of_its_prior():
    draft = Recipe.of("tgv", alpha0=5.0).draft
    assert (draft.method.max_iter, draft.method.alpha0, draft.prior.method.sites) == (0, 5, 200)
    assert draft.draft == draft


def test_facts_tell_recipes_apart_and_nothing_else():
    _, _, elsewhere = scene()
    made = [
        *(Recipe.of(name) for name in methods.names() if name != "onnx"),
        *(
            Recipe.of("graph", prior=prior)
            for prior in ("kriging", "kriging:prior=network", "network", "network:boost=2")
        ),
        *(Recipe.of("graph", prior=prior) for prior in (elsewhere, (elsewhere, np.ones(SHAPE)), elsewhere + 1)),
        *(Recipe.of("graph", space=space) for space in ("oklab", "ycbcr")),
    ]
    assert len({repr(recipe.facts()) for recipe in made}) == len(made)
    assert Recipe.of("graph", prior=elsewhere).facts() == Recipe.of("graph", prior=elsewhere.copy()).facts()
    assert Recipe.of().facts() == Recipe.of("kriging", prior="network").facts()


def test_choices_are_what_differs():
    assert Recipe.of("tgv", alpha0=5.0, alpha1=1.0).choices() == {
        "options": {"alpha0": 5.0},
        "prior": {"method": "guess", "options": {}},
        "space": "lab",
    }
    assert Recipe.of("graph").choices()["prior"] is None


def test_a_recipe_can_be_sent_to_another_process():
    recipe = Recipe.of("tgv", prior="network:boost=2", space="oklab", alpha0=3.0)
    assert pickle.loads(pickle.dumps(recipe)) == recipe


# --- wrong answers that a cache keyed by words gave ---


@pytest.mark.parametrize(
    ("method", "prior"),
    [
        ("random-walker", "random-walker:beta=1"),  # was solved with the prior's weights
        ("bilateral", "bilateral:cells=4"),  # on the prior's grid
        ("tv:solver=primal-dual,max_iter=40,tol=0", "graph"),  # from the prior's solution
    ],
)
def test_a_method_takes_nothing_over_from_its_prior(method, prior):
    gray, hints, _ = scene()
    expected = colorize(gray, hints, method=Recipe.parse(prior)).chroma
    together = colorize(
        gray, hints, method=Recipe.parse(f"{method},prior={prior}" if ":" in method else f"{method}:prior={prior}")
    )
    apart = colorize(gray, hints, method=replace(Recipe.parse(method), prior=Given(expected)))
    np.testing.assert_array_equal(together.chroma, apart.chroma)


RECIPES = [name for name in methods.names() if name != "onnx"]
TAKING = [name for name in RECIPES if methods.get(name).needs_hints]


@pytest.mark.parametrize("prior", RECIPES)
@pytest.mark.parametrize("method", TAKING)
def test_what_was_solved_before_changes_no_bit(method, prior):
    """Every method with every method as its prior, on a photograph that all of them have been at."""
    gray, hints, _ = scene()
    short = {"max_iter": 10, "tol": 0.0} if hasattr(methods.get(method), "max_iter") else {}
    recipe = Recipe.of(method, prior=prior, **short)
    lightness = lightness_from_gray(gray)
    cold = recipe.answer(Photograph(lightness, load("cpp")), hints).chroma
    warm = Photograph(lightness, load("cpp"))
    fewer = Hints(hints.mask & (np.indices(SHAPE)[1] < 20), hints.chroma, hints.confidence)
    for before, given in ((recipe.prior, hints), (Recipe.of(method, prior="none"), fewer), (recipe, fewer)):
        before.answer(warm, given)
    np.testing.assert_array_equal(recipe.answer(warm, hints).chroma, cold)


# --- chroma from elsewhere ---


def test_given_chroma_is_the_answer_where_there_is_no_stroke(backend):
    gray, _, elsewhere = scene()
    result = colorize(gray, prior=elsewhere, backend=backend)
    np.testing.assert_array_equal(result.chroma, elsewhere)
    assert (result.report.method, result.report.backend) == ("given", backend)


@pytest.mark.parametrize("method", [name for name in TAKING if name not in ("guess", "heat")])
def test_strokes_that_a_given_prior_expects_change_nothing(method):
    gray, hints, elsewhere = scene()
    agreeing = Hints(hints.mask, np.where(hints.mask[..., None], elsewhere, 0))
    result = colorize(gray, agreeing, method=method, prior=elsewhere, normalize=False)
    np.testing.assert_allclose(result.chroma, elsewhere, atol=0.02)


def test_an_earlier_result_is_a_prior_and_so_is_that_of_the_same_recipe():
    gray, hints, _ = scene()
    for prior in ("network", "kriging", "tv:max_iter=20"):
        earlier = colorize(gray, hints, method=Recipe.parse(prior))
        given, named = (colorize(gray, hints, method="graph", prior=each) for each in (earlier, prior))
        np.testing.assert_array_equal(given.chroma, named.chroma)


def test_the_more_confident_a_prior_the_less_strokes_change():
    gray, hints, elsewhere = scene()
    sure = Hints(hints.mask, hints.chroma)
    moved = []
    for confidence in (0, 0.01, 0.3, 0.9, 1):
        given = elsewhere, np.full(SHAPE, confidence)
        chroma = colorize(gray, sure, method="graph", prior=given, normalize=False).chroma
        np.testing.assert_allclose(chroma[sure.mask], sure.chroma[sure.mask], atol=1e-3)  # strokes bind
        moved.append(np.abs(chroma - elsewhere)[~sure.mask].mean())
    assert moved[0] > moved[1] > moved[2] > moved[3] > moved[4] == pytest.approx(0, abs=1e-5)
    unsure = colorize(gray, sure, method="graph", prior=elsewhere, normalize=False)
    np.testing.assert_array_equal(
        colorize(gray, sure, method="graph", prior=(elsewhere, np.zeros(SHAPE)), normalize=False).chroma, unsure.chroma
    )


def test_a_prior_is_confident_where_it_says_so():
    gray, hints, elsewhere = scene()
    confidence = np.where(np.indices(SHAPE)[1] < 17, 1.0, 0.0)
    chroma = colorize(gray, hints, method="graph", prior=(elsewhere, confidence), normalize=False).chroma
    moved = np.abs(chroma - elsewhere).max(axis=2) * ~hints.mask
    assert moved[:, :17].max() < 1e-5
    assert moved[:, 17:].max() > 3


def test_confidence_is_a_soft_hint_of_the_expected_colour():
    """On the graph, whose energy is a sum of squares: the same minimum, written in two ways."""
    gray, hints, elsewhere = scene()
    confidence = np.full(SHAPE, 0.2)
    drawn = np.where(hints.mask, hints.confidence, confidence)
    held = Hints(np.ones(SHAPE, bool), np.where(hints.mask[..., None], hints.chroma, elsewhere), drawn)
    options = {"method": "graph", "normalize": False, "tol": 1e-6}
    by_hand = colorize(gray, held, prior=elsewhere, **options).chroma
    away = ~hints.mask
    confidence[hints.mask] = 0
    np.testing.assert_allclose(
        colorize(gray, hints, prior=(elsewhere, confidence), **options).chroma[away], by_hand[away], atol=1e-3
    )


def test_a_given_prior_has_the_size_of_the_photograph():
    gray, hints, elsewhere = scene()
    with pytest.raises(ValueError, match=r"prior must have shape \(26, 34, 2\), but has shape \(25, 34, 2\)"):
        colorize(gray, hints, prior=elsewhere[1:])


def test_a_given_prior_is_coloured_from_in_tiles_too():
    rng = np.random.default_rng(2917)
    shape = 300, 700
    rows, cols = np.indices(shape)
    gray = (0.5 + 0.1 * np.sin(cols / 40) + rng.normal(0, 0.01, shape)).astype(np.float32)
    elsewhere = np.stack([20 * np.sin(rows / 90), 15 * np.cos(cols / 80)], axis=-1)
    hints = Hints.from_points([(150, 80, (30, 10))], shape, radius=4)
    prior = elsewhere, np.full(shape, 0.5)
    tiled = colorize_tiles(gray, hints, tile=256, prior=prior).chroma
    assert np.abs(tiled - elsewhere)[:, 200:].mean() < 2
    np.testing.assert_allclose(tiled[150, 80], [30, 10], atol=2)


# --- uncertainty is asked of the method ---


def test_who_knows_how_sure_the_answer_is_is_asked():
    gray, hints, elsewhere = scene()
    photograph = Photograph(lightness_from_gray(gray), load("cpp"))
    for recipe, kind in [
        (Recipe.of(), NetworkUncertainty),
        (Recipe.of("network"), NetworkUncertainty),
        (Recipe.of("graph", prior="kriging:prior=network"), NetworkUncertainty),
        (Recipe.of("kriging"), GuessUncertainty),
        (Recipe.of("graph", prior=elsewhere), GuessUncertainty),
    ]:
        assert type(recipe.doubt(photograph, hints)) is kind


def test_a_method_of_others_can_have_intervals(monkeypatch):
    monkeypatch.setattr(methods, "_registry", dict(methods._registry))

    class Sure:
        """One and the same doubt everywhere."""

        def deviation(self):
            return np.full(SHAPE, 3.0)

        def half_width(self, level):
            return np.full((*SHAPE, 2), 10 * level)

    @methods.register("oracle", "all is red")
    @dataclass(frozen=True)
    class Oracle:
        needs_hints = False

        def solve(self, photograph, hints, *, prior=None, initial=None, callback=None, warm=None):
            return np.full((*SHAPE, 2), 30, np.float32), SolverReport("oracle", "cpp", 1, 1, 0.0, "direct")

        def uncertainty(self, photograph, hints):
            return Sure()

    gray, hints, _ = scene()
    for result in (colorize(gray, method="oracle"), colorize(gray, hints, method="graph", prior="oracle")):
        assert (result.uncertainty == 3).all()
        lower, upper = result.interval(0.8)
        np.testing.assert_allclose(upper - lower, 16)


def test_what_is_expected_is_asked_once_and_handed_on():
    gray, hints, _ = scene()
    photograph = Photograph(lightness_from_gray(gray), load("cpp"))
    recipe = Recipe.of("graph", prior="network")
    expected = recipe.expect(photograph, hints)
    assert isinstance(expected, Expected)
    chroma, report = recipe.solve(photograph, hints, expected)
    np.testing.assert_allclose(
        chroma, colorize(gray, hints, method=recipe).chroma, atol=1e-4
    )  # linear algebra on more threads
    assert report.seconds >= expected.report.seconds
    assert Recipe.of("graph").expect(photograph, hints) is None
    assert Recipe.of("kriging").expect(photograph, Hints.none(SHAPE)) is None
