"""The stroke tool: events of a matplotlib window become strokes, and colour follows them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from pyvarcolor.color import check_photo, lab_to_rgb
from pyvarcolor.hints import Hints
from pyvarcolor.interactive.files import Files, Saved
from pyvarcolor.interactive.journal import Journal
from pyvarcolor.interactive.keys import ACTIONS, help_text
from pyvarcolor.interactive.live import Newest
from pyvarcolor.interactive.painter import Advice, Color, Painter, Wish
from pyvarcolor.interactive.palette import hex_of
from pyvarcolor.interactive.scene import Picture, Scene
from pyvarcolor.interactive.session import NEUTRAL, Session
from pyvarcolor.interactive.viewport import Viewport
from pyvarcolor.io.photo import Photo
from pyvarcolor.kernels import load
from pyvarcolor.recipe import Recipe
from pyvarcolor.strokes.vector import VectorStroke

if TYPE_CHECKING:
    from matplotlib.backend_bases import Event, KeyEvent, MouseEvent, ResizeEvent
    from matplotlib.figure import Figure

    from pyvarcolor.interactive.display import Look, Place

POLL = 8  # milliseconds between two looks for answers
GROWTH, ZOOM = 1.25, 1.25  # of one key, of one step of the wheel
BREATH = 0.08  # seconds between two pictures while the brush is down: ink comes first
STILL = 3  # pixels of the screen that a click may move
HELD = 1.0  # seconds within which a key is held rather than pressed again, where its release is not told
BOUNCE = 0.06  # seconds between release and press of a key that is held, where these are told


class _Question(NamedTuple):
    """Something to be answered with Enter or Esc, above the picture."""

    words: str
    yes: Callable[[], None]
    no: Callable[[], None]


class _Developed(NamedTuple):
    """Colour, and the picture of it in a view."""

    colour: Color
    view: Viewport
    picture: Picture


class StrokeTool:
    """Paint strokes on a photograph and see its colour follow.

    Parameters
    ----------
    photo : (H, W) or (H, W, 1|3|4) array_like, or Photo
        The photograph; see `pyvarcolor.colorize`.
    strokes : iterable of VectorStroke
        What is painted already.
    files : Files, optional
        Where ``S`` saves; without it nothing can be saved from the window.
    live : bool
        Whether colour follows the brush from the start.
    draw_button : {"left", "right"}
        Which one paints; the other one moves the photograph.
    figure : matplotlib.figure.Figure, optional
        Where to draw; if left out, a new one of `matplotlib.pyplot`.
    method : str or Recipe
        How colour is spread: the name of a method, or a recipe with its prior, space and options.
    backend, threads
        As `pyvarcolor.colorize` takes them.

    Attributes
    ----------
    session : Session
        Strokes, undo, brush.
    display : Display
        What is seen.
    when_closed : callable or None
        Called when the tool was closed.

    Raises
    ------
    TypeError, ValueError, pyvarcolor.kernels.BackendError
        As in `pyvarcolor.colorize`.

    Examples
    --------
    In a notebook, after ``%matplotlib widget``, ``tool = StrokeTool(gray)`` shows the tool; ``tool.strokes`` and
    ``tool.hints()`` are what was painted. Without a window:

    >>> import numpy as np
    >>> from matplotlib.figure import Figure
    >>> from pyvarcolor.interactive import StrokeTool
    >>> tool = StrokeTool(np.full((60, 90), 128, np.uint8), figure=Figure(), live=False)
    >>> tool.session.begin(0.2, 0.5)
    >>> tool.session.extend(0.8, 0.5)
    >>> tool.finish_stroke()
    >>> tool.hints()
    Hints(112 of 5400 pixels, 2.07 %)
    >>> tool.close()
    """

    def __init__(
        self,
        photo: ArrayLike | Photo,
        strokes: tuple[VectorStroke, ...] = (),
        *,
        files: Files | None = None,
        live: bool = True,
        draw_button: Literal["left", "right"] = "right",
        figure: Figure | None = None,
        method: str | Recipe = "auto",
        backend: str = "auto",
        threads: int | None = None,
    ) -> None:
        from pyvarcolor.interactive.display import Display
        from pyvarcolor.interactive.panel import Panel
        from pyvarcolor.interactive.screen import Screen

        if draw_button not in ("left", "right"):
            raise ValueError(f"draw_button must be 'left' or 'right', but is {draw_button!r}")
        pixels = photo.pixels if isinstance(photo, Photo) else check_photo(photo, "photo")
        kernels = load(backend, threads)
        self.scene = Scene(pixels, kernels)
        gray = lab_to_rgb(self.scene.small, np.zeros((*self.scene.small.shape, 2), np.float32), np.float32)[..., 0]
        self._painter = Painter(np.ascontiguousarray(gray), Recipe.of(method), backend, threads)
        self._live: Newest[Wish, _Developed | Advice] = Newest(self._colour)
        self._files = files
        self._saver: Newest[tuple[VectorStroke, ...], Saved] | None = None
        self._journal: Journal | None = None
        if files is not None:
            self._saver = Newest(files.save)
            self._journal = Journal(files.strokes.with_name(f"{files.strokes.name}.autosave"), self.scene.shape)
        self.when_closed: Callable[[], None] | None = None

        self._follows = live
        self._draw_button: Literal["left", "right"] = draw_button
        self._drag: Literal["paint", "pan", "divider"] | None = None
        self._pressed: Place = (0.0, 0.0)
        self._pane = 0.0  # where the pane begins that is painted in
        self._question: _Question | None = None
        self._picking = self._panel_waits = self._helping = self._leaving = self._replacing = self._closed = False
        self._key_at, self._key_held = 0.0, False
        self._ready: _Developed | None = None
        self._shown_at = 0.0

        self.screen = Screen(_new_figure() if figure is None else figure)
        self.session = Session(strokes)
        self.display = Display(self.scene, self.screen, self.session, "color" if live else "gray")
        self._panel = Panel(self.scene, self.screen)
        self._adopt(self.session)
        self._connect()
        self._timer: Any = self.screen.canvas.new_timer(interval=POLL, callbacks=[(self._poll, (), {})])
        self._refresh_panel()
        self._refresh()
        if live:
            self._ask(final=True)
        if self._journal is not None:
            earlier = self._journal.recover()
            if earlier is not None:
                self._offer(earlier, self._journal)

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

    def finish_stroke(self) -> None:
        """Lift the brush."""
        if self.session.finish():
            self._changed()

    def undo(self) -> None:
        """Take the last change back."""
        self._changed() if self.session.undo() else self._say("nothing to undo")

    def redo(self) -> None:
        """Make it again."""
        self._changed() if self.session.redo() else self._say("nothing to redo")

    def clear(self) -> None:
        """Take all strokes away; undo brings them back."""
        if self.strokes:
            self.session.replace(())
            self._changed()

    def toggle_eraser(self) -> None:
        """Erase, or paint again."""
        self.session.erasing = not self.session.erasing
        self._refresh_panel()

    def choose(self, color: str) -> None:
        """Paint in this colour, "#rrggbb"."""
        self.session.choose(color)
        self._picking = False
        self._refresh_panel()

    def choose_neutral(self) -> None:
        """Paint gray: what lies there has no colour."""
        self.choose(NEUTRAL)

    def swap_colors(self) -> None:
        """Go back to the colour before."""
        self.session.swap()
        self._refresh_panel()

    def pick_next(self) -> None:
        """Take the colour under the next click."""
        self._picking = True
        self._say("click where the colour is to be taken from")

    def grow_brush(self) -> None:
        """Make the brush larger."""
        self._resize_brush(GROWTH)

    def shrink_brush(self) -> None:
        """Make the brush smaller."""
        self._resize_brush(1 / GROWTH)

    def toggle_button(self) -> None:
        """Paint with the other button."""
        self._draw_button = "left" if self._draw_button == "right" else "right"
        self._refresh_panel()

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
        self._refresh_status()

    def solve(self) -> None:
        """Colour it now."""
        if self.display.look == "gray":
            self._show("color")
        self._ask(final=True)

    def toggle_live(self) -> None:
        """Colour follows the brush, or waits."""
        self._follows = not self._follows
        self._say("colour follows the brush" if self._follows else "colour waits for Space")
        if self._follows:
            self.solve()
        self._refresh_panel()

    def suggest_places(self) -> None:
        """Show where a stroke would help most, or hide that."""
        if self.display.marks:
            self.display.marks = []
            self._refresh()
        else:
            self._say("looking for places ...")
            self._ask(final=True, places=True)

    def save(self) -> None:
        """Save the strokes, and the photograph in colour, in the background."""
        self.finish_stroke()
        if self._files is None or self._saver is None:
            self._say("there is no file to save to")
            return
        others = [] if self._replacing else self._files.in_the_way()
        if others:
            self._replacing = True
            names = " and ".join(path.name for path in others)
            self._say(f"{names}: there already; S again replaces {'it' if len(others) == 1 else 'them'}")
            return
        self._saver.ask(self.strokes)
        self._say("saving ...")
        self._timer.start()

    def ask_for_file(self) -> None:
        """Ask for the name of a file of strokes."""
        if self._files is None:
            self._say("there is no folder to open strokes from")
            return
        self._panel.typed = f"{self._files.strokes.parent}{os.sep}"
        self._refresh_status()

    def open(self, path: Path) -> None:
        """Have the strokes of a file instead; undo brings those before back."""
        if self._files is None:
            return
        try:
            strokes = self._files.load(path)
        except (OSError, ValueError) as error:
            self._say(str(error))
            return
        self.session.replace(strokes)
        self._say(f"{path.name}: {len(strokes)} strokes")
        self._changed()

    def toggle_help(self) -> None:
        """Show the keys and gestures, or hide them."""
        self._helping = not self._helping
        self._show_words()

    def leave(self) -> None:
        """Close the window; ask once if strokes are unsaved."""
        self._poll_saver()
        if self._helping:
            self.toggle_help()
        elif self.session.unfinished is not None:
            self.session.abandon()
            self._drag = None
            self.display.refresh_moving()
        elif self._saver is not None and self.unsaved and not self._saver.busy and not self._leaving:
            self._leaving = True
            self._say("strokes are not saved: S saves them; Esc again closes, and they wait in the side file")
        else:
            self.close()

    def close(self) -> None:
        """End: what is being saved is saved first."""
        if self._closed:
            return
        self._closed = True
        self._timer.stop()
        self._live.close()
        if self._saver is not None:
            self._saver.wait()
            self._poll_saver()
            self._saver.close()
        if self._journal is not None and not self.unsaved:
            self._journal.end()
        manager = self.screen.canvas.manager
        if manager is not None:
            import matplotlib.pyplot as plt

            plt.close(self.screen.figure)
        if self.when_closed is not None:
            self.when_closed()

    def wait(self) -> None:
        """Wait until colour has caught up and everything is saved."""
        self._live.wait()
        if self._saver is not None:
            self._saver.wait()
        self._poll()

    # --- strokes that change

    def _adopt(self, session: Session) -> None:
        """Work on this session."""
        self.session = self.display.session = session
        session.note = self._note
        self.scene.show_strokes(session.strokes)

    def _note(self, record: dict[str, Any]) -> None:
        """Put a change into the side file."""
        if self._journal is None:
            return
        try:
            self._journal.add(record, self.session)
        except OSError as error:
            self._say(f"strokes are kept in memory alone: {error}")

    def _changed(self) -> None:
        """Show strokes that have changed, and ask for their colour."""
        self._leaving = self._replacing = False
        self.display.marks = []
        if self._follows:
            self._ask(final=True)
            self._panel_waits = True  # until there is colour, which must not wait for it
        else:
            self._refresh_panel()
        self.scene.show_strokes(self.strokes)
        self._panel.share = np.count_nonzero(self.scene.raster.top) / self.scene.raster.top.size
        self._refresh()

    def _offer(self, earlier: Session, journal: Journal) -> None:
        """Offer what an earlier session left."""

        def recover() -> None:
            earlier.mark_saved(self.session.strokes)
            journal.go_on()
            self._adopt(earlier)
            self._say(f"{len(earlier.strokes)} strokes recovered")
            self._changed()

        def decline() -> None:
            self._say(f"they are kept in {journal.set_aside().name}")

        count = len(earlier.strokes)
        strokes = f"{count} stroke{'s' * (count != 1)}"
        words = f"An earlier session ended without saving {strokes}.\n\nEnter   go on with them\nEsc     begin anew"
        self._question = _Question(words, recover, decline)
        self._show_words()

    # --- colour

    def _ask(self, *, final: bool, places: bool = False, about: tuple[float, float] | None = None) -> None:
        """Ask for colour for the strokes there are."""
        unfinished = self.session.unfinished
        strokes = self.strokes if unfinished is None else (*self.strokes, unfinished)
        self._live.ask(Wish(strokes, final, about, places))
        self._timer.start()

    def _poll(self) -> None:
        """Take what the threads have ready; stop looking when there is no more to come."""
        for answer in self._live.take():
            if isinstance(answer, _Developed):
                self._ready = answer
            elif isinstance(answer, Exception):
                self._say(f"colour failed: {answer}")
            elif answer.colors is not None:
                self._panel.advised = answer.colors
                self._refresh_panel()
            elif answer.places is not None:
                self.display.marks = answer.places
                self._say("the more a stroke there would help, the lower its number")
                self._refresh()
        if self._ready is not None and (self._drag != "paint" or time.monotonic() - self._shown_at > BREATH):
            self._show_colour(self._ready)
        self._poll_saver()
        if self._panel_waits and not self._live.busy:
            self._refresh_panel()
        if not (self._ready or self._live.busy or (self._saver is not None and self._saver.busy)):
            self._timer.stop()

    def _colour(self, wish: Wish) -> Iterator[_Developed | Advice]:
        """Answers; colour is developed in the live thread too, for the window's has a brush to follow."""
        for answer in self._painter.answer(wish):
            if isinstance(answer, Color):
                view = self.display.view
                yield _Developed(answer, view, self.scene.developed(view, answer.chroma))
            else:
                yield answer

    def _show_colour(self, developed: _Developed) -> None:
        """Show new colour."""
        self._ready, self._shown_at = None, time.monotonic()
        self._panel.seconds = developed.colour.seconds
        self.display.show_colour(developed.colour.chroma, developed.view, developed.picture)
        self._refresh_status()

    def _poll_saver(self) -> None:
        """Take note of what was saved."""
        for answer in self._saver.take() if self._saver is not None else ():
            if isinstance(answer, Exception):
                self._say(f"not saved: {answer}")
                continue
            if self._files is not None and answer.path == self._files.strokes:
                self.session.mark_saved(answer.strokes)
                if self._journal is not None and not self.unsaved:
                    self._journal.end()
            more = ", colouring at full size ..." if self._saver is not None and self._saver.busy else ""
            self._say(f"saved {answer.path.name} in {answer.seconds:.1f} s{more}")

    # --- what is seen

    def _refresh(self) -> None:
        """Show the photograph and the status line anew."""
        self.display.refresh()
        self._refresh_status()

    def _show_words(self) -> None:
        """Show the question, or the help, or none."""
        words = self._question.words if self._question else help_text(self._draw_button) if self._helping else None
        self.screen.show_words(words)
        self.display.refresh_moving()

    def _refresh_panel(self) -> None:
        """Show brush and colours anew."""
        self._panel_waits = False
        self._panel.show(self.session, 2 * self.display.radius, self._draw_button, follows=self._follows)

    def _refresh_status(self) -> None:
        """Show the status line anew."""
        pointer = self.display.pointer
        self._panel.show_status(self.strokes, None if pointer is None else self.display.fraction(pointer))

    def _say(self, message: str) -> None:
        """Say something in the status line."""
        self._panel.message = " ".join(message.split())
        self._refresh_status()

    # --- events

    def _connect(self) -> None:
        """Listen to the canvas, and to nothing that matplotlib would do with keys and wheel by itself."""
        canvas = self.screen.canvas
        for name in ("key_press_handler_id", "scroll_handler_id"):
            handler = getattr(canvas.manager, name, None)
            if handler is not None:
                canvas.mpl_disconnect(handler)
        events: dict[str, Callable[[Any], None]] = {
            "button_press_event": self._on_press,
            "button_release_event": self._on_release,
            "motion_notify_event": self._on_motion,
            "scroll_event": self._on_scroll,
            "key_press_event": self._on_key,
            "key_release_event": self._on_key_release,
            "resize_event": self._on_resize,
            "figure_leave_event": self._on_figure_leave,
            "close_event": self._on_close,
        }
        for event, obey in events.items():
            canvas.mpl_connect(event, obey)

    def _on_press(self, event: MouseEvent) -> None:
        """Paint, move, pick or choose, by place and button."""
        mode = getattr(getattr(self.screen.canvas, "toolbar", None), "mode", "")
        if mode or self._question or self._helping:
            return
        if event.dblclick and hasattr(self.screen.canvas, "handle_dblclick"):  # WebAgg has told both presses already
            return
        if event.inaxes is not self.screen.view:
            self._choose_in_panel(event)
            return
        self.display.pointer = self._pressed = at = self.screen.place(event.x, event.y)
        button = _button_of(event)
        if self._picking or (button and "ctrl" in (event.modifiers or ())):
            self._pick(at)
        elif button == "left" and self.display.is_on_divider(at):
            self._drag = "divider"
        elif button == self._draw_button:
            self._drag, self._panel.message = "paint", ""
            self._pane = self.display.pane_of(at[0])
            self._panel.place = self.display.fraction(at)
            self.session.begin(*self._panel.place)
            self.display.refresh_moving()
            self._preview()
        elif button:
            self._drag = "pan"

    def _on_motion(self, event: MouseEvent) -> None:
        """Draw on, or move."""
        before, at = self.display.pointer, self.screen.place(event.x, event.y)
        self.display.pointer = at if self._drag or event.inaxes is self.screen.view else None
        if self._drag == "pan" and before is not None:
            self.display.look_at(self.display.view.moved(at[0] - before[0], at[1] - before[1]))
        elif self._drag == "divider":
            self.display.move_divider(at[0])
        else:
            if self._drag == "paint":
                self.session.extend(*self.display.fraction(at, self._pane))
                self._preview()
            else:
                self._refresh_status()
            self.display.refresh_moving(before, at)

    def _on_release(self, event: MouseEvent) -> None:
        """End what the button began."""
        drag, at = self._drag, self.screen.place(event.x, event.y)
        if drag == "paint" and _button_of(event) != self._draw_button:
            return
        self._drag = None
        if drag == "paint":
            self.session.extend(*self.display.fraction(at, self._pane))  # some toolkits leave out the last move
            self.finish_stroke()
        elif drag == "pan" and max(abs(at[0] - self._pressed[0]), abs(at[1] - self._pressed[1])) <= STILL:
            self._ask_about(self.display.fraction(at))

    def _on_scroll(self, event: MouseEvent) -> None:
        """Zoom at the pointer."""
        if event.inaxes is self.screen.view:
            self.display.zoom(self.screen.place(event.x, event.y), ZOOM**event.step)

    def _on_key(self, event: KeyEvent) -> None:
        """Do what `keys.py` says of the key."""
        key = event.key or ""
        if self._question is not None:
            if key in ("enter", "escape"):
                question, self._question = self._question, None
                self._show_words()
                (question.yes if key == "enter" else question.no)()
            return
        if self._panel.typed is not None:
            self._type(key, self._panel.typed)
            return
        action = ACTIONS.get(key) or ACTIONS.get(key.lower() if len(key) == 1 else key)
        if action is None:
            return
        if action == "choose_recent":
            number = int(key)
            if number <= len(self.session.recent):
                self.choose(self.session.recent[number - 1])
        elif action != "toggle_button" or self._is_pressed_anew():
            self._panel.message = ""
            if action not in ("leave", "save"):
                self._leaving = self._replacing = False
            getattr(self, action)()

    def _on_key_release(self, event: KeyEvent) -> None:
        if event.key and ACTIONS.get(event.key.lower()) == "toggle_button":
            self._key_held, self._key_at = False, time.monotonic()

    def _is_pressed_anew(self) -> bool:
        """Whether a key was pressed, rather than repeated because it is held down."""
        now = time.monotonic()
        since, held = now - self._key_at, self._key_held
        self._key_at, self._key_held = now, True
        return since > (HELD if held else BOUNCE)

    def _on_resize(self, _: ResizeEvent) -> None:
        """Fit into the new window."""
        self.screen.lay_out()
        self.display.look_at(self.display.view.resized(self.display.pane))

    def _on_figure_leave(self, _: Event) -> None:
        """The pointer is gone."""
        if self._drag is None:
            self.display.pointer = None
            self.display.refresh_moving()

    def _on_close(self, _: Event) -> None:
        """The window was closed."""
        self.session.finish()
        self.close()

    # --- parts of events

    def _show(self, look: Look) -> None:
        """Show the photograph in another way."""
        self.display.show(look)
        self._refresh_status()

    def _resize_brush(self, factor: float) -> None:
        self.session.resize(factor)
        self.display.refresh_moving()
        self._refresh_panel()

    def _preview(self) -> None:
        """Ask for colour while the brush is down."""
        if self._follows:
            self._ask(final=False)

    def _ask_about(self, place: Place) -> None:
        """Show the colours that this place can have, and ask for some that it may well have."""
        self._panel.place, self._panel.advised = place, []
        self._refresh_panel()
        self._ask(final=True, about=place)

    def _pick(self, at: Place) -> None:
        """Take the colour at a place of the view: that of the stroke there, or of the photograph."""
        self._panel.place = x, y = self.display.fraction(at)
        height, width = self.scene.shape
        row, col = min(max(int(y * height), 0), height - 1), min(max(int(x * width), 0), width - 1)
        number = int(self.scene.raster.top[row, col])
        stroke = self.strokes[number - 1].color if number else None
        self.choose(stroke or hex_of(self._panel.lightness, *self.scene.chroma_at(x * width, y * height)))

    def _choose_in_panel(self, event: MouseEvent) -> None:
        """Choose the colour that was clicked on."""
        screen, x, y = self.screen, event.xdata, event.ydata
        if x is None or y is None:
            return
        if event.inaxes is screen.map:
            self.choose(hex_of(self._panel.lightness, x, y))
        for axes, colors in ((screen.recent, self.session.recent), (screen.advised, self._panel.advised)):
            if event.inaxes is axes and round(x) < len(colors):
                self.choose(colors[round(x)])

    def _type(self, key: str, typed: str) -> None:
        """A key while a name is typed."""
        if key in ("enter", "escape"):
            self._panel.typed = None
            if key == "enter":
                self.open(Path(typed).expanduser())
        elif key == "backspace":
            self._panel.typed = typed[:-1]
        elif len(key) == 1:
            self._panel.typed = typed + key
        self._refresh_status()


def _button_of(event: MouseEvent) -> Literal["left", "right"] | None:
    """Which button it was, of those that count."""
    return {1: "left", 3: "right"}.get(int(event.button or 0))  # type: ignore[return-value]


def _new_figure() -> Figure:
    """A window of its own, without the toolbar."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context({"toolbar": "None"}):
        return plt.figure(figsize=(12, 7.6), dpi=100)
