"""What follows the newest strokes: their colour, developed for the view, and advice; in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pyvarcolor.interactive.live import Newest
from pyvarcolor.interactive.painter import Advice, Color, Painter, Wish
from pyvarcolor.interactive.scene import Picture, Scene
from pyvarcolor.interactive.viewport import Viewport


class Developed(NamedTuple):
    """Colour, and the picture of it in a view."""

    color: Color
    view: Viewport
    picture: Picture


class Follower:
    """Colours for the newest wish.

    Parameters
    ----------
    painter : Painter
        What colours.
    scene : Scene
        The photograph, whose colour is developed.
    view : callable
        Returns which part of it is seen; called in the thread.

    Attributes
    ----------
    ready : Developed or None
        Colour that waits to be shown.
    """

    def __init__(self, painter: Painter, scene: Scene, view: Callable[[], Viewport]) -> None:
        self.ready: Developed | None = None
        self._painter, self._scene, self._view = painter, scene, view
        self._thread: Newest[Wish, Developed | Advice] = Newest(self._answer)
        self.ask, self.wait, self.close = self._thread.ask, self._thread.wait, self._thread.close

    @property
    def busy(self) -> bool:
        """Whether answers are on their way."""
        return self._thread.busy

    def take(self) -> list[Advice | Exception]:
        """Advice and failures since the last call; the newest colour is `ready` then."""
        others = []
        for answer in self._thread.take():
            if isinstance(answer, Developed):
                self.ready = answer
            else:
                others.append(answer)
        return others

    def show(self) -> Developed | None:
        """Hand over the colour that waits."""
        ready, self.ready = self.ready, None
        return ready

    def _answer(self, wish: Wish) -> Iterator[Developed | Advice]:
        """Colour is developed here: the window's thread has a brush to follow."""
        for answer in self._painter.answer(wish):
            if isinstance(answer, Color):
                view = self._view()
                yield Developed(answer, view, self._scene.developed(view, answer.chroma))
            else:
                yield answer
