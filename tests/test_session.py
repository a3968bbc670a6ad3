"""A session without a window: any sequence of what a person does, and the files that it leaves."""

import contextlib
import json
import threading
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pyvarcolor.color import lab_to_linear_rgb, rgb_to_lab
from pyvarcolor.interactive.journal import Journal
from pyvarcolor.interactive.keys import BINDINGS
from pyvarcolor.interactive.live import Newest
from pyvarcolor.interactive.palette import MOST_CHROMA, chroma_of, gamut_map, hex_of
from pyvarcolor.interactive.session import LEAST_RADIUS, MOST_RADIUS, Session
from pyvarcolor.interactive.stroke_tool import StrokeTool
from pyvarcolor.interactive.viewport import Viewport
from pyvarcolor.strokes.parsing import read_strokes
from pyvarcolor.strokes.pictures import check_format, save_strokes
from pyvarcolor.strokes.raster import Raster, rasterize, trace
from pyvarcolor.strokes.vector import VectorStroke, load_vector, save_vector

SHAPE = 18, 26
COLORS = "#c8503c", "#5a8f3c", "#6aa0d8", "#808080"

places = st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2))
strokes = st.builds(
    VectorStroke,
    st.lists(places, min_size=1, max_size=4).map(tuple),
    st.floats(0.01, 0.3),
    st.none() | st.sampled_from(COLORS),
)


class AnySession(RuleBasedStateMachine):
    """Against the obvious: a list of all states, and where we are in it."""

    @initialize(first=st.lists(strokes, max_size=2))
    def open(self, first):
        self.path = Path(mkdtemp()) / "strokes.json.autosave"
        self.session, self.raster = Session(first), Raster(SHAPE)
        self.session.note = lambda record: self.journal.add(record, self.session)
        self.journal = Journal(self.path, SHAPE)
        self.states, self.at, self.saved = [tuple(first)], 0, tuple(first)

    def changed(self, state):
        self.states[self.at + 1 :] = [state]
        self.at += 1

    @rule(corners=st.lists(places, min_size=1, max_size=4), erase=st.booleans())
    def paint(self, corners, erase):
        session = self.session
        session.erasing = erase
        session.begin(*corners[0])
        for corner in corners[1:]:
            session.extend(*corner)
        wanted = session.unfinished
        assert wanted.color == (None if erase else session.color)
        assert wanted.points == tuple(b for a, b in pairwise([None, *corners]) if a != b)
        assert session.finish()
        assert session.unfinished is None
        self.changed((*self.states[self.at], wanted))

    @rule(corner=places, by_undo=st.booleans())
    def abandon(self, corner, by_undo):
        self.session.begin(*corner)
        if by_undo:
            assert self.session.undo()
        else:
            self.session.abandon()

    @rule(new=st.lists(strokes, max_size=3))
    def load(self, new):
        self.session.replace(new)
        self.changed(tuple(new))

    @rule()
    def undo(self):
        assert self.session.undo() == (self.at > 0)
        self.at = max(self.at - 1, 0)

    @rule()
    def redo(self):
        assert self.session.redo() == (self.at + 1 < len(self.states))
        self.at = min(self.at + 1, len(self.states) - 1)

    @rule(color=st.sampled_from(COLORS))
    def choose(self, color):
        before = self.session.color
        self.session.choose(color)
        assert (self.session.color, self.session.erasing) == (color, False)
        self.session.swap()
        assert before in (self.session.color, color)
        self.session.choose(color)

    @rule(factor=st.floats(0.01, 100))
    def resize(self, factor):
        self.session.resize(factor)
        assert LEAST_RADIUS <= self.session.radius <= MOST_RADIUS

    @rule()
    def save(self):
        self.saved = self.session.strokes
        self.session.mark_saved(self.saved)
        self.journal.end()
        assert not self.path.exists()

    @precondition(lambda self: self.path.exists())
    @rule()
    def die_and_recover(self):
        self.journal = Journal(self.path, SHAPE)
        recovered = self.journal.recover()
        assert recovered is not None
        recovered.mark_saved(self.saved)
        recovered.note = self.session.note
        recovered.choose(self.session.color)
        self.session = recovered
        self.journal.go_on()

    @invariant()
    def strokes_are_those_of_the_model(self):
        if hasattr(self, "session"):
            assert self.session.strokes == self.states[self.at]
            assert self.session.can_undo == (self.at > 0)
            assert self.session.can_redo == (self.at + 1 < len(self.states))
            assert self.session.unsaved == (self.session.strokes != self.saved)
            assert len(set(self.session.recent)) == len(self.session.recent) <= 9

    @invariant()
    def raster_equals_strokes(self):
        if hasattr(self, "session"):
            before = self.raster.colors()[self.raster.top]
            box = self.raster.show(self.session.strokes)
            anew = Raster(SHAPE)
            anew.show(self.session.strokes)
            np.testing.assert_array_equal(self.raster.top, anew.top)
            differs = (self.raster.colors()[self.raster.top] != before).any(axis=2)
            differs[box.window] = False
            assert not differs.any()


TestAnySession = AnySession.TestCase
TestAnySession.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def journal_of(folder, count):
    journal, session = Journal(folder / "strokes.json.autosave", SHAPE), Session()
    session.note = lambda record: journal.add(record, session)
    for k in range(count):
        session.begin(0.1, 0.1 * k)
        session.finish()
    return journal, session


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_side_file_cut_off_anywhere_loses_at_most_its_last_line(tmp_path_factory, data):
    journal, session = journal_of(tmp_path_factory.mktemp("cut"), 3)
    content = journal.path.read_bytes()
    ends = [0, *(n + 1 for n, byte in enumerate(content) if byte == ord("\n"))]
    cut = data.draw(st.integers(0, len(content)))
    journal.path.write_bytes(content[:cut])
    whole = sum(end <= cut + 1 for end in ends[1:])  # a line whose end alone is missing is whole
    later = Journal(journal.path, SHAPE)
    recovered = later.recover()
    if whole < 3:
        assert recovered is None
        return
    assert recovered.strokes == session.strokes[: whole - 2]
    later.go_on()
    recovered.note = lambda record: later.add(record, recovered)
    recovered.begin(0.5, 0.5)
    recovered.finish()
    assert Journal(journal.path, SHAPE).recover().strokes == recovered.strokes


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[1, 2]\n",
        b"not JSON\n",
        b"[" * 100_000,
        json.dumps({"format": "pyvarcolor-session", "version": 1, "shape": [5, 5]}).encode() + b"\n",
        json.dumps({"format": "pyvarcolor-session", "version": 1, "shape": SHAPE}).encode() + b'\n{"come": 3}\n{}\n',
        json.dumps({"format": "pyvarcolor-session", "version": 1, "shape": SHAPE}).encode()
        + b'\n{"start": []}\n{"gone": 4, "come": []}\n',
    ],
    ids=[
        "empty",
        "no text",
        "no header",
        "no JSON",
        "too deep",
        "other photograph",
        "malformed",
        "more gone than there is",
    ],
)
def test_a_side_file_that_does_not_fit_is_left_alone(tmp_path, content):
    journal = Journal(tmp_path / "strokes.json.autosave", SHAPE)
    journal.path.write_bytes(content)
    assert journal.recover() is None
    assert journal.path.read_bytes() == content


def test_a_side_file_outlives_a_write_that_fails(tmp_path, monkeypatch):
    journal, session = journal_of(tmp_path, 2)

    def dab(place):
        session.begin(place, place)
        session.finish()

    def torn(path, *arguments, **options):
        with open(path, "a") as file:  # noqa: PTH123  # Path.open is what fails
            file.write('{"gone": 0, "co')
        raise OSError("disk full")

    def note(record):
        with contextlib.suppress(OSError):
            journal.add(record, session)

    session.note = note
    monkeypatch.setattr(Path, "open", torn)
    dab(0.3)
    monkeypatch.undo()
    dab(0.4)
    assert Journal(journal.path, SHAPE).recover().strokes == session.strokes
    journal.path.unlink()
    dab(0.5)
    assert Journal(journal.path, SHAPE).recover().strokes == session.strokes


def test_a_side_file_of_something_else_is_set_aside_before_the_first_change(tmp_path):
    for content in ("of another photograph", "and of a third one"):
        (tmp_path / "strokes.json.autosave").write_text(content)
        journal_of(tmp_path, 1)
    assert (tmp_path / "strokes.json.autosave.old").read_text() == "of another photograph"
    assert (tmp_path / "strokes.json.autosave.old1").read_text() == "and of a third one"


def test_a_side_file_is_set_aside_whole(tmp_path):
    journal, _ = journal_of(tmp_path, 2)
    content = journal.path.read_bytes()
    aside = journal.set_aside()
    assert aside.read_bytes() == content
    assert not journal.path.exists()


@given(st.lists(strokes, max_size=4))
@settings(max_examples=40, deadline=None)
def test_json_returns_strokes_and_erasers_exactly(tmp_path_factory, painted):
    path = tmp_path_factory.mktemp("json") / "strokes.json"
    save_vector(path, painted)
    assert load_vector(path) == tuple(painted)


# Strokes as a person paints them: apart from each other and from the frame's border, wider than a smooth border.
@given(st.data())
@settings(max_examples=40, deadline=None)
def test_pictures_of_strokes_return_the_same_paint(tmp_path_factory, data):
    shape, folder = (60, 90), tmp_path_factory.mktemp("pictures")
    gray = np.random.default_rng(5).integers(0, 255, shape, dtype=np.uint8)
    rows = data.draw(st.lists(st.sampled_from([0.15, 0.4, 0.65, 0.9]), min_size=1, max_size=4, unique=True))
    painted = []
    for row in rows:
        left, right = sorted(data.draw(st.tuples(st.floats(0.1, 0.9), st.floats(0.1, 0.9))))
        painted.append(VectorStroke(((left, row), (right, row)), 0.06, data.draw(st.sampled_from(COLORS))))
    wanted = Raster(shape)
    wanted.show(painted)
    for name, format in (("a.png", "auto"), ("b.png", "layer"), ("c.tif", "black"), ("d.json", "vector")):
        found = read_strokes(save_strokes(folder / name, painted, shape, format=format), gray)
        assert found.format == {"auto": "black"}.get(format, format)
        got = Raster(shape)
        got.show(found.traced())
        np.testing.assert_array_equal(got.colors()[got.top], wanted.colors()[wanted.top])


def test_soft_strokes_keep_their_confidence_on_a_layer(tmp_path):
    stroke = VectorStroke(((0.2, 0.5), (0.8, 0.5)), 0.1, "#c8503c", 0.4)
    path = save_strokes(tmp_path / "soft.png", [stroke], (60, 90), format="layer")
    found = read_strokes(path, np.full((60, 90), 128, np.uint8)).traced()
    np.testing.assert_allclose([each.confidence for each in found], 0.4, atol=1 / 255)


def test_dark_strokes_keep_their_chroma_on_black(tmp_path):
    strokes = [VectorStroke(((0.2, y), (0.8, y)), 0.1, color) for y, color in ((0.25, "#190000"), (0.75, "#000019"))]
    found = read_strokes(save_strokes(tmp_path / "dark.png", strokes, (60, 90)), np.full((60, 90), 128, np.uint8))
    for row, stroke in ((15, strokes[0]), (45, strokes[1])):
        np.testing.assert_allclose(found.hints.chroma[row, 45], stroke.chroma, atol=1)


def test_dark_strokes_are_seen_on_black(tmp_path):
    path = save_strokes(tmp_path / "dark.png", [VectorStroke(((0.2, 0.5), (0.8, 0.5)), 0.1, "#040200")], (60, 90))
    assert read_strokes(path, np.full((60, 90), 128, np.uint8)).count == 1


def test_formats_must_fit_the_name():
    with pytest.raises(ValueError, match=r"format 'black' of strokes must fit the file's name, but a\.json"):
        check_format(Path("a.json"), "black")
    with pytest.raises(ValueError, match=r"format 'vector' of strokes must fit the file's name, but a\.png"):
        check_format(Path("a.png"), "vector")
    with pytest.raises(ValueError, match="format of strokes must be auto, black, layer, vector, but is 'copy'"):
        check_format(Path("a.png"), "copy")


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_traced_pixels_are_painted_again_and_no_others(data):
    shape = data.draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    cells = st.lists(st.integers(0, 2), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1])
    labels = np.array(data.draw(cells)).reshape(shape)
    colors = [("#c8503c", 1.0), ("#5a8f3c", 0.5)]
    raster = Raster(shape)
    raster.show(trace(labels, colors))
    wanted = np.array([(0, 0, 0, 0), (200, 80, 60, 255), (90, 143, 60, 128)])[labels]
    np.testing.assert_array_equal(raster.colors()[raster.top], wanted)


def test_what_was_traced_fills_larger_frames_too():
    labels = np.zeros((20, 30), int)
    labels[5:12, 8:20] = 1
    block = trace(labels, [("#c8503c", 1.0)])
    assert len(block) == 1
    np.testing.assert_array_equal(rasterize(block, (80, 120)).mask[24:44, 36:76], True)


sides = st.integers(1, 5000)


@given(st.tuples(sides, sides), st.tuples(st.integers(1, 2000), st.integers(1, 2000)), st.data())
@settings(max_examples=100, deadline=None)
def test_a_viewport_never_loses_the_photograph_or_the_place_under_the_pointer(photo, window, data):
    view = Viewport.fitting(photo, window)
    assert view.is_fitting
    for x, y in (view.to_window(0, 0), view.to_window(photo[1], photo[0])):
        assert -1e-6 <= x <= window[1] + 1e-6
        assert -1e-6 <= y <= window[0] + 1e-6
    for _ in range(3):
        x, y = data.draw(st.floats(0, window[1])), data.draw(st.floats(0, window[0]))
        closer = view.zoomed(x, y, data.draw(st.floats(1, 4)))
        inside = all(0 <= at <= side for at, side in zip(view.to_photo(x, y), photo[::-1], strict=True))
        covered = closer.zoom * min(side / size for side, size in zip(photo, window, strict=True)) >= 1
        if inside and covered and view.zoom > 0 and closer.zoom >= view.zoom and _covers(view):
            np.testing.assert_allclose(closer.to_photo(x, y), view.to_photo(x, y), rtol=1e-6, atol=1e-6)
        view = closer.moved(data.draw(st.floats(-3000, 3000)), data.draw(st.floats(-3000, 3000)))
        np.testing.assert_allclose(view.to_window(*view.to_photo(x, y)), (x, y), rtol=1e-6, atol=1e-6)
        left, top = view.to_window(0, 0)
        right, bottom = view.to_window(photo[1], photo[0])
        assert right > 0
        assert bottom > 0
        assert left < window[1]
        assert top < window[0]


def _covers(view):
    return all(side * view.zoom >= size for side, size in zip(view.photo, view.window, strict=True))


@given(st.floats(0, 100), st.floats(-200, 200), st.floats(-200, 200))
@settings(max_examples=100, deadline=None)
def test_a_chosen_colour_keeps_its_hue(lightness, a, b):
    got = np.array(chroma_of(hex_of(lightness, a, b)))
    length, wanted = np.hypot(*got), np.hypot(a, b)
    assert length <= wanted + 1.5  # eight bits round
    if length > 20:
        assert np.dot(got, (a, b)) / (length * wanted) > 0.99


@pytest.mark.parametrize("lightness", [0.0, 40.0, 60.0, 85.0, 100.0])
def test_the_map_is_white_just_where_there_is_no_colour(lightness):
    picture = gamut_map(lightness, 61)
    lab = rgb_to_lab(picture)
    coloured = (picture < 255).any(axis=2)
    light = np.median(lab[coloured, 0])
    a = np.linspace(-MOST_CHROMA, MOST_CHROMA, 61)
    chroma = np.stack(np.broadcast_arrays(a[None], -a[:, None]), axis=-1)
    linear = lab_to_linear_rgb(np.full((61, 61), light), chroma)
    sure = (np.abs(linear) > 0.01).all(axis=2) & (np.abs(linear - 1) > 0.01).all(axis=2)
    exists = ((linear >= 0) & (linear <= 1)).all(axis=2)
    np.testing.assert_array_equal(coloured[sure], exists[sure])
    assert 100 < coloured.sum() < 3000


def test_the_newest_request_is_answered_to_its_end_and_older_ones_once_at_most():
    started, go_on = threading.Event(), threading.Event()

    def answer(request):
        started.set()
        assert go_on.wait(10)
        yield f"{request} rough"
        yield f"{request} fine"

    live = Newest(answer)
    live.ask("first")
    assert started.wait(10)
    for request in ("second", "third"):
        live.ask(request)
    go_on.set()
    assert live.wait(10)
    assert live.take() == ["first rough", "third rough", "third fine"]
    assert not live.busy
    assert live.take() == []
    live.close()


def test_a_failure_is_an_answer_and_the_next_request_is_answered():
    def answer(request):
        yield 1 / request

    live = Newest(answer)
    live.ask(0)
    assert live.wait(10)
    (failure,) = live.take()
    assert isinstance(failure, ZeroDivisionError)
    live.ask(2)
    assert live.wait(10)
    assert live.take() == [0.5]
    live.close()
    assert not live._thread.is_alive()


def test_every_key_stands_for_one_action_that_the_tool_has():
    keys = [key for binding in BINDINGS for key in binding.keys]
    assert len(keys) == len(set(keys))
    for binding in BINDINGS:
        assert binding.action == "choose_recent" or callable(getattr(StrokeTool, binding.action))
