"""Gestures of the pointer, each a generator: it begins at a press, waits for what comes next, and ends at a release.

What a gesture remembers between two events are its own variables, as in napari. Nothing here knows a toolkit.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pyvarcolor.interactive.actions import Actions, Button
    from pyvarcolor.interactive.display import Place

STILL = 3  # pixels of the screen that a click may move


@dataclass(frozen=True)
class Pointer:
    """What the pointer does.

    Parameters
    ----------
    kind : {"press", "move", "release"}
    at : (x, y)
        Pixels of the view.
    inside : bool
        Whether that is in the view.
    button : {"left", "right"} or None
        Which one is pressed or released; None: another one, or none.
    ctrl : bool
        Whether the key Ctrl is held.
    """

    kind: Literal["press", "move", "release"]
    at: Place
    inside: bool = True
    button: Button | None = None
    ctrl: bool = False


Gesture: TypeAlias = Generator[None, Pointer, None]


class Hand:
    """The gesture that is under way, if there is one.

    Parameters
    ----------
    tool : Actions
        What gestures act on.
    """

    def __init__(self, tool: Actions) -> None:
        self._tool = tool
        self._gesture: Gesture | None = None
        self._button: Button | None = None

    @property
    def busy(self) -> bool:
        """Whether one is under way."""
        return self._gesture is not None

    def feel(self, pointer: Pointer) -> None:
        """Begin a gesture, go on with it, or hover."""
        before, self._tool.display.pointer = self._tool.display.pointer, self._where(pointer)
        if pointer.kind == "press":
            if self._gesture is None or pointer.button == self._button:  # again: its release got lost
                self._end()
                self._gesture, self._button = begin(self._tool, pointer), pointer.button
                self._advance(None)
        elif self._gesture is not None:
            self._advance(pointer)
        elif pointer.kind == "move":
            self._tool.hover(before)

    def _where(self, pointer: Pointer) -> Place | None:
        """Where the brush is shown: beyond the view only while a gesture lasts."""
        return pointer.at if pointer.inside or self.busy else None

    def _end(self) -> None:
        """End what is under way as its release would have."""
        if self._gesture is not None:
            self._gesture.close()
            self._gesture = None
            self._tool.finish_stroke()

    def _advance(self, pointer: Pointer | None) -> None:
        assert self._gesture is not None  # callers know
        try:
            next(self._gesture) if pointer is None else self._gesture.send(pointer)
        except StopIteration:
            self._gesture = None


def begin(tool: Actions, press: Pointer) -> Gesture:
    """The gesture that a press begins, by place and button."""
    if tool.picking or (press.button and press.ctrl):
        tool.pick(press.at)
    elif press.button == "left" and tool.display.is_on_divider(press.at):
        yield from slide(tool)
    elif press.button == tool.draw_button:
        yield from paint(tool, press)
    elif press.button:
        yield from pan(tool, press)


def paint(tool: Actions, press: Pointer) -> Gesture:
    """Draw a stroke until its own button is released."""
    pane = tool.display.pane_of(press.at[0])
    tool.begin_stroke(tool.display.fraction(press.at))
    before = press.at
    while True:
        pointer = yield
        if tool.session.unfinished is None:  # given up
            return
        if pointer.kind == "release" and pointer.button != press.button:
            continue
        tool.session.extend(*tool.display.fraction(pointer.at, pane))  # of a release too: some toolkits leave moves out
        if pointer.kind == "release":
            tool.finish_stroke()
            return
        tool.preview()
        tool.display.refresh_moving(before, pointer.at)
        before = pointer.at


def pan(tool: Actions, press: Pointer) -> Gesture:
    """Move the photograph; where the pointer hardly moved, ask about the place instead."""
    before = press.at
    while (pointer := (yield)).kind != "release":
        view = tool.display.view.moved(pointer.at[0] - before[0], pointer.at[1] - before[1])
        tool.display.look_at(view)
        before = pointer.at
    if max(abs(pointer.at[0] - press.at[0]), abs(pointer.at[1] - press.at[1])) <= STILL:
        tool.ask_about(tool.display.fraction(pointer.at))


def slide(tool: Actions) -> Gesture:
    """Move the divider between before and after."""
    while (pointer := (yield)).kind != "release":
        tool.display.move_divider(pointer.at[0])
