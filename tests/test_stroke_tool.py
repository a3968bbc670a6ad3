"""The stroke tool without a window: events as matplotlib sends them, on a canvas in memory."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backend_bases import KeyEvent, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from skimage import data
from skimage.transform import resize

from pyvarcolor.interactive import Files, StrokeTool
from pyvarcolor.interactive.keys import BINDINGS, gestures
from pyvarcolor.interactive.painter import Painter
from pyvarcolor.interactive.palette import chroma_of
from pyvarcolor.io import Photo, read_photo, write_photo
from pyvarcolor.strokes.raster import rasterize
from pyvarcolor.strokes.vector import VectorStroke, load_vector, save_vector

SHAPE = 90, 120
GRAY = np.rint(255 * resize(data.camera(), SHAPE, anti_aliasing=True)).astype(np.uint8)
LINE = VectorStroke(((0.2, 0.3), (0.7, 0.6)), 0.02, "#c8503c")
BUTTONS = {"left": 1, "middle": 2, "right": 3}


class Hand:
    """Moves the pointer over a tool; places are fractions of the photograph."""

    def __init__(self, tool):
        self.tool, self.canvas = tool, tool.screen.canvas

    def at(self, place, pane=0):
        height, width = self.tool.scene.shape
        x, y = self.tool.display.view.to_window(place[0] * width, place[1] * height)
        box = self.tool.screen.view.bbox
        return box.x0 + x + self.tool.display.panes[pane], box.y1 - y

    def send(self, name, place, button=None, **more):
        event = MouseEvent(name, self.canvas, *place, button, **more)
        self.canvas.callbacks.process(name, event)

    def drag(self, *places, button="right", pane=0, **more):
        start, *corners = (self.at(place, pane) for place in places)
        self.send("button_press_event", start, BUTTONS[button], **more)
        for corner in corners:
            self.send("motion_notify_event", corner)
        self.send("button_release_event", corners[-1] if corners else start, BUTTONS[button])

    def click(self, axes, x, y):
        place = axes.transData.transform((x, y))
        self.send("button_press_event", place, 1)
        self.send("button_release_event", place, 1)

    def wheel(self, place, step):
        self.send("scroll_event", self.at(place), step=step)

    def key(self, *keys):
        for key in keys:
            self.canvas.callbacks.process("key_press_event", KeyEvent("key_press_event", self.canvas, key))
            self.canvas.callbacks.process("key_release_event", KeyEvent("key_release_event", self.canvas, key))

    @property
    def picture(self):
        return self.tool.screen.shown

    @property
    def status(self):
        return self.tool.screen.status_text.get_text()


@pytest.fixture
def make():
    tools = []

    def open_tool(photo=GRAY, strokes=(), *, live=False, **options):
        figure = Figure(figsize=(8, 5), dpi=100)
        FigureCanvasAgg(figure)
        tool = StrokeTool(photo, strokes, live=live, figure=figure, **options)
        tools.append(tool)
        figure.canvas.draw()
        return Hand(tool)

    yield open_tool
    for tool in tools:
        tool.close()


@pytest.fixture
def files(tmp_path):
    return Files(Photo(GRAY, source="gray.png"), tmp_path / "strokes.json", color=tmp_path / "colour.png")


def close_to(stroke, *places):
    np.testing.assert_allclose(stroke.points, places, atol=0.005)  # matplotlib's events come in whole pixels


def colourful(picture):
    return np.ptp(picture.astype(int), axis=2).max() > 2  # the ground around the photograph is a little blue


def test_one_button_paints_and_the_other_one_moves(make):
    for button, other in (("right", "left"), ("left", "right")):
        hand = make(draw_button=button)
        places = (0.25, 0.25), (0.5, 0.5), (0.75, 0.25)
        hand.drag(*places, button=button)
        close_to(hand.tool.strokes[0], *places)
        hand.wheel((0.5, 0.5), 5)
        before = hand.tool.display.view
        hand.drag((0.5, 0.5), (0.45, 0.52), button=other)
        assert len(hand.tool.strokes) == 1
        assert hand.tool.display.view.zoom == before.zoom
        assert (hand.tool.display.view.left, hand.tool.display.view.top) != (before.left, before.top)


def test_a_release_that_got_lost_ends_the_stroke_at_the_next_press(make):
    hand = make()
    hand.send("button_press_event", hand.at((0.1, 0.1)), BUTTONS["right"])
    hand.send("motion_notify_event", hand.at((0.4, 0.1)))
    hand.drag((0.2, 0.6), (0.7, 0.6))
    assert len(hand.tool.strokes) == 2
    close_to(hand.tool.strokes[0], (0.1, 0.1), (0.4, 0.1))
    close_to(hand.tool.strokes[1], (0.2, 0.6), (0.7, 0.6))


def test_another_button_does_not_disturb_a_stroke(make):
    hand = make()
    hand.send("button_press_event", hand.at((0.1, 0.1)), BUTTONS["right"])
    hand.send("button_press_event", hand.at((0.2, 0.1)), BUTTONS["left"])
    hand.send("button_release_event", hand.at((0.2, 0.1)), BUTTONS["left"])
    hand.send("motion_notify_event", hand.at((0.4, 0.1)))
    hand.send("button_release_event", hand.at((0.5, 0.1)), BUTTONS["right"])
    assert len(hand.tool.strokes) == 1
    close_to(hand.tool.strokes[0], (0.1, 0.1), (0.4, 0.1), (0.5, 0.1))


def test_a_stroke_given_up_leaves_the_hand_free(make):
    hand = make()
    hand.send("button_press_event", hand.at((0.1, 0.1)), BUTTONS["right"])
    hand.send("motion_notify_event", hand.at((0.4, 0.1)))
    hand.key("escape")
    hand.drag((0.2, 0.6), (0.7, 0.6))
    assert len(hand.tool.strokes) == 1
    close_to(hand.tool.strokes[0], (0.2, 0.6), (0.7, 0.6))


def test_hints_are_those_of_the_strokes_after_any_change(make):
    hand = make()
    hand.drag((0.1, 0.1), (0.6, 0.2))
    hand.key("3")
    hand.drag((0.1, 0.5), (0.6, 0.5))
    hand.key("e")
    hand.drag((0.3, 0.0), (0.3, 0.9))
    hand.key("ctrl+z", "ctrl+z", "ctrl+y", "ctrl+y", "ctrl+z", "ctrl+Z")
    assert [stroke.color is None for stroke in hand.tool.strokes] == [False, False, True]
    wanted = rasterize(hand.tool.strokes, SHAPE)
    np.testing.assert_array_equal(hand.tool.hints().mask, wanted.mask)
    np.testing.assert_array_equal(hand.tool.hints().chroma, wanted.chroma)
    hand.key("delete")
    assert hand.tool.hints().count == 0
    hand.key("ctrl+z")
    assert hand.tool.hints().count == wanted.count


def test_ink_is_seen_where_it_was_painted_and_its_colour(make):
    hand = make()
    hand.key("N".lower())
    hand.drag((0.2, 0.5), (0.8, 0.5))
    x, y = hand.tool.display.view.to_window(0.5 * SHAPE[1], 0.5 * SHAPE[0])
    assert hand.picture[int(y), int(x)].tolist() == [128] * 3
    hand.key("v")
    shown = hand.picture[int(y), int(x)]
    assert shown.tolist() == [shown[0]] * 3 != [128] * 3


def test_from_near_single_pixels_of_the_photograph_are_seen(make):
    hand = make()
    hand.wheel((0.5, 0.5), 20)
    view = hand.tool.display.view
    assert view.zoom > 30
    row, col = 45, 60
    x, y = view.to_window(col + 0.5, row + 0.5)
    assert hand.picture[int(y), int(x)].tolist() == [GRAY[row, col]] * 3


def test_the_place_under_the_pointer_stays_when_the_wheel_turns(make):
    hand = make()
    for step in (1, 3, -2):
        before = hand.at((0.4, 0.6))
        hand.wheel((0.4, 0.6), step)
        np.testing.assert_allclose(hand.at((0.4, 0.6)), before, atol=1)
    hand.key("home")
    assert hand.tool.display.view.is_fitting


def test_colours_are_chosen_from_map_swatches_keys_and_the_picture(make):
    hand = make(strokes=(LINE,))
    tool, screen = hand.tool, hand.tool.screen
    hand.click(screen.map, 40, 30)
    a, b = chroma_of(tool.session.color)
    assert (round(a / 3), round(b / 3)) == (13, 10)
    hand.click(screen.map, 109, 109)  # beyond all colours: the most vivid of that hue
    a, b = chroma_of(tool.session.color)
    assert abs(a - b) < 2
    assert a > 20
    second = tool.session.recent[1]
    hand.key("x")
    assert tool.session.color == second
    hand.click(screen.recent, 2, 0)
    third = tool.session.color
    hand.key("2")
    assert tool.session.recent[:2] == [tool.session.color, third]
    hand.drag((0.45, 0.45), modifiers={"ctrl"})
    assert tool.session.color == LINE.color
    hand.key("n", "i")
    hand.drag((0.9, 0.9), button="left")
    assert tool.session.color not in (LINE.color, "#808080")
    assert len(tool.strokes) == 1


def test_the_brush_on_the_screen_is_as_wide_as_on_the_photograph(make):
    hand = make()
    hand.key("]", "+", "]", "-")
    for zoom in (0, 4):
        hand.wheel((0.5, 0.5), zoom)
        hand.send("motion_notify_event", hand.at((0.5, 0.5)))
        x, _ = hand.tool.screen.outlines[0][0].get_data()
        np.testing.assert_allclose(np.ptp(x), 2 * hand.tool.display.radius * hand.tool.display.view.zoom)
        hand.send("button_press_event", hand.at((0.5, 0.5)), 3)
        points = hand.tool.screen.strokes[0].get_linewidth()
        np.testing.assert_allclose(points * hand.tool.screen.figure.dpi / 72, np.ptp(x))
        hand.key("escape")
    assert hand.tool.strokes == ()


def test_before_and_after_side_by_side_and_with_a_divider(make):
    hand = make(live=True)
    hand.drag((0.2, 0.3), (0.6, 0.3))
    hand.tool.wait()
    hand.key("v")
    colour = hand.picture
    hand.key("tab")
    gray = hand.picture
    assert colourful(colour)
    assert not colourful(gray)
    hand.key("d")
    start = hand.tool.screen.view.bbox.x0 + 0.5 * hand.tool.display.pane[1], 200
    hand.send("button_press_event", start, 1)
    hand.send("motion_notify_event", (start[0] - 100, 200))
    hand.send("button_release_event", (start[0] - 100, 200), 1)
    at = hand.tool.display.pane[1] // 2 - 100
    np.testing.assert_array_equal(hand.picture[:, :at], gray[:, :at])
    np.testing.assert_array_equal(hand.picture[:, at:], colour[:, at:])
    hand.key("b")
    half = hand.tool.display.pane[1]
    left, right = hand.picture[:, :half], hand.picture[:, half:]
    assert colourful(right)
    assert not colourful(left)
    places = (0.3, 0.7), (0.5, 0.7)
    hand.drag(*places, pane=1)
    close_to(hand.tool.strokes[-1], *places)


def test_a_stroke_stays_in_the_pane_where_it_began(make):
    hand = make()
    hand.key("b")
    hand.send("button_press_event", hand.at((0.2, 0.5), pane=1), 3)
    hand.send("motion_notify_event", hand.at((0.9, 0.5), pane=0))
    hand.send("button_release_event", hand.at((0.9, 0.5), pane=0), 3)
    (first, last) = hand.tool.strokes[0].points
    assert abs(first[0] - 0.2) < 0.02
    assert last[0] < 0  # out of the photograph on the left, not back in on the right


def test_a_stroke_ends_where_the_button_was_released(make):
    hand = make()
    hand.send("button_press_event", hand.at((0.2, 0.5)), 3)
    hand.send("button_release_event", hand.at((0.7, 0.5)), 3)
    close_to(hand.tool.strokes[0], (0.2, 0.5), (0.7, 0.5))


def test_a_click_may_tremble(make):
    hand = make()
    x, y = hand.at((0.25, 0.75))
    hand.send("button_press_event", (x, y), 1)
    hand.send("motion_notify_event", (x + 2, y - 1))
    hand.send("button_release_event", (x + 2, y - 1), 1)
    np.testing.assert_allclose(hand.tool.panel.place, (0.25, 0.75), atol=0.03)


def test_colour_follows_the_brush_and_what_is_undone(make):
    hand = make(live=True, method="graph")
    hand.tool.wait()
    assert not np.abs(hand.tool.scene.chroma).any()  # without strokes graph has no answer
    hand.key("n")
    hand.drag((0.1, 0.1), (0.2, 0.1))
    hand.key("3")
    hand.drag((0.6, 0.6), (0.8, 0.6))
    hand.tool.wait()
    x, y = 0.7 * SHAPE[1], 0.6 * SHAPE[0]
    green = hand.tool.scene.chroma_at(x, y)
    np.testing.assert_allclose(green, hand.tool.strokes[1].chroma, atol=12)
    hand.key("ctrl+z")
    hand.tool.wait()
    assert np.hypot(*hand.tool.scene.chroma_at(x, y)) < 2
    assert " ms" in hand.status


def test_colour_waits_for_space_when_it_does_not_follow(make):
    hand = make()
    hand.drag((0.1, 0.1), (0.2, 0.1))
    hand.tool.wait()
    assert hand.tool.scene.chroma is None
    hand.key(" ")
    hand.tool.wait()
    assert hand.tool.scene.chroma is not None


def test_colours_and_places_are_suggested(make):
    hand = make(live=True)
    hand.drag((0.5, 0.5), button="left")
    hand.tool.wait()
    assert 3 <= len(set(hand.tool.panel.advised)) <= 6
    hand.click(hand.tool.screen.advised, 1, 0)
    assert hand.tool.session.color == hand.tool.panel.advised[1]
    hand.key("p")
    hand.tool.wait()
    marks = [mark for mark in hand.tool.screen.marks if mark.get_visible()]
    assert len(marks) == 5
    hand.key("p")
    assert not hand.tool.screen.marks[0].get_visible()


def test_a_failing_solver_is_told_and_the_tool_lives_on(make, monkeypatch):
    hand = make(live=True)
    hand.tool.wait()
    monkeypatch.setattr(Painter, "answer", lambda painter, wish: (_ for _ in ()).throw(MemoryError("too large")))
    hand.drag((0.1, 0.1), (0.2, 0.1))
    hand.tool.wait()
    assert "colour failed: too large" in hand.status
    monkeypatch.undo()
    hand.key(" ")
    hand.tool.wait()
    assert len(hand.tool.strokes) == 1
    assert np.abs(hand.tool.scene.chroma).max() > 1


def test_saving_writes_strokes_and_colour_and_ends_the_side_file(make, files, tmp_path):
    hand = make(files=files)
    hand.drag((0.1, 0.1), (0.6, 0.2))
    side = tmp_path / "strokes.json.autosave"
    assert side.exists()
    assert hand.tool.unsaved
    hand.key("s")
    hand.tool.wait()
    assert not side.exists()
    assert not hand.tool.unsaved
    assert load_vector(files.strokes) == hand.tool.strokes
    result = read_photo(files.color)
    assert result.pixels.shape == (*SHAPE, 3)
    assert np.ptp(result.pixels.astype(int), axis=2).max() > 20
    assert files.written == {files.strokes, files.color}
    assert "saved colour.png" in hand.status


def test_files_of_others_are_replaced_only_when_asked_twice(make, files):
    files.color.write_bytes(b"mine")
    hand = make(files=files)
    hand.drag((0.1, 0.1), (0.6, 0.2))
    hand.key("s")
    hand.tool.wait()
    assert files.color.read_bytes() == b"mine"
    assert "colour.png: there already; S again replaces it" in hand.status
    hand.key("n", "s")  # something else in between: asked again
    hand.tool.wait()
    assert files.color.read_bytes() == b"mine"
    hand.key("s")
    hand.tool.wait()
    assert read_photo(files.color).pixels.shape == (*SHAPE, 3)
    hand.drag((0.1, 0.3), (0.6, 0.4))
    hand.key("s")
    hand.tool.wait()
    assert len(load_vector(files.strokes)) == 2


def test_what_cannot_be_saved_stays_unsaved(make, files):
    hand = make(files=files)
    hand.drag((0.1, 0.1), (0.6, 0.2))
    files.strokes.mkdir()
    hand.key("s", "s")
    hand.tool.wait()
    assert "not saved:" in hand.status
    assert hand.tool.unsaved
    files.strokes.rmdir()
    hand.key("s")
    hand.tool.wait()
    assert not hand.tool.unsaved


def test_esc_asks_once_if_strokes_are_unsaved(make, files, tmp_path):
    hand = make(files=files)
    hand.drag((0.1, 0.1), (0.6, 0.2))
    hand.key("escape")
    assert "not saved" in hand.status
    assert not hand.tool.closed
    hand.key("n", "escape")  # work in between: asked again
    assert not hand.tool.closed
    hand.key("escape")
    assert hand.tool.closed
    assert (tmp_path / "strokes.json.autosave").exists()


@pytest.mark.parametrize("answer", ["enter", "escape"])
def test_what_an_earlier_session_left_is_offered(make, files, tmp_path, answer):
    first = make(files=files)
    first.drag((0.1, 0.1), (0.6, 0.2))
    first.drag((0.1, 0.4), (0.6, 0.5))
    first.key("ctrl+z")
    second = make(files=files)
    sheet = second.tool.screen.sheet
    assert sheet.get_visible()
    assert "without saving 1 stroke." in sheet.get_text()
    second.drag((0.5, 0.5), (0.6, 0.6))  # not before it is answered
    second.key(answer)
    assert not sheet.get_visible()
    if answer == "enter":
        assert second.tool.strokes == first.tool.strokes
        second.key("ctrl+y")
        assert len(second.tool.strokes) == 2
        assert second.tool.unsaved
    else:
        assert second.tool.strokes == ()
        assert "strokes.json.autosave.old" in second.status
        assert (tmp_path / "strokes.json.autosave.old").exists()


def test_other_strokes_are_opened_by_name(make, files, tmp_path):
    save_vector(tmp_path / "other.json", [LINE, LINE])
    hand = make(files=files)
    hand.drag((0.1, 0.1), (0.6, 0.2))
    painted = hand.tool.strokes
    hand.key("ctrl+o", *"xother.jso", "backspace", "o", "n")
    assert "open strokes:" in hand.status
    hand.key(*["backspace"] * len("xother.json"), *"other.json", "enter")
    assert hand.tool.strokes == (LINE, LINE)
    hand.key("ctrl+z")
    assert hand.tool.strokes == painted
    hand.key("ctrl+o", *"nothing.png", "enter")
    assert "nothing.png" in hand.status
    assert hand.tool.strokes == painted


def test_strokes_of_a_picture_are_gone_on_with_and_saved_as_they_were(make, tmp_path):
    picture = np.zeros((*SHAPE, 3), np.uint8)
    picture[20:30, 10:50], picture[50:60, 10:50] = (200, 80, 60), (90, 90, 200)
    write_photo(tmp_path / "mask.png", picture)
    files = Files(Photo(GRAY), tmp_path / "mask.png", opened={tmp_path / "mask.png"})
    hand = make(strokes=files.load(files.strokes), files=files)
    hand.drag((0.7, 0.5), (0.9, 0.5))
    hand.key("ctrl+z", "n", "s")
    hand.tool.wait()
    np.testing.assert_array_equal(read_photo(files.strokes).pixels, picture)


def test_strokes_that_paint_nothing_are_saved_too(make, files):
    hand = make(files=files)
    hand.tool.session.begin(-0.5, -0.5)
    hand.tool.finish_stroke()
    hand.key("s")
    hand.tool.wait()
    assert "saved colour.png" in hand.status
    assert len(load_vector(files.strokes)) == 1


def test_a_side_file_that_cannot_be_written_does_not_stop_the_work(make, files):
    hand = make(files=files)
    hand.tool.keeper.journal.path = files.strokes.parent / "gone" / "strokes.json.autosave"
    hand.drag((0.1, 0.1), (0.6, 0.2))
    assert "kept in memory alone" in hand.status
    assert len(hand.tool.strokes) == 1


def test_help_names_every_key_and_gesture(make):
    hand = make()
    hand.key("h")
    words = hand.tool.screen.sheet.get_text()
    for binding in BINDINGS:
        assert f"{binding.shown:<19}{binding.text}" in words
    for gesture, meaning in gestures("right"):
        assert f"{gesture:<19}{meaning}" in words
    hand.key("escape")
    assert not hand.tool.screen.sheet.get_visible()
    assert not hand.tool.closed


def test_r_that_is_held_down_toggles_once(make, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    hand = make()

    def event(name, after):
        now[0] += after
        hand.canvas.callbacks.process(name, KeyEvent(name, hand.canvas, "r"))

    event("key_press_event", 1)
    for _ in range(5):  # X11: pairs of release and press
        event("key_release_event", 0.03)
        event("key_press_event", 0.001)
    assert hand.tool.draw_button == "left"
    event("key_release_event", 0.1)
    event("key_press_event", 0.5)
    for _ in range(5):  # Windows: presses alone
        event("key_press_event", 0.4)
    assert hand.tool.draw_button == "right"
    event("key_press_event", 2)  # macOS: the release was lost
    assert hand.tool.draw_button == "left"


@pytest.mark.parametrize(
    "photo",
    [
        np.full((1, 1), 90, np.uint8),
        np.full((1, 300), 40000, np.uint16),
        np.full((400, 3), 0.5),
        np.zeros((20, 30, 4), np.uint8),
        np.full((20, 30, 3), 255, np.uint8),
    ],
    ids=["1x1", "row, 16 bit", "column, float", "black with alpha", "white RGB"],
)
def test_any_photograph_can_be_painted_on(make, photo):
    hand = make(photo, live=True)
    hand.drag((0.5, 0.5), (0.6, 0.5))
    hand.wheel((0.5, 0.5), 30)
    hand.drag((0.5, 0.5), (0.52, 0.5))
    hand.key("b", "d", "p", "tab")
    hand.tool.wait()
    assert len(hand.tool.strokes) == 2
    assert hand.tool.hints().count >= 1
    assert "failed" not in hand.status


def test_a_smaller_window_shows_all_again(make):
    hand = make()
    hand.tool.screen.figure.set_size_inches(5, 4)
    hand.canvas.callbacks.process("resize_event", None)
    assert hand.picture.shape[:2] == hand.tool.display.view.window == hand.tool.screen.window
    assert hand.tool.display.view.is_fitting


def test_a_window_of_twice_the_resolution_looks_alike(make):
    def inked(dpi):
        figure = Figure(figsize=(8, 5), dpi=dpi)
        FigureCanvasAgg(figure)
        tool = StrokeTool(GRAY, (LINE,), live=False, figure=figure)
        high, wide = tool.screen.window
        share = (np.abs(tool.screen.shown.astype(int) - (200, 80, 60)).max(axis=2) == 0).mean()
        tool.close()
        return high, wide, share

    single, double = inked(100), inked(200)
    assert (2 * single[0], 2 * single[1]) == double[:2]
    np.testing.assert_allclose(single[2], double[2], rtol=0.05)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="draw_button must be 'left' or 'right', but is 'middle'"):
        StrokeTool(GRAY, draw_button="middle")
    with pytest.raises(ValueError, match=r"photo must have shape .* but has shape \(3,\)"):
        StrokeTool(np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match=r"strokes must go to a file ending in .*, but strokes\.jpg ends in '\.jpg'"):
        Files(Photo(GRAY), Path("strokes.jpg"))


def test_the_photograph_itself_is_never_replaced(tmp_path):
    write_photo(tmp_path / "gray.png", np.dstack([GRAY] * 3))
    photo = read_photo(tmp_path / "gray.png")
    for names in ({"strokes": tmp_path / "gray.png"}, {"strokes": tmp_path / "s.json", "color": tmp_path / "gray.png"}):
        with pytest.raises(ValueError, match=r"must not replace the photograph, but .*gray\.png is the"):
            Files(photo, **names)


def test_the_side_file_is_json_line_by_line(make, files):
    hand = make(files=files)
    hand.drag((0.1, 0.1), (0.6, 0.2))
    header, *records = map(json.loads, hand.tool.keeper.journal.path.read_text().splitlines())
    assert header == {"format": "pyvarcolor-session", "version": 1, "shape": list(SHAPE)}
    assert [sorted(record) for record in records] == [["start"], ["come", "gone"]]
