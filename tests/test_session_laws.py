"""A session without a window, more strictly: the brush down at any time, all of undo in the side file, exact places."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pyvarcolor.color import in_gamut, lab_to_linear_rgb, rgb_to_lab
from pyvarcolor.interactive.journal import Journal
from pyvarcolor.interactive.live import Newest
from pyvarcolor.interactive.palette import MOST_CHROMA, gamut_map, hex_of, shown_lightness
from pyvarcolor.interactive.session import LEAST_RADIUS, MOST_RADIUS, Session
from pyvarcolor.interactive.viewport import MOST_ZOOM, Viewport
from pyvarcolor.strokes.parsing import read_strokes
from pyvarcolor.strokes.pictures import save_strokes
from pyvarcolor.strokes.raster import Raster, trace
from pyvarcolor.strokes.vector import VectorStroke

MANY = [f"#{red:02x}80{blue:02x}" for red in (60, 120, 180, 240) for blue in (60, 120, 180)]  # more than are remembered

places = st.tuples(st.sampled_from([0.0, 0.3, 0.55, 1.1]), st.sampled_from([-0.2, 0.25, 0.7]))
strokes = st.builds(
    VectorStroke,
    st.lists(places, min_size=1, max_size=3).map(tuple),
    st.floats(0.01, 0.3),
    st.none() | st.sampled_from(MANY),
    st.sampled_from([0.5, 1.0]),
)


def walk(session):
    """All states of a session, by undo and redo, and which of them it was in."""
    at, now = 0, session.strokes
    while session.undo():
        at += 1
    states = [session.strokes]
    while session.redo():
        states.append(session.strokes)
    for _ in states[at + 1 :]:
        session.undo()
    assert session.strokes == states[at] == now
    return states, at


class BrushAtAnyTime(RuleBasedStateMachine):
    """The brush may be down while anything else is done."""

    @initialize(first=st.lists(strokes, max_size=2), shape=st.sampled_from([(1, 1), (1, 30), (18, 26)]))
    def open(self, first, shape):
        self.folder = TemporaryDirectory()
        self.session, self.raster = Session(first), Raster(shape)
        self.journal = Journal(Path(self.folder.name, "strokes.json.autosave"), shape)
        self.session.note = lambda record: self.journal.add(record, self.session)
        self.states, self.at, self.saved, self.points, self.noted = [tuple(first)], 0, tuple(first), [], False
        self.color, self.radius, self.erasing = self.session.color, self.session.radius, self.session.erasing
        self.recent = list(self.session.recent)
        for stroke in first:
            assert stroke.color is None or stroke.color in self.recent

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def changed(self, state):
        self.states[self.at + 1 :] = [tuple(state)]
        self.at, self.points, self.noted = self.at + 1, [], True

    def use(self, color):
        self.recent = [color, *(other for other in self.recent if other != color)][:9]

    def lift(self):
        if self.points:
            color = None if self.erasing else self.color
            self.changed((*self.states[self.at], VectorStroke(tuple(self.points), self.radius, color)))

    @rule(place=places)
    def begin(self, place):
        self.session.begin(*place)
        self.lift()
        self.points = [place]

    @rule(place=places)
    def extend(self, place):
        self.session.extend(*place)
        if self.points and self.points[-1] != place:
            self.points.append(place)

    @rule()
    def finish(self):
        assert self.session.finish() == bool(self.points)
        self.lift()

    @rule()
    def abandon(self):
        self.session.abandon()
        self.points = []

    @rule(new=st.lists(strokes, max_size=3) | st.just([]))
    def load_or_clear(self, new):
        self.session.replace(new)
        self.changed(new)

    @rule()
    def undo(self):
        assert self.session.undo() == (bool(self.points) or self.at > 0)
        if not self.points and self.at > 0:
            self.at, self.noted = self.at - 1, True
        self.points = []

    @rule()
    def redo(self):
        there_is = not self.points and self.at + 1 < len(self.states)
        assert self.session.redo() == there_is
        if there_is:
            self.at, self.noted = self.at + 1, True

    @rule(color=st.sampled_from(MANY), upper=st.booleans())
    def choose(self, color, upper):
        self.session.choose(color.upper() if upper else color)
        self.color, self.erasing = color, False
        self.use(color)

    @rule()
    def swap(self):
        self.session.swap()
        self.color, self.erasing = self.recent[1], False
        self.use(self.color)

    @rule()
    def toggle_eraser(self):
        self.session.erasing = self.erasing = not self.erasing

    @rule(factor=st.floats(0.01, 100))
    def resize(self, factor):
        self.session.resize(factor)
        self.radius = min(max(self.radius * factor, LEAST_RADIUS), MOST_RADIUS)

    @rule(ago=st.integers(0, 2))
    def file_is_written(self, ago):
        self.saved = self.states[max(self.at - ago, 0)]  # in the background: it may be of a while ago
        self.session.mark_saved(self.saved)
        if not self.session.unsaved:
            self.journal.end()
            self.noted = False

    @invariant()
    def session_is_the_model(self):
        session, unfinished = self.session, self.session.unfinished
        assert session.strokes == self.states[self.at]
        assert session.unsaved == (self.states[self.at] != self.saved)
        assert (session.can_undo, session.can_redo) == (self.at > 0, self.at + 1 < len(self.states))
        assert (session.color, session.radius, session.erasing) == (self.color, self.radius, self.erasing)
        assert session.recent == self.recent
        assert len(set(session.recent)) == len(session.recent) <= 9
        assert session.points == tuple(self.points)
        assert (unfinished is not None) == bool(self.points)
        if unfinished is not None:
            assert unfinished.color == (None if self.erasing else self.color)

    @invariant()
    def side_file_has_all_of_undo_and_redo(self):
        assert self.journal.path.exists() == self.noted
        recovered = Journal(self.journal.path, self.raster.top.shape).recover()
        if self.noted:
            assert walk(recovered) == (self.states, self.at)
        else:
            assert recovered is None

    @invariant()
    def raster_shows_the_strokes_and_says_where_it_changed(self):
        before = self.raster.colors()[self.raster.top]
        box = self.raster.show(self.session.strokes)
        anew = Raster(self.raster.top.shape)
        anew.show(self.session.strokes)
        np.testing.assert_array_equal(self.raster.top, anew.top)
        same = (self.raster.colors()[self.raster.top] == before).all(axis=2)
        same[box.window] = True
        assert same.all()


TestBrushAtAnyTime = BrushAtAnyTime.TestCase
TestBrushAtAnyTime.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def session_with(journal, session=None):
    session = Session() if session is None else session
    session.note = lambda record: journal.add(record, session)
    return session


def dab(session, number=0):
    session.begin(number / 10, 0.5)
    session.finish()


DEEDS = {
    "dab": dab,
    "undo": lambda session, _: session.undo(),
    "redo": lambda session, _: session.redo(),
    "clear": lambda session, _: session.replace(()),
}
deeds = st.lists(st.sampled_from(sorted(DEEDS)), max_size=8)


@given(st.integers(0, 4), deeds, st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_history_replayed_by_way_of_json_is_the_same_session(first, names, undone):
    session = Session([VectorStroke(((0.1 * n, 0.2),), 0.1, None) for n in range(first)])
    for number, name in enumerate(["dab", *names, "dab"]):
        DEEDS[name](session, number)
    for _ in range(undone):
        session.undo()
    other = Session()
    for record in json.loads(json.dumps(session.history())):
        other.replay(record)
    assert walk(other) == walk(session)


def test_while_the_brush_is_down_undo_takes_that_stroke_and_redo_waits():
    session = Session()
    dab(session)
    session.undo()
    session.begin(0.3, 0.3)
    assert not session.redo()
    assert session.unfinished is not None
    assert session.strokes == ()
    assert session.undo()
    assert session.unfinished is None
    assert session.redo()
    assert len(session.strokes) == 1


# That only the end of the last line is missing is left to test_session.
@given(deeds, st.data())
@settings(max_examples=60, deadline=None)
def test_any_history_survives_a_crash_within_its_last_line_and_goes_on(tmp_path_factory, names, data):
    journal = Journal(tmp_path_factory.mktemp("crash") / "strokes.json.autosave", (18, 26))
    session, states = session_with(journal), []
    for number, name in enumerate(["dab", *names]):
        size = journal.path.stat().st_size if journal.path.exists() else 0
        states.append((walk(Journal(journal.path, (18, 26)).recover()), size) if size else None)
        DEEDS[name](session, number)
    content = journal.path.read_bytes()
    assume(states[-1] is not None and states[-1][1] < len(content))
    before, size = states[-1]
    journal.path.write_bytes(content[: data.draw(st.integers(size, len(content) - 2))])
    later = Journal(journal.path, (18, 26))
    recovered = later.recover()
    later.go_on()
    assert walk(recovered) == before
    recovered = session_with(later, recovered)
    for number, name in enumerate(data.draw(deeds)):
        DEEDS[name](recovered, number)
    again = Journal(journal.path, (18, 26)).recover()
    recovered.note = None
    assert walk(again) == walk(recovered)


numbers = st.integers(-1, 3) | st.booleans() | st.none() | st.just("x")
entries = st.lists(
    st.fixed_dictionaries(
        {"points": st.lists(st.lists(numbers, max_size=3)) | numbers, "radius": numbers, "color": st.none()}
    )
)
records = st.dictionaries(st.sampled_from(["gone", "come", "start", "undo", "redo"]), numbers | entries, max_size=3)
steps = st.fixed_dictionaries({"gone": numbers, "come": st.just([])})


@given(lines=st.lists(records | steps | numbers, max_size=4))
@example(lines=[{"gone": None, "come": []}])
@settings(max_examples=60, deadline=None)
def test_what_looks_like_a_side_file_is_read_or_not_but_never_fails(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("like") / "strokes.json.autosave"
    header = {"format": "pyvarcolor-session", "version": 1, "shape": [18, 26]}
    path.write_text("".join(json.dumps(line) + "\n" for line in [header, *lines]))
    content = path.read_bytes()
    recovered = Journal(path, (18, 26)).recover()
    assert recovered is None or recovered.can_undo or recovered.can_redo
    assert path.read_bytes() == content


@given(st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_garbage_is_nothing_to_recover(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("garbage") / "strokes.json.autosave"
    path.write_bytes(content)
    assert Journal(path, (18, 26)).recover() is None


# Any paint, over and under other paint and erasers, but made of blocks of 4 x 4 pixels: whatever is left of a colour
# fills a window of 3 x 3, so that `find_solid` takes none of it for a smooth border. Most of the frame stays empty,
# the colours are bright enough for black ground, and the confidence is more than `FAINTEST`.
blocks = st.lists(st.booleans(), min_size=12, max_size=12)
channels = st.integers(0, 255)
bright = st.tuples(channels, channels, st.integers(40, 255)).map(lambda rgb: "#" + bytes(rgb).hex())
layers = st.lists(st.tuples(blocks, st.none() | bright, st.sampled_from([0.2, 0.7, 1.0])), min_size=1, max_size=4)


@given(layers, st.integers(0, 255))
@settings(max_examples=40, deadline=None)
def test_paint_over_paint_and_erasers_comes_back_from_each_format(tmp_path_factory, painted, level):
    shape, folder, drawn = (24, 28), tmp_path_factory.mktemp("formats"), []
    for cells, color, confidence in painted:
        labels = np.kron(np.pad(np.reshape(cells, (3, 4)), ((1, 2), (1, 2))), np.ones((4, 4), int))
        over = trace(labels, [(color or "#000000", confidence)])
        drawn += [replace(stroke, color=None, confidence=1.0) if color is None else stroke for stroke in over]
    wanted = Raster(shape)
    wanted.show(drawn)
    assume(wanted.top.any())
    gray = np.full(shape, level, np.uint8)
    for name, format in (("a.png", "black"), ("b.webp", "black"), ("c.png", "layer"), ("d.webp", "layer")):
        found = read_strokes(save_strokes(folder / name, drawn, shape, format=format), gray)
        got = Raster(shape)
        got.show(found.traced())
        picture, right = got.colors()[got.top], wanted.colors()[wanted.top]
        if format == "black":  # says nothing of how sure a stroke is
            right[..., 3] = np.where(right[..., 3] > 0, 255, 0)
        assert found.format == format
        np.testing.assert_array_equal(picture, right)
    kept = read_strokes(save_strokes(folder / "e.json", drawn, shape), gray).traced()
    assert kept == tuple(drawn)


sides = st.sampled_from([1, 2, 5000]) | st.integers(1, 5000)
windows = st.tuples(st.integers(1, 2000), st.integers(1, 2000))


@st.composite
def views(draw):
    view = Viewport.fitting((draw(sides), draw(sides)), draw(windows))
    for _ in range(draw(st.integers(0, 3))):
        x, y = draw(st.floats(0, view.window[1])), draw(st.floats(0, view.window[0]))
        view = view.zoomed(x, y, draw(st.floats(0.3, 30)))
        view = view.moved(draw(st.floats(-3000, 3000)), draw(st.floats(-3000, 3000)))
    return view


def edges(view):
    """For each axis: where the photograph begins and ends in the window, and the window's size."""
    begin, end = view.to_window(0, 0), view.to_window(view.photo[1], view.photo[0])
    return list(zip(begin, end, view.window[::-1], strict=True))


def assert_in_sight(view):
    for begin, end, size in edges(view):
        if end - begin > size:  # it fills the window
            assert begin <= 1e-6
            assert end >= size - 1e-6
        else:  # or lies in its middle
            assert begin == pytest.approx(size - end, abs=1e-6)
            assert begin >= -1e-6


@given(views(), windows)
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_the_photograph_fills_the_window_or_lies_in_its_middle(view, window):
    assert_in_sight(view)
    assert_in_sight(view.resized(window))
    fitting = Viewport.fitting(view.photo, window)
    assert_in_sight(fitting)
    assert all(end - begin <= size + 1e-6 for begin, end, size in edges(fitting))
    assert fitting.zoom == MOST_ZOOM or any(end - begin >= size - 1e-6 for begin, end, size in edges(fitting))
    assert fitting.zoom * (1 - 1e-9) <= view.resized(window).zoom <= MOST_ZOOM


@given(views(), st.data())
@settings(max_examples=60, deadline=None)
def test_places_of_window_and_photograph_belong_together(view, data):
    x, y = data.draw(st.floats(-100, 3000)), data.draw(st.floats(-100, 3000))
    assert view.to_window(*view.to_photo(x, y)) == pytest.approx((x, y), rel=1e-6, abs=1e-6)
    place = x / 3000 * view.photo[1], y / 3000 * view.photo[0]
    assert view.to_photo(*view.to_window(*place)) == pytest.approx(place, rel=1e-6, abs=1e-6)


@given(views(), st.floats(1, 100), st.data())
@settings(max_examples=60, deadline=None)
def test_nearer_means_larger_by_the_factor_around_the_pointer_wherever_the_window_is_full(view, factor, data):
    at = data.draw(st.floats(0, view.window[1])), data.draw(st.floats(0, view.window[0]))
    near = view.zoomed(*at, factor)
    assert near.zoom == pytest.approx(min(view.zoom * factor, MOST_ZOOM))
    before, after = view.to_photo(*at), near.to_photo(*at)
    for axis, (begin, end, size) in enumerate(edges(view)):
        if end - begin >= size:
            assert after[axis] == pytest.approx(before[axis], rel=1e-6, abs=1e-6)


@given(views(), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_far_enough_away_all_of_it_is_seen(view, factor):
    whole = Viewport.fitting(view.photo, view.window)
    assert view.zoomed(3, 2, factor).zoom == pytest.approx(max(view.zoom * factor, whole.zoom))
    far = view.zoomed(3, 2, factor * whole.zoom / view.zoom)
    assert far.is_fitting
    assert (far.zoom, far.left, far.top) == pytest.approx((whole.zoom, whole.left, whole.top), abs=1e-6)


@given(views(), st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
@settings(max_examples=60, deadline=None)
def test_the_photograph_follows_the_hand_until_its_border_is_in_sight(view, drag):
    after = view.moved(*drag)
    assert after.zoom == view.zoom
    for way, (old, *_), (begin, end, size) in zip(drag, edges(view), edges(after), strict=True):
        free = min(max(old + way, size - (end - begin)), 0) if end - begin > size else old
        assert begin == pytest.approx(free, rel=1e-6, abs=1e-5)


@given(views(), windows)
@settings(max_examples=60, deadline=None)
def test_another_window_shows_all_of_it_still_or_the_same_middle(view, window):
    other = view.resized(window)
    assert other.window == window
    if view.is_fitting:
        assert other == Viewport.fitting(view.photo, window)
        return
    least = Viewport.fitting(view.photo, window).zoom
    assert other.zoom == pytest.approx(max(view.zoom, least))
    middle = view.to_photo(view.window[1] / 2, view.window[0] / 2)
    found = other.to_photo(window[1] / 2, window[0] / 2)
    for axis, (side, size) in enumerate(zip(view.photo[::-1], window[::-1], strict=True)):
        half = size / 2 / other.zoom
        wanted = side / 2 if 2 * half >= side else min(max(middle[axis], half), side - half)
        assert found[axis] == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@given(st.tuples(channels, channels, channels))
@settings(max_examples=100, deadline=None)
def test_a_colour_that_exists_is_chosen_exactly(rgb):
    lab = rgb_to_lab(np.array([[rgb]], np.uint8))[0, 0].tolist()
    assume(shown_lightness(lab[0]) == lab[0])
    assert hex_of(*lab) == "#" + bytes(rgb).hex()


@given(st.floats(0, 100), st.floats(0, 2 * np.pi), st.floats(140, 300))
@settings(max_examples=100, deadline=None)
def test_a_colour_that_does_not_exist_becomes_the_most_vivid_of_its_hue_and_lightness(lightness, hue, length):
    way = np.array([np.cos(hue), np.sin(hue)])
    chosen = np.array([[tuple(bytes.fromhex(hex_of(lightness, *(length * way))[1:]))]], np.uint8)
    light, *chroma = rgb_to_lab(chosen)[0, 0].tolist()
    assert light == pytest.approx(shown_lightness(lightness), abs=0.4)  # eight bits round
    assert abs(way[0] * chroma[1] - way[1] * chroma[0]) < 1.5
    more = way * (way @ chroma + 3)
    assert way @ chroma > 0
    assert not in_gamut(lab_to_linear_rgb(np.array(shown_lightness(lightness)), more))


@pytest.mark.parametrize(("lightness", "size"), [(20.0, 20), (60.0, 31), (97.0, 20)])
def test_a_click_on_the_map_chooses_the_colour_that_is_seen_there(lightness, size):
    picture, axis = gamut_map(lightness, size), np.linspace(-MOST_CHROMA, MOST_CHROMA, size)
    seen = np.argwhere((picture < 255).any(axis=2)).tolist()
    assert len(seen) > 0.1 * size**2
    for row, col in seen:
        assert hex_of(lightness, axis[col], -axis[row]) == "#" + bytes(picture[row, col]).hex()


def test_a_newer_request_ends_an_older_one_between_two_of_its_answers():
    halfway, go_on, worked = threading.Event(), threading.Event(), []

    def answer(request):
        for step in range(4):
            if request == "old" and step == 2:
                halfway.set()
                assert go_on.wait(10)
            worked.append((request, step))
            yield request, step

    live = Newest(answer)
    live.ask("old")
    assert halfway.wait(10)
    assert live.busy
    assert not live.wait(0.01)
    assert live.take() == [("old", 0), ("old", 1)]
    live.ask("new")
    go_on.set()
    assert live.wait(10)
    assert live.take() == [("new", step) for step in range(4)]
    assert ("old", 3) not in worked
    live.close()


def test_closing_waits_for_one_answer_and_forgets_the_rest():
    started, go_on, worked = threading.Event(), threading.Event(), []

    def answer(request):
        for step in range(3):
            started.set()
            assert go_on.wait(10)
            worked.append((request, step))
            yield request, step

    live = Newest(answer)
    live.ask("first")
    assert started.wait(10)
    live.ask("waiting")
    closer = threading.Thread(target=live.close)
    closer.start()
    with live._changed:
        assert live._changed.wait_for(lambda: live._closed, 10)
    go_on.set()
    closer.join(10)
    assert not closer.is_alive()
    assert not live._thread.is_alive()
    assert live.take() == worked == [("first", 0)]


def test_answers_before_a_failure_are_kept():
    def answer(request):
        yield f"{request} rough"
        raise RuntimeError(request)

    live = Newest(answer)
    for request in ("one", "two"):
        live.ask(request)
        assert live.wait(10)
        rough, failure = live.take()
        assert rough == f"{request} rough"
        assert isinstance(failure, RuntimeError)
    live.close()


def test_of_many_requests_the_last_one_is_answered_to_its_end_and_none_out_of_turn():
    live = Newest(lambda request: ((request, step) for step in range(3)))
    for request in range(300):
        live.ask(request)
    assert live.wait(10)
    answers = live.take()
    assert answers == sorted(set(answers))
    assert answers[-3:] == [(299, step) for step in range(3)]
    live.close()
