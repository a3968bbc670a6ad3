"""What is written and shown around the photograph: brush, colours, notes and the status line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pyvarcolor.interactive.display import Place
from pyvarcolor.interactive.palette import chroma_of, gamut_map, shown_lightness
from pyvarcolor.interactive.scene import Scene
from pyvarcolor.interactive.screen import MAP_SIZE, Screen
from pyvarcolor.interactive.session import NEUTRAL, Session


@dataclass
class Panel:
    """The panel beside the photograph, and the line below it.

    Parameters
    ----------
    scene : Scene
        The photograph.
    screen : Screen
        The window's contents.

    Attributes
    ----------
    place : (x, y)
        For which the map shows colours, as fractions of the photograph.
    advised : list of str
        Colours that it may well have.
    message : str
        What is said at the end of the line.
    typed : str or None
        The name of a file that is being typed.
    seconds : float or None
        How long the last colour took.
    share : float
        Of the pixels that are painted.
    """

    scene: Scene
    screen: Screen
    place: Place = (0.5, 0.5)
    advised: list[str] = field(default_factory=list)
    message: str = ""
    typed: str | None = None
    seconds: float | None = None
    share: float = 0.0

    @property
    def lightness(self) -> float:
        """L* at the place."""
        return self.scene.lightness_at(self.place[0] * self.scene.shape[1], self.place[1] * self.scene.shape[0])

    def show(self, session: Session, width: float, draw_button: str, *, follows: bool) -> None:
        """Show brush, colours and notes anew; `width` of the brush is in pixels of the photograph."""
        heading = f"all colours at L* {shown_lightness(self.lightness):.0f}"
        self.screen.show_map(gamut_map(self.lightness, MAP_SIZE), chroma_of(session.color), heading)
        does = "eraser" if session.erasing else session.color + " neutral" * (session.color == NEUTRAL)
        color = "#ffffff" if session.erasing else session.color
        self.screen.show_colors(color, f"{does}\n{width:.0f} pixels wide", session.recent, self.advised)
        notes = (
            f"{draw_button} button paints",
            f"{'right' if draw_button == 'left' else 'left'} button moves",
            "wheel zooms",
            "colour follows the brush" if follows else "Space colours",
            "S saves",
            "H shows all keys",
        )
        self.screen.show_notes("\n".join(notes))

    def show_status(self, strokes: Sequence[object], pointer: Place | None) -> None:
        """Show the line anew; `pointer` is in fractions of the photograph."""
        if self.typed is not None:
            self.screen.show_status(f"open strokes: {self.typed}_   (Enter opens, Esc does not)")
            return
        count = len(strokes)
        parts = [f"{count} stroke{'s' * (count != 1)}, {100 * self.share:.2g} % painted"]
        if pointer is not None:
            place = pointer[0] * self.scene.shape[1], pointer[1] * self.scene.shape[0]
            a, b = self.scene.chroma_at(*place)
            parts.insert(0, f"L* {self.scene.lightness_at(*place):3.0f}  a* {a:4.0f}  b* {b:4.0f}")
        if self.seconds is not None:
            parts.append(f"{1000 * self.seconds:.0f} ms")
        if self.message:
            parts.append(self.message)
        self.screen.show_status("  |  ".join(parts))
