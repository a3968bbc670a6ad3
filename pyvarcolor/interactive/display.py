"""The photograph in the window: which part of it, before or after, with strokes and brush above it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pyvarcolor.interactive.scene import Array, Picture, Scene
from pyvarcolor.interactive.screen import Screen
from pyvarcolor.interactive.session import Session
from pyvarcolor.interactive.viewport import Viewport

Look = Literal["color", "gray", "divider", "beside"]
Place = tuple[float, float]

RIM = 4  # pixels of the screen around the brush
GRIP = 8  # pixels at 100 dpi from the divider at which it is taken hold of
_NOTHING: NDArray[np.float64] = np.empty(0)


class Display:
    """What the window shows of a photograph.

    Places are pixels of the view, unless they are said to be fractions of the photograph's width and height.

    Parameters
    ----------
    scene : Scene
        The photograph.
    screen : Screen
        The window's contents.
    session : Session
        Brush and strokes.
    look : {"color", "gray", "divider", "beside"}
        After; before; before | after; strokes | after.

    Attributes
    ----------
    view : Viewport
        Which part is seen.
    pointer : (x, y) or None
        Where the brush is.
    marks : list of (x, y)
        Fractions of the photograph, to be marked by numbered rings.
    strokes_shown : bool
        Whether strokes are.
    """

    def __init__(self, scene: Scene, screen: Screen, session: Session, look: Look) -> None:
        self.scene, self.screen, self.session = scene, screen, session
        self.look: Look = look
        self.view = Viewport.fitting(scene.shape, self.pane)
        self.pointer: Place | None = None
        self.marks: list[Place] = []
        self.strokes_shown = True
        self._divider = 0.5
        self._pictures: dict[str, Picture] = {}

    @property
    def pane(self) -> tuple[int, int]:
        """Height and width of what shows the photograph once."""
        height, width = self.screen.window
        return (height, max(width // 2, 1)) if self.look == "beside" else (height, width)

    @property
    def panes(self) -> tuple[float, ...]:
        """Where they begin."""
        return (0.0, float(self.pane[1])) if self.look == "beside" else (0.0,)

    @property
    def radius(self) -> float:
        """Of the brush, in pixels of the photograph."""
        return float(max(self.session.radius * min(self.scene.shape), np.sqrt(0.5)))

    @property
    def reach(self) -> float:
        """Of the brush, in pixels of the view."""
        return self.radius * self.view.zoom

    def pane_of(self, x: float) -> float:
        """Where the pane begins that a place lies in."""
        return max(start for start in self.panes if start <= max(x, 0))

    def fraction(self, place: Place, pane: float | None = None) -> Place:
        """A place as fractions of the photograph; `pane` is where its pane begins, if it is not the one it lies in."""
        x, y = self.view.to_photo(place[0] - (self.pane_of(place[0]) if pane is None else pane), place[1])
        return x / self.scene.shape[1], y / self.scene.shape[0]

    def is_on_divider(self, place: Place) -> bool:
        """Whether the divider is near enough to be taken hold of."""
        near = abs(place[0] - self._divider * self.pane[1]) <= GRIP * self.screen.scale
        return self.look == "divider" and near

    def move_divider(self, x: float) -> None:
        """Put it here."""
        self._divider = min(max(x / self.pane[1], 0.0), 1.0)
        self.refresh()

    def show(self, look: Look) -> None:
        """Show the photograph in another way."""
        self.look = look
        self.look_at(self.view.resized(self.pane))

    def fit(self) -> None:
        """Show all of it."""
        self.look_at(Viewport.fitting(self.scene.shape, self.pane))

    def zoom(self, place: Place, factor: float) -> None:
        """Show it larger, what lies at this place staying there."""
        self.look_at(self.view.zoomed(place[0] - self.pane_of(place[0]), place[1], factor))

    def look_at(self, view: Viewport) -> None:
        """Show another part of it."""
        if view != self.view:
            self.view = view
            self._pictures.clear()
        self.refresh()

    def show_color(self, chroma: Array, view: Viewport, picture: Picture) -> None:
        """Show new colour, and the picture of it that was developed for a view."""
        self.scene.chroma = chroma
        self._pictures.pop("color", None)
        if view == self.view:
            self._pictures["color"] = picture
        self.refresh()

    def refresh(self) -> None:
        """Show everything anew."""
        if self.look == "beside":
            picture = np.hstack([self._inked("gray"), self._seen("color")])
        elif self.look == "divider":
            at = round(self._divider * self.pane[1])
            picture = np.hstack([self._inked("gray")[:, :at], self._seen("color")[:, at:]])
        else:
            picture = self._inked(self.look)
        self._arrange()
        self.screen.show_picture(picture)

    def refresh_moving(self, *pointer: Place | None) -> None:
        """Show anew what lies above the photograph; all of it, or what is near where the pointer was and is."""
        self._arrange()
        if len(self.panes) > 1 or None in pointer:
            pointer = ()
        self.screen.show_moving([place for place in pointer if place], self.reach + RIM)

    def _seen(self, name: str) -> Picture:
        """The picture "gray" or "color" in this view."""
        if name not in self._pictures:
            self._pictures[name] = getattr(self.scene, name)(self.view)
        return self._pictures[name]

    def _inked(self, name: str) -> Picture:
        """The same with the strokes on it."""
        return self.scene.ink(self._seen(name), self.view) if self.strokes_shown else self._seen(name)

    def _arrange(self) -> None:
        """Put the stroke in progress, the brush, the divider and marks where they belong."""
        screen, session, view = self.screen, self.session, self.view
        shape = np.array(self.scene.shape[::-1])
        if session.points:
            x, y = ((np.array(session.points) * shape - (view.left, view.top)) * view.zoom).T
            color, alpha = ("#ffffff", 0.6) if session.erasing else (session.color, 1.0)
            screen.show_stroke([(x + pane, y) for pane in self.panes], max(2 * self.reach, 1), color, alpha)
        else:
            screen.show_stroke([(_NOTHING, _NOTHING)] * 2, 1, "none", 1)
        brush: list[Place] = []
        if self.pointer is not None:
            x, y = self.pointer
            brush = [(x - self.pane_of(x) + pane, y) for pane in self.panes]
        screen.show_brush(brush, max(2 * self.reach, 2))
        screen.show_divider(self._divider * self.pane[1] if self.look == "divider" else None)
        marks = [view.to_window(x * shape[0], y * shape[1]) for x, y in self.marks]
        screen.show_marks([(x, y) for x, y in marks if 0 <= x < self.pane[1] and 0 <= y < self.pane[0]])
