"""Colorizer: one photograph, strokes that come and go."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from pyvarcolor import Colorizer, Hints, NotConvergedWarning, SolverReport, colorize, methods

SHAPE = (48, 64)
STROKES = [(20, 12, (25, 20)), (30, 50, (-15, -20))]
ANOTHER = (8, 40, (30, -10))
OPTIONS = {
    "graph": {"tol": 1e-4},
    "tv": {"tol": 0, "max_iter": 300},
    "tgv": {"tol": 0, "max_iter": 300},
    "heat": {"tol": 0, "max_iter": 300},
}


def photograph():
    """Gray with an edge, shading and grain."""
    rows, cols = np.indices(SHAPE)
    grain = np.random.default_rng(90217).integers(-2, 3, SHAPE)
    return (90 + 60 * (cols > 32) + rows // 4 + grain).astype(np.uint8)


def hints(*strokes):
    return Hints.from_points(strokes, SHAPE, radius=2)


def distance(one, other):
    """Mean distance of two results in units of a*, b*."""
    return np.linalg.norm(one.chroma - other.chroma, axis=2).mean()


@pytest.mark.parametrize("space", ["lab", "oklab", "ycbcr"])
@pytest.mark.parametrize("method", OPTIONS)
def test_strokes_come_and_go_as_if_each_answer_were_the_first(method, space):
    gray, options = photograph(), {"method": method, "space": space} | OPTIONS[method]
    colorizer = Colorizer(gray, **options)
    recoloured = (*STROKES[0][:2], (-30, 30))
    for strokes in (STROKES, [*STROKES, ANOTHER], STROKES, [recoloured, STROKES[1]], STROKES[:1]):
        answer, fresh = colorizer.update(hints(*strokes)), colorize(gray, hints(*strokes), **options)
        assert distance(answer, fresh) < 0.05
        assert (answer.rgb.dtype, answer.rgb.shape) == (gray.dtype, (*SHAPE, 3))
        assert answer.report.method == method


@pytest.mark.parametrize("method", OPTIONS)
def test_a_preview_is_short_and_the_final_answer_none_the_worse_for_it(method):
    gray = photograph()
    options = {"method": method} | OPTIONS[method]
    colorizer = Colorizer(gray, **options)
    preview = colorizer.update(hints(*STROKES), preview=True)
    final, fresh = colorizer.update(hints(*STROKES)), colorize(gray, hints(*STROKES), **options)
    assert preview.report.stopped_by == "direct"  # and so without a warning: it is meant to be unfinished
    assert preview.report.iterations < fresh.report.iterations
    assert np.isfinite(preview.chroma).all()
    assert distance(final, fresh) < 0.05


@pytest.mark.parametrize(("method", "nearer"), [("graph", 1), ("auto", 2)])
def test_a_preview_is_near(method, nearer):
    colorizer = Colorizer(photograph(), method=method)
    for strokes, near in ((STROKES, 3), ([*STROKES, ANOTHER], nearer)):
        preview = colorizer.update(hints(*strokes), preview=True)
        assert preview.report.iterations == 0
        assert distance(preview, colorizer.update(hints(*strokes))) < near


def test_the_same_strokes_again_are_answered_at_once():
    colorizer = Colorizer(photograph(), method="graph", tol=1e-3)
    first = colorizer.update(hints(*STROKES))
    again = colorizer.update(hints(*STROKES))
    assert first.report.iterations > again.report.iterations == 2
    assert distance(first, again) < 0.01


def test_an_answer_is_not_changed_by_the_next():
    colorizer = Colorizer(photograph())
    first = colorizer.update(hints(*STROKES))
    chroma, rgb = first.chroma.copy(), first.rgb.copy()
    colorizer.update(hints(ANOTHER))
    assert (first.chroma == chroma).all()
    assert (first.rgb == rgb).all()


def test_soft_strokes_follow_hard_ones():
    gray = photograph()
    confidence = np.full(SHAPE, 0.5, np.float32)
    soft = Hints(hints(*STROKES).mask, hints(*STROKES).chroma, confidence)
    colorizer = Colorizer(gray, method="graph", tol=1e-4)
    colorizer.update(hints(*STROKES, ANOTHER))
    assert distance(colorizer.update(soft), colorize(gray, soft, method="graph", tol=1e-4)) < 0.01


def test_strokes_may_be_a_picture():
    strokes = np.zeros((*SHAPE, 3), np.uint8)
    strokes[18:23, 8:20] = 200, 90, 60
    assert (Colorizer(photograph()).update(strokes).rgb == colorize(photograph(), strokes).rgb).all()


def test_an_earlier_result_is_a_start():
    colorizer = Colorizer(photograph(), method="graph", tol=1e-3)
    first = colorizer.update(hints(*STROKES))
    other = colorizer.update(hints(ANOTHER))
    assert distance(first, other) > 5
    back = colorizer.update(hints(*STROKES), initial=first)
    assert back.report.iterations == 2
    assert distance(back, first) < 0.01


def test_callback_sees_each_run_and_may_stop_it():
    seen = []

    def stop(progress):
        seen.append(progress)
        raise StopIteration

    colorizer = Colorizer(photograph(), method="graph", tol=1e-4)
    stopped = colorizer.update(hints(*STROKES), callback=stop)
    assert stopped.report.stopped_by == "callback"
    assert stopped.report.iterations == seen[0].iteration == 2
    assert len(seen) == 1
    assert colorizer.update(hints(*STROKES)).report.stopped_by == "change"


@pytest.mark.parametrize("method", OPTIONS)
def test_ctrl_c_leaves_it_usable(method):
    def interrupt(progress):
        raise KeyboardInterrupt

    gray, options = photograph(), {"method": method} | OPTIONS[method]
    colorizer = Colorizer(gray, **options)
    with pytest.raises(KeyboardInterrupt):
        colorizer.update(hints(*STROKES, ANOTHER), callback=interrupt)
    answer, fresh = colorizer.update(hints(*STROKES)), colorize(gray, hints(*STROKES), **options)
    assert distance(answer, fresh) < 0.05


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            Hints.from_points([(0, 0, (1, 1))], (5, 6)),
            r"hints must have the size of gray \(48, 64\), but have \(5, 6\)",
        ),
        (Hints(np.zeros(SHAPE, bool), np.zeros((*SHAPE, 2))), "needs at least one hint, but hints has none"),
    ],
)
def test_a_refused_update_changes_nothing(given, sentence):
    colorizer = Colorizer(photograph(), method="graph", tol=1e-3)
    first = colorizer.update(hints(*STROKES))
    with pytest.raises(ValueError, match=sentence):
        colorizer.update(given)
    with pytest.raises(ValueError, match=r"initial must have shape \(48, 64, 2\)"):
        colorizer.update(hints(*STROKES), initial=np.zeros((3, 3, 2)))
    again = colorizer.update(hints(*STROKES))
    assert again.report.iterations == 2
    assert distance(again, first) < 0.01


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"method": "magic"}, ValueError, "method must be one of auto, heat"),
        ({"space": "hsv"}, ValueError, "space must be one of lab"),
        ({"alpha9": 1}, TypeError, "has no option 'alpha9'"),
        ({"gray": np.zeros(SHAPE, complex)}, TypeError, "gray must be uint8, uint16 or float"),
    ],
)
def test_bad_arguments_are_named_before_the_first_stroke(options, error, sentence):
    arguments = {"gray": photograph()} | options
    with pytest.raises(error, match=sentence):
        Colorizer(arguments.pop("gray"), **arguments)


def test_running_out_of_iterations_warns_its_caller():
    colorizer = Colorizer(photograph(), method="tv", max_iter=3, tol=1e-9)
    with pytest.warns(NotConvergedWarning, match="stopped at max_iter = 3") as caught:
        colorizer.update(hints(*STROKES))
    assert [warning.filename for warning in caught] == [__file__]


def test_drafts_are_options_of_their_methods():
    for name in (name for name in methods.names() if methods.get(name).needs_hints):
        draft = methods.get(name).draft
        assert draft
        assert {option: getattr(methods.make(name, **draft), option) for option in draft} == draft


def test_a_method_of_others_needs_no_draft(monkeypatch):
    monkeypatch.setattr(methods, "_registry", dict(methods._registry))

    @methods.register("flood", "one colour for all")
    @dataclass(frozen=True, kw_only=True)
    class Flood:
        strength: float = 1.0

        def solve(self, photograph, hints, *, prior=None, initial=None, callback=None, warm=None):
            warm.u = self.strength + (0 if warm.u is None else warm.u)
            kernels, chroma = photograph.kernels, np.full((*photograph.shape, 2), warm.u, np.float32)
            return chroma, SolverReport("flood", kernels.backend, kernels.threads, 1, 0.0, "direct")

    colorizer = Colorizer(photograph(), method="flood", strength=3)
    assert (colorizer.update(hints(*STROKES), preview=True).chroma == 3).all()
    assert (colorizer.update(hints(*STROKES)).chroma == 6).all()


@pytest.mark.parametrize("method", ["graph", "tgv"])
def test_two_at_once_do_not_meet(method):
    gray = photograph()
    options = {"method": method, "tol": 0, "max_iter": 20}
    strokes = [[*STROKES], [*STROKES, ANOTHER], [STROKES[0]], [ANOTHER]]

    def answers(photo):
        colorizer = Colorizer(photo, **options)
        return [colorizer.update(hints(*each)).rgb for each in strokes]

    photos = [gray, gray[::-1]]
    expected = [answers(photo) for photo in photos]
    with ThreadPoolExecutor(2) as pool:
        assert all(np.array_equal(one, other) for one, other in zip(pool.map(answers, photos), expected, strict=True))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 5), (2000, 3)])
def test_any_shape(shape):
    options = {"method": "graph", "normalize": False, "tol": 1e-5}
    colorizer = Colorizer(np.random.default_rng(16033).random(shape), **options)
    for at, colour in (((0, 0), (20, 10)), ((shape[0] - 1, shape[1] - 1), (-10, 30))):
        answer = colorizer.update(Hints.from_points([(*at, colour)], shape, radius=0))
        np.testing.assert_allclose(answer.chroma, np.broadcast_to(colour, answer.chroma.shape), atol=0.01)
