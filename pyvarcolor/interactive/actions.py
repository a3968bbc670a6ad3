"""What can be done in the stroke tool, by name; `keys.py` has the keys, `gestures.py` what the pointer does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pyvarcolor.hints import Hints
from pyvarcolor.interactive.asking import Confirmation, Question
from pyvarcolor.interactive.display import Display
from pyvarcolor.interactive.follower import Follower
from pyvarcolor.interactive.keeper import Keeper
from pyvarcolor.interactive.keys import help_text
from pyvarcolor.interactive.painter import Painter, Wish
from pyvarcolor.interactive.palette import hex_of
from pyvarcolor.interactive.panel import Panel
from pyvarcolor.interactive.scene import Scene
from pyvarcolor.interactive.screen import Screen
from pyvarcolor.interactive.session import NEUTRAL, Session
from pyvarcolor.strokes.vector import VectorStroke

if TYPE_CHECKING:
    from pyvarcolor.interactive.display import Look, Place

Button = Literal["left", "right"]

POLL = 8  # milliseconds between two questions whether there is an answer
GROWTH, ZOOM = 1.25, 1.25  # of one key, of one step of the wheel
BREATH = 0.08  # seconds between two pictures while the brush is down: ink comes first


class Actions:
    """A session, what is seen of it, and all that changes either.

    Parameters
    ----------
    scene : Scene
        The photograph.
    screen : Screen
        The window's contents.
    session : Session
        Strokes, undo, brush.
    painter : Painter
        What colours.
    keeper : Keeper or None
        The files; without them nothing can be saved.
    live : bool
        Whether colour follows the brush from the start.
    draw_button : {"left", "right"}
        Which one paints.
    """

    def __init__(
        self,
        scene: Scene,
        screen: Screen,
        session: Session,
        painter: Painter,
        keeper: Keeper | None,
        *,
        live: bool,
        draw_button: Button,
    ) -> None:
        self.scene, self.screen, self.session, self.keeper = scene, screen, session, keeper
        self.display = Display(scene, screen, session, "color" if live else "gray")
        self.panel = Panel(scene, screen)
        self.follower = Follower(painter, scene, lambda: self.display.view)
        self.confirmed = Confirmation()
        self.draw_button: Button = draw_button
        self.question: Question | None = None
        self.helping = self.picking = self.closed = False
        self.follows = live
        self.when_closed: Callable[[], None] | None = None
        self._panel_waits, self._shown_at = False, 0.0
        self._timer: Any = screen.canvas.new_timer(interval=POLL, callbacks=[(self._poll, (), {})])
        self._adopt(session)
        self.refresh_panel()
        self._refresh()
        if live:
            self._ask(final=True)
        earlier = keeper and keeper.journal.recover()
        if earlier:
            self._offer(earlier)

    # --- what was painted

    @property
    def strokes(self) -> tuple[VectorStroke, ...]:
        """The strokes, in the order of painting."""
        return self.session.strokes

    def hints(self) -> Hints:
        """What they prescribe, at the size of the photograph.

        Returns
        -------
        Hints
        """
        return self.scene.raster.hints()

    @property
    def unsaved(self) -> bool:
        """Whether there are strokes that are in no file but the side file."""
        return self.session.unsaved

    # --- what can be done, by name; `keys.py` has the keys

    def begin_stroke(self, place: Place) -> None:
        """Put the brush down, at fractions of the photograph."""
        self.panel.message, self.panel.place = "", place
        self.session.begin(*place)
        self.display.refresh_moving()
        self.preview()

    def preview(self) -> None:
        """Ask for colour while the brush is down."""
        if self.follows:
            self._ask(final=False)

    def finish_stroke(self) -> None:
        """Lift the brush."""
        if self.session.finish():
            self._changed()

    def undo(self) -> None:
        """Take the last change back."""
        self._changed() if self.session.undo() else self.say("nothing to undo")

    def redo(self) -> None:
        """Make it again."""
        self._changed() if self.session.redo() else self.say("nothing to redo")

    def clear(self) -> None:
        """Take all strokes away; undo brings them back."""
        if self.strokes:
            self.session.replace(())
            self._changed()

    def toggle_eraser(self) -> None:
        """Erase, or paint again."""
        self.session.erasing = not self.session.erasing
        self.refresh_panel()

    def choose(self, color: str) -> None:
        """Paint in this colour, "#rrggbb"."""
        self.session.choose(color)
        self.picking = False
        self.refresh_panel()

    def choose_neutral(self) -> None:
        """Paint gray: what lies there has no colour."""
        self.choose(NEUTRAL)

    def swap_colors(self) -> None:
        """Go back to the colour before."""
        self.session.swap()
        self.refresh_panel()

    def choose_chroma(self, a: float, b: float) -> None:
        """Paint in this colour, at the lightness of the place that the map shows."""
        self.choose(hex_of(self.panel.lightness, a, b))

    def choose_recent(self, number: int) -> None:
        """Paint in a colour used before: the last one is 1."""
        if number <= len(self.session.recent):
            self.choose(self.session.recent[number - 1])

    def pick_next(self) -> None:
        """Take the colour under the next click."""
        self.picking = True
        self.say("click where the colour is to be taken from")

    def pick(self, at: Place) -> None:
        """Take the colour at a place of the view: that of the stroke there, or of the photograph."""
        self.panel.place = x, y = self.display.fraction(at)
        height, width = self.scene.shape
        row, col = min(max(int(y * height), 0), height - 1), min(max(int(x * width), 0), width - 1)
        number = int(self.scene.raster.top[row, col])
        stroke = self.strokes[number - 1].color if number else None
        self.choose(stroke or hex_of(self.panel.lightness, *self.scene.chroma_at(x * width, y * height)))

    def grow_brush(self) -> None:
        """Make the brush larger."""
        self._resize_brush(GROWTH)

    def shrink_brush(self) -> None:
        """Make the brush smaller."""
        self._resize_brush(1 / GROWTH)

    def toggle_button(self) -> None:
        """Paint with the other button."""
        self.draw_button = "left" if self.draw_button == "right" else "right"
        self.refresh_panel()

    def toggle_gray(self) -> None:
        """Show the photograph as it was, or in colour."""
        self._show("gray" if self.display.look == "color" else "color")

    def toggle_divider(self) -> None:
        """Show it before and after, with a divider between."""
        self._show("color" if self.display.look == "divider" else "divider")

    def toggle_beside(self) -> None:
        """Show the strokes and the colour side by side."""
        self._show("color" if self.display.look == "beside" else "beside")

    def toggle_strokes(self) -> None:
        """Hide the strokes, or show them."""
        self.display.strokes_shown = not self.display.strokes_shown
        self._refresh()

    def fit(self) -> None:
        """See all of the photograph."""
        self.display.fit()
        self.refresh_status()

    def zoom(self, at: Place, steps: float) -> None:
        """See it larger, what lies at a place of the view staying there."""
        self.display.zoom(at, ZOOM**steps)

    def resize(self) -> None:
        """Fit into the new size of the window."""
        self.screen.lay_out()
        self.display.look_at(self.display.view.resized(self.display.pane))

    def hover(self, before: Place | None) -> None:
        """The pointer has moved, and nothing is under way."""
        self.refresh_status()
        self.display.refresh_moving(before, self.display.pointer)

    def solve(self) -> None:
        """Colour it now."""
        if self.display.look == "gray":
            self._show("color")
        self._ask(final=True)

    def toggle_live(self) -> None:
        """Colour follows the brush, or waits."""
        self.follows = not self.follows
        self.say("colour follows the brush" if self.follows else "colour waits for Space")
        if self.follows:
            self.solve()
        self.refresh_panel()

    def suggest_places(self) -> None:
        """Show where a stroke would help most, or hide that."""
        if self.display.marks:
            self.display.marks = []
            self._refresh()
        else:
            self.say("looking for places ...")
            self._ask(final=True, places=True)

    def ask_about(self, place: Place) -> None:
        """Show the colours that a place can have, as fractions, and ask for some that it may well have."""
        self.panel.place, self.panel.advised = place, []
        self.refresh_panel()
        self._ask(final=True, about=place)

    def save(self) -> None:
        """Save the strokes, and the photograph in colour, in the background."""
        self.finish_stroke()
        if self.keeper is None:
            self.say("there is no file to save to")
            return
        others = self.keeper.in_the_way()
        if others and not self.confirmed.by("replace"):
            names = " and ".join(path.name for path in others)
            self.say(f"{names}: there already; S again replaces {'it' if len(others) == 1 else 'them'}")
            return
        self.keeper.save(self.strokes)
        self.say("saving ...")
        self._timer.start()

    def ask_for_file(self) -> None:
        """Ask for the name of a file of strokes."""
        if self.keeper is None:
            self.say("there is no folder to open strokes from")
            return
        self.panel.typed = f"{self.keeper.files.strokes.parent}{os.sep}"
        self.refresh_status()

    def open(self, path: Path) -> None:
        """Have the strokes of a file instead; undo brings those before back."""
        if self.keeper is None:
            return
        try:
            strokes = self.keeper.files.load(path)
        except (OSError, ValueError) as error:
            self.say(str(error))
            return
        self.session.replace(strokes)
        self.say(f"{path.name}: {len(strokes)} strokes")
        self._changed()

    def toggle_help(self) -> None:
        """Show the keys and gestures, or hide them."""
        self.helping = not self.helping
        self._show_words()

    def answer(self, *, yes: bool) -> None:
        """Answer the question."""
        question, self.question = self.question, None
        self._show_words()
        if question is not None:
            (question.yes if yes else question.no)()

    def leave(self) -> None:
        """Close the window; ask once if strokes are unsaved."""
        self._take_saved()
        if self.helping:
            self.toggle_help()
        elif self.session.unfinished is not None:
            self.session.abandon()
            self.display.refresh_moving()
        elif self.keeper and self.unsaved and not self.keeper.busy and not self.confirmed.by("close"):
            self.say("strokes are not saved: S saves them; Esc again closes, and they wait in the side file")
        else:
            self.close()

    def close(self) -> None:
        """End: what is being saved is saved first."""
        if self.closed:
            return
        self.closed = True
        self._timer.stop()
        self.follower.close()
        for words in self.keeper.close(self.session) if self.keeper else ():
            self.say(words)
        if self.screen.canvas.manager is not None:
            import matplotlib.pyplot as plt

            plt.close(self.screen.figure)
        if self.when_closed is not None:
            self.when_closed()

    def wait(self) -> None:
        """Wait until colour has caught up and everything is saved."""
        self.follower.wait()
        if self.keeper is not None:
            self.keeper.wait()
        self._poll()

    # --- what is seen

    def say(self, message: str) -> None:
        """Say something in the status line."""
        self.panel.message = " ".join(message.split())
        self.refresh_status()

    def refresh_panel(self) -> None:
        """Show brush and colours anew."""
        self._panel_waits = False
        self.panel.show(self.session, 2 * self.display.radius, self.draw_button, follows=self.follows)

    def refresh_status(self) -> None:
        """Show the status line anew."""
        pointer = self.display.pointer
        self.panel.show_status(self.strokes, None if pointer is None else self.display.fraction(pointer))

    def _refresh(self) -> None:
        """Show the photograph and the status line anew."""
        self.display.refresh()
        self.refresh_status()

    def _show(self, look: Look) -> None:
        """Show the photograph in another way."""
        self.display.show(look)
        self.refresh_status()

    def _show_words(self) -> None:
        """Show the question, or the help, or none."""
        words = self.question.words if self.question else help_text(self.draw_button) if self.helping else None
        self.screen.show_words(words)
        self.display.refresh_moving()

    def _resize_brush(self, factor: float) -> None:
        self.session.resize(factor)
        self.display.refresh_moving()
        self.refresh_panel()

    # --- strokes that change, and what follows them

    def _adopt(self, session: Session) -> None:
        """Work on this session."""
        self.session = self.display.session = session
        session.note = self._note
        self.scene.show_strokes(session.strokes)

    def _note(self, record: dict[str, Any]) -> None:
        """Put a change into the side file."""
        try:
            if self.keeper is not None:
                self.keeper.note(record, self.session)
        except OSError as error:
            self.say(f"strokes are kept in memory alone: {error}")

    def _changed(self) -> None:
        """Show strokes that have changed, and ask for their colour."""
        self.confirmed.forget()
        self.display.marks = []
        if self.follows:
            self._ask(final=True)
            self._panel_waits = True  # until there is colour, which must not wait for it
        else:
            self.refresh_panel()
        self.scene.show_strokes(self.strokes)
        self.panel.share = np.count_nonzero(self.scene.raster.top) / self.scene.raster.top.size
        self._refresh()

    def _offer(self, earlier: Session) -> None:
        """Offer what an earlier session left."""
        assert self.keeper is not None  # it was found there
        journal, count = self.keeper.journal, len(earlier.strokes)

        def recover() -> None:
            earlier.mark_saved(self.session.strokes)
            journal.go_on()
            self._adopt(earlier)
            self.say(f"{len(earlier.strokes)} strokes recovered")
            self._changed()

        def decline() -> None:
            self.say(f"they are kept in {journal.set_aside().name}")

        strokes = f"{count} stroke{'s' * (count != 1)}"
        words = f"An earlier session ended without saving {strokes}.\n\nEnter   go on with them\nEsc     begin anew"
        self.question = Question(words, recover, decline)
        self._show_words()

    def _ask(self, *, final: bool, places: bool = False, about: tuple[float, float] | None = None) -> None:
        """Ask for colour for the strokes there are."""
        unfinished = self.session.unfinished
        strokes = self.strokes if unfinished is None else (*self.strokes, unfinished)
        self.follower.ask(Wish(strokes, final, about, places))
        self._timer.start()

    def _poll(self) -> None:
        """Take what the threads have ready; stop looking when there is no more to come."""
        for answer in self.follower.take():
            if isinstance(answer, Exception):
                self.say(f"colour failed: {answer}")
            elif answer.colors is not None:
                self.panel.advised = answer.colors
                self.refresh_panel()
            elif answer.places is not None:
                self.display.marks = answer.places
                self.say("the more a stroke there would help, the lower its number")
                self._refresh()
        painting = self.session.unfinished is not None
        if not painting or time.monotonic() - self._shown_at > BREATH:
            self._show_color()
        self._take_saved()
        if self._panel_waits and not self.follower.busy:
            self.refresh_panel()
        if not (self.follower.ready or self.follower.busy or (self.keeper and self.keeper.busy)):
            self._timer.stop()

    def _show_color(self) -> None:
        """Show new colour, if there is some."""
        developed = self.follower.show()
        if developed is not None:
            self._shown_at = time.monotonic()
            self.panel.seconds = developed.color.seconds
            self.display.show_color(developed.color.chroma, developed.view, developed.picture)
            self.refresh_status()

    def _take_saved(self) -> None:
        """Take note of what was saved."""
        for words in self.keeper.take(self.session) if self.keeper else ():
            self.say(words)
