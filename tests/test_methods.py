"""Laws that every method keeps, asked of the whole registry."""

import sys
from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from backends import load
from randomness import rng

from pyvarcolor import Hints, Recipe, colorize, methods
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.methods.base import Propagation
from pyvarcolor.photograph import Photograph
from pyvarcolor.result import Expected, SolverReport, WarmStart
from pyvarcolor.shading import normalize_hints, phi

ALONE = {"prior": "none", "scale_u": 100.0}  # without a prior colour has far to go
SPREADING = [name for name in methods.names() if issubclass(methods.get(name), Propagation)]
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in SPREADING),
    ("heat", {"reimpose": False}),
    ("graph", {"beta": 10.0}),
    ("graph", {"weights": "levin"}),
    ("tv", {"tensor": True}),
    *(("tgv", ALONE | options) for options in ({}, {"tensor": True}, {"beta": 0.0}, {"alpha0": 0.0, "alpha1": 0.0})),
]
IDS = [" ".join([name, *(f"{k}={v}" for k, v in options.items())]) for name, options in VARIANTS]
NOTHING_DONE = SolverReport("given", "cpp", 1, 0, 0.0, "direct")
EXACT = {"normalize": False, "tol": 1e-7, "max_iter": 4000, "edge_blur": 0.0, "edge_scale": 1.0}

pytestmark = pytest.mark.filterwarnings("ignore::pyvarcolor.NotConvergedWarning")


@pytest.fixture(params=VARIANTS, ids=IDS)
def variant(request):
    return request.param


def scene(shape=(22, 30), dtype=np.float32):
    """Two regions with soft shading and grain, and three strokes."""
    rows, cols = np.indices(shape)
    lightness = 40 + 0.3 * rows + 25 * (cols + 0.3 * rows > 16) + rng().normal(0, 0.1, shape)
    points = [(4, 4, (30, 20)), (16, 8, (12, 30)), (10, 26, (-20, 15))]
    return lightness.astype(dtype), Hints.from_points(points, shape)


def make(variant, **more):
    """The method of a variant, exact, with those of the options `more` that it has."""
    name, options = variant[0], {option: value for option, value in variant[1].items() if option != "prior"}
    has = {field.name for field in fields(methods.get(name))}
    return methods.make(name, **{option: value for option, value in (EXACT | options | more).items() if option in has})


def solve(variant, lightness, hints, backend="cpp", threads=2, initial=None, callback=None, prior=None, **more):
    """The answer of a variant from its usual prior, or from chroma that is expected."""
    recipe = replace(recipe_of(variant), method=make(variant, **more))
    photograph = Photograph(lightness, load(backend, threads))
    expected = recipe.expect(photograph, hints) if prior is None else Expected(prior, NOTHING_DONE)
    return recipe.solve(photograph, hints, expected, initial=initial, callback=callback)


def recipe_of(variant):
    name, options = variant
    return Recipe.of(name, **options)


def fades(variant):
    return variant[1].get("reimpose") is False


def may_pale(variant):
    """Far from all strokes, as a guess does."""
    return fades(variant) or recipe_of(variant).prior is not None


def iterates(variant):
    return hasattr(make(variant), "stop_rule")


def test_hard_hints_are_met(variant, backend):
    if fades(variant):
        pytest.skip("this variant is meant to let the strokes fade")
    lightness, hints = scene()
    chroma, _ = solve(variant, lightness, hints, backend)
    np.testing.assert_allclose(chroma[hints.mask], hints.chroma[hints.mask], atol=1e-4)


def test_normalized_hints_are_met_up_to_shading(variant):
    if fades(variant):
        pytest.skip("this variant is meant to let the strokes fade")
    lightness, hints = scene()
    chroma, _ = solve(variant, lightness, hints, normalize=True)
    expected = normalize_hints(hints, lightness) * phi(lightness)[..., None]
    np.testing.assert_allclose(chroma[hints.mask], expected[hints.mask], atol=1e-4)
    first = hints.mask & (np.indices(hints.mask.shape)[1] < 6)
    shading = phi(lightness)[first] / phi(lightness)[first].mean()
    np.testing.assert_allclose(chroma[first], shading[:, None] * np.float32([30, 20]), atol=1e-3)


def expected_chroma(lightness):
    """Some chroma to expect, that hints may agree with or not."""
    rows, cols = np.indices(lightness.shape)
    return np.stack([10 + 0.5 * rows, 20 - 0.7 * cols], axis=-1).astype(lightness.dtype)


def test_hints_that_a_prior_expects_change_nothing(variant, backend):
    lightness, hints = scene()
    prior = expected_chroma(lightness)
    agreeing = Hints(hints.mask, np.where(hints.mask[..., None], prior, 0))
    chroma, _ = solve(variant, lightness, agreeing, backend, prior=prior)
    np.testing.assert_allclose(chroma, prior, atol=1e-4)


def test_hard_hints_are_met_with_a_prior(variant):
    if fades(variant):
        pytest.skip("this variant is meant to let the strokes fade")
    lightness, hints = scene()
    chroma, _ = solve(variant, lightness, hints, prior=expected_chroma(lightness))
    np.testing.assert_allclose(chroma[hints.mask], hints.chroma[hints.mask], atol=1e-3)


def test_a_prior_is_the_same_in_float64(variant):
    lightness, hints = scene(dtype=np.float64)
    prior = expected_chroma(lightness)
    chroma, _ = solve(variant, lightness, hints, prior=prior)
    single, _ = solve(variant, lightness.astype(np.float32), hints, prior=prior.astype(np.float32))
    assert chroma.dtype == np.float64
    np.testing.assert_allclose(single, chroma, atol=0.05)


def test_one_colour_everywhere_gives_that_colour(variant, backend):
    if may_pale(variant):
        pytest.skip("this variant is meant to let colour fade")
    lightness, hints = scene()
    same = Hints(hints.mask, np.where(hints.mask[..., None], np.float32([17, -9]), 0))
    chroma, _ = solve(variant, lightness, same, backend)
    np.testing.assert_allclose(chroma, np.broadcast_to(np.float32([17, -9]), chroma.shape), atol=0.05)


def test_neutral_strokes_give_gray(variant):
    lightness, hints = scene()
    neutral = Hints(hints.mask, np.zeros((*hints.mask.shape, 2)))
    chroma, _ = solve(variant, lightness, neutral)
    assert np.abs(chroma).max() == 0


def test_chroma_stays_in_range_where_the_method_promises_it(variant, backend):
    name, method = variant[0], recipe_of(variant).method
    lightness, hints = scene()
    chroma, _ = solve(variant, lightness, hints, backend)
    held = hints.chroma[hints.mask]
    low, high = held.min(axis=0), held.max(axis=0)
    if name == "heat":  # which starts from gray
        low = np.minimum(low, 0)
    excess = np.maximum(low - chroma, chroma - high).max()
    if method.maximum_principle:
        assert excess <= (0.05 if name == "tv" else 1e-3)  # tv is still on its way
    else:
        assert excess <= 0.5 * (high - low).max()  # extrapolates, within reason


def test_transposing_the_photograph_transposes_the_colours(variant):
    lightness, hints = scene(dtype=np.float64)
    turned = Hints(hints.mask.T, hints.chroma.swapaxes(0, 1))
    chroma, _ = solve(variant, lightness, hints)
    chroma_turned, _ = solve(variant, np.ascontiguousarray(lightness.T), turned)
    # the multigrid that TV and TGV start from stops at another point, and 4000 iterations do not forget it; few of its
    # iterations sharpen a guess
    near = 0.05 if may_pale(variant) else 3e-3
    np.testing.assert_allclose(chroma_turned.swapaxes(0, 1), chroma, atol=near)


def test_float32_agrees_with_float64(variant):
    lightness, hints = scene(dtype=np.float64)
    double, _ = solve(variant, lightness, hints)
    single, _ = solve(variant, lightness.astype(np.float32), hints)
    assert (single.dtype, double.dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(single, double, atol=0.2)


def test_any_number_of_threads_gives_the_same_bits(variant, backend):
    lightness, hints = scene((150, 170))
    more = {"max_iter": 60, "tol": 0}
    one, _ = solve(variant, lightness, hints, backend, threads=1, **more)
    for threads in (2, 3):
        many, report = solve(variant, lightness, hints, backend, threads=threads, **more)
        assert report.threads == threads
        assert (many == one).all()


def test_cpp_agrees_with_numba(variant):
    load("numba")
    lightness, hints = scene(dtype=np.float64)
    # BiCGSTAB magnifies rounding on its way, so that its answer is compared and not its path
    more, tolerance = (
        ({"tol": 1e-9}, 1e-4) if variant[1].get("weights") == "levin" else ({"max_iter": 40, "tol": 0}, 1e-6)
    )
    cpp, report = solve(variant, lightness, hints, "cpp", **more)
    numba, _ = solve(variant, lightness, hints, "numba", **more)
    assert report.iterations == (more.get("max_iter", report.iterations) if iterates(variant) else 1)
    np.testing.assert_allclose(numba, cpp, atol=tolerance)


def test_without_hints_the_error_says_so(variant):
    lightness, hints = scene()
    empty = Hints(np.zeros_like(hints.mask), np.zeros_like(hints.chroma))
    with pytest.raises(ValueError, match=f"method '{variant[0]}' needs at least one hint, but hints has none"):
        solve(variant, lightness, empty)


def test_report_is_well_formed(variant, backend):
    lightness, hints = scene()
    chroma, report = solve(variant, lightness, hints, backend, max_iter=50)
    assert chroma.shape == (*lightness.shape, 2)
    assert chroma.dtype == np.float32
    assert (report.method, report.backend) == (variant[0], backend)
    if iterates(variant):
        assert report.iterations == report.checked_at[-1] <= 50
        assert min(report.change) >= 0
    else:
        assert (report.iterations, report.checked_at, report.stopped_by) == (1, (), "direct")
    assert len(report.checked_at) == len(report.energy) == len(report.change)
    assert np.isfinite(report.energy).all()
    assert report.seconds > 0
    assert variant[0] in str(report)
    assert "\n" not in str(report)


def test_energy_goes_down(variant):
    lightness, hints = scene()
    if variant[1].get("weights") == "levin":
        pytest.skip("its energy is the residual of BiCGSTAB, which is not monotone")
    if not iterates(variant):
        pytest.skip("there is one answer and no way to it")
    _, report = solve(variant, lightness, hints, max_iter=20000, check_every=200, tol=0)
    if fades(variant):
        assert (np.diff(report.energy) <= 1e-6).all()
    else:
        # primal-dual iterations overshoot on their way down
        assert report.energy[-1] <= min(report.energy) * 1.05 + 1e-9
        assert report.energy[-1] <= report.energy[0] + 1e-9


def test_inputs_are_left_alone(variant):
    lightness, hints = scene()
    before = lightness.copy(), hints.chroma.copy()
    initial = rng().normal(0, 5, (*lightness.shape, 2)).astype(np.float32)
    kept = initial.copy()
    solve(variant, lightness, hints, initial=initial, max_iter=20)
    assert (lightness == before[0]).all()
    assert (hints.chroma == before[1]).all()
    assert (initial == kept).all()


def test_a_result_is_a_good_start(variant):
    if variant[0] == "heat":
        pytest.skip("heat flows on")
    lightness, hints = scene()
    chroma, report = solve(variant, lightness, hints, tol=1e-3)
    again, second = solve(variant, lightness, hints, initial=chroma, tol=1e-3)
    assert second.iterations <= report.iterations
    np.testing.assert_allclose(again, chroma, atol=1.0)


def test_a_warm_start_leads_to_the_same_answer(variant):
    lightness, hints = scene()
    fewer = Hints(hints.mask & (np.indices(hints.mask.shape)[1] < 20), hints.chroma)
    recipe = replace(recipe_of(variant), method=make(variant, max_iter=400))
    photograph, warm = Photograph(lightness, load("cpp")), WarmStart()
    for each, given in ((recipe.draft, fewer), (recipe, hints), (recipe, fewer), (recipe, hints)):
        shared, _ = each.solve(photograph, given, each.expect(photograph, given), warm=warm)
        alone = each.answer(Photograph(lightness, load("cpp")), given).chroma
        if each is recipe:  # a draft is as near as its start lets it be
            np.testing.assert_allclose(shared, alone, rtol=1e-3, atol=0.2)


def test_soft_hints_pull_and_hard_ones_bind(variant):
    if variant[0] == "heat":
        pytest.skip("heat has no balance of terms")
    lightness, hints = scene()
    gaps = []
    for hint_weight in (1e-3, 0.1, 1e4):
        chroma, _ = solve(variant, lightness, hints, hint_weight=hint_weight)
        gaps.append(np.abs(chroma[hints.mask] - hints.chroma[hints.mask]).mean())
    assert gaps[0] >= gaps[1] >= gaps[2]
    assert gaps[2] < 0.1
    assert gaps[0] > 0.5 or recipe_of(variant).prior is not None  # which takes hints at their word


def test_an_unsure_hint_gives_way(variant):
    lightness, hints = scene()
    confidence = np.ones(lightness.shape, np.float32)
    confidence[:8] = 0.001
    unsure = Hints(hints.mask, hints.chroma, confidence)
    chroma, _ = solve(variant, lightness, unsure)
    assert np.isfinite(chroma).all()
    if variant[0] != "heat":
        assert np.abs(chroma[4, 4] - [30, 20]).max() > 2  # drawn towards its neighbours


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 5)])
def test_tiny_photographs(variant, shape, backend):
    mask = np.zeros(shape, bool)
    mask[0, 0] = True
    hints = Hints(mask, np.where(mask[..., None], np.float32([20, 10]), 0))
    chroma, _ = solve(variant, np.full(shape, 50, np.float32), hints, backend)
    assert np.isfinite(chroma).all()
    if not may_pale(variant):
        np.testing.assert_allclose(chroma, np.broadcast_to(np.float32([20, 10]), chroma.shape), atol=0.5)


def test_strokes_everywhere(variant):
    if fades(variant):
        pytest.skip("this variant is meant to let the strokes fade")
    lightness, _ = scene()
    chroma = rng().normal(0, 20, (*lightness.shape, 2)).astype(np.float32)
    result, _ = solve(variant, lightness, Hints(np.ones(lightness.shape, bool), chroma))
    np.testing.assert_allclose(result, chroma, atol=1e-4)


def test_colour_stops_at_edges():
    """What it is all for: by every method but heat a strong edge separates two colours."""
    gray = np.full((40, 60), 90, np.uint8)
    gray[:, 30:] = 170
    hints = Hints.from_points([(20, 8, (40, 20)), (20, 52, (-30, 20))], gray.shape)
    for name, options in {(name, ()) for name in SPREADING} - {("heat", ())} | {("tgv", (("prior", "none"),))}:
        chroma = colorize(gray, hints, method=name, **dict(options)).chroma
        near = 12 if may_pale((name, dict(options))) else 4  # a guess takes the two for somewhat alike
        np.testing.assert_allclose(chroma[5, 27], [40, 20], atol=near)
        np.testing.assert_allclose(chroma[35, 33], [-30, 20], atol=near)
    heat = colorize(gray, hints, method="heat").chroma
    assert np.abs(heat[5, 27] - [40, 20]).max() > 10


def test_levin_is_the_exact_harmonic_extension():
    import reference
    import scipy.sparse as sp
    import scipy.sparse.linalg

    lightness, hints = scene((19, 28), np.float64)
    chroma, _ = solve(("graph", {"weights": "levin"}), lightness, hints, tol=1e-12)
    operator = reference.levin_operator(reference.levin_weights(lightness / 100))
    free = ~hints.mask.ravel()
    for c in range(2):
        u = np.where(free, 0, hints.chroma[..., c].ravel().astype(float))
        u[free] = scipy.sparse.linalg.spsolve(sp.csc_array(operator[free][:, free]), -(operator @ u)[free])
        np.testing.assert_allclose(chroma[..., c].ravel(), u, atol=1e-3)


# --- the registry ---


def test_unknown_method_lists_the_known_and_guesses():
    with pytest.raises(
        ValueError, match=rf"auto, {', '.join(methods.names())}, but is 'tgvv' \(did you mean 'tgv'\?\)"
    ):
        methods.make("tgvv")


def test_unknown_option_lists_the_valid_and_guesses():
    with pytest.raises(
        TypeError, match=r"method 'tgv' has no option 'alpha2' \(did you mean 'alpha[01]'\?\); its options"
    ):
        methods.make("tgv", alpha2=1)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("heat", "time_step", 0.3),
        ("heat", "time_step", 0),
        ("random-walker", "beta", 0),
        ("bilateral", "smoothness", 0),
        ("bilateral", "cells", 0.5),
        ("bilateral", "luma", -2.0),
        ("matting", "epsilon", 0),
        ("geodesic", "nearest", 0),
        ("geodesic", "power", 0),
        ("geodesic", "length_cost", -1.0),
        ("graph", "edge_scale", 0),
        ("graph", "edge_power", -1),
        ("graph", "edge_floor", 1.5),
        ("graph", "beta", -1),
        ("graph", "weights", "leven"),
        ("graph", "max_iter", -1),
        ("graph", "check_every", 0),
        ("graph", "tol", -1e-3),
        ("graph", "hint_weight", 0),
        ("graph", "hint_weight", float("nan")),
        ("tv", "alpha1", 0),
        ("tv", "relaxation", 2.0),
        ("tv", "scale_u", 0),
        ("tgv", "alpha0", -1),
        ("tgv", "scale_v", 0),
    ],
)
def test_options_out_of_range_are_named_with_their_value(name, option, value):
    with pytest.raises(ValueError, match=rf"{option} must be .*, but is {value!r}"):
        methods.make(name, **{option: value})


def test_tgv_wants_both_alphas_or_neither():
    with pytest.raises(ValueError, match="alpha0 and alpha1 must both be above 0, or both 0, but are 0 and 1"):
        methods.make("tgv", alpha0=0)
    with pytest.raises(ValueError, match="beta must be above 0"):
        methods.make("tgv", alpha0=0, alpha1=0, beta=0)


@pytest.mark.parametrize("name", SPREADING)
def test_every_option_is_documented(name):
    cls = methods.get(name)
    documented = "\n".join(base.__doc__ or "" for base in cls.__mro__)
    assert [f.name for f in fields(cls) if f"{f.name} :" not in documented and f", {f.name} " not in documented] == []


def test_third_parties_add_methods_by_entry_point(monkeypatch):
    plugin = ModuleType("a_plugin")

    def define():
        @methods.register("flood", "one colour for all")
        @dataclass(frozen=True, kw_only=True)
        class Flood:
            strength: float = 1.0

            def solve(self, photograph, hints, *, prior=None, initial=None, callback=None, warm=None):
                kernels, mean = photograph.kernels, hints.chroma[hints.mask].mean(axis=0) * self.strength
                chroma = np.broadcast_to(mean, (*photograph.shape, 2)).astype(photograph.lightness.dtype)
                return chroma, SolverReport("flood", kernels.backend, kernels.threads, 1, 0.0, "direct")

        return Flood

    plugin.Flood = define
    monkeypatch.setitem(sys.modules, "a_plugin", plugin)

    class Entry:
        def load(self):
            return plugin.Flood()

    monkeypatch.setattr(methods, "entry_points", lambda group: [Entry()] if group == "pyvarcolor.methods" else [])
    monkeypatch.setattr(methods, "_registry", dict(methods._registry))
    methods._load_all.cache_clear()
    try:
        assert "flood" in methods.names()
        gray = np.full((4, 5), 128, np.uint8)
        result = colorize(gray, Hints.from_points([(1, 1, (20, 20))], (4, 5)), method="flood", strength=0.5)
        np.testing.assert_allclose(result.chroma, 10)
    finally:
        methods._load_all.cache_clear()


def test_a_taken_name_is_refused():
    with pytest.raises(ValueError, match=r"method name 'graph' is taken by pyvarcolor\.methods\.graph\.Graph"):
        methods.register("graph", "another")(type("Other", (), {}))


def test_lightness_helper_matches_the_pipeline():
    assert lightness_from_gray(np.full((2, 2), 255, np.uint8)).max() == pytest.approx(100, abs=1e-4)
