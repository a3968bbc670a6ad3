"""Events of a matplotlib canvas, as gestures and keys know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pyvarcolor.interactive.gestures import Hand, Pointer
from pyvarcolor.interactive.keyboard import Keyboard

if TYPE_CHECKING:
    from matplotlib.backend_bases import Event, KeyEvent, MouseEvent

    from pyvarcolor.interactive.actions import Actions, Button


class Events:
    """Listens to the canvas of a tool, in place of what matplotlib would do with keys and wheel by itself.

    Parameters
    ----------
    tool : Actions
        What they are for.
    """

    def __init__(self, tool: Actions) -> None:
        self._tool, self._screen = tool, tool.screen
        self._hand, self._keyboard = hand, keyboard = Hand(tool), Keyboard(tool)
        canvas = tool.screen.canvas
        for name in ("key_press_handler_id", "scroll_handler_id"):
            handler = getattr(canvas.manager, name, None)
            if handler is not None:
                canvas.mpl_disconnect(handler)
        obeyed: dict[str, Callable[[Any], None]] = {
            "button_press_event": self._press,
            "button_release_event": lambda event: hand.feel(self._pointer("release", event)),
            "motion_notify_event": lambda event: hand.feel(self._pointer("move", event)),
            "scroll_event": self._scroll,
            "key_press_event": self._key,
            "key_release_event": lambda event: keyboard.release(event.key or ""),
            "resize_event": lambda event: tool.resize(),
            "figure_leave_event": self._leave,
            "close_event": self._close,
        }
        for event, obey in obeyed.items():
            canvas.mpl_connect(event, obey)

    def _pointer(self, kind: Literal["press", "move", "release"], event: MouseEvent) -> Pointer:
        buttons: dict[int, Button] = {1: "left", 3: "right"}
        return Pointer(
            kind,
            self._screen.place(event.x, event.y),
            inside=event.inaxes is self._screen.view,
            button=buttons.get(int(event.button or 0)),
            ctrl="ctrl" in (event.modifiers or ()),
        )

    def _press(self, event: MouseEvent) -> None:
        """Of the toolbar, a question or the help it is no business of ours."""
        mode = getattr(getattr(self._screen.canvas, "toolbar", None), "mode", "")
        if mode or self._tool.question or self._tool.helping:
            return
        if event.dblclick and hasattr(self._screen.canvas, "handle_dblclick"):  # WebAgg has told both presses already
            return
        if event.inaxes is self._screen.view:
            self._hand.feel(self._pointer("press", event))
        elif event.xdata is not None and event.ydata is not None:
            self._choose(event, event.xdata, event.ydata)

    def _choose(self, event: MouseEvent, x: float, y: float) -> None:
        """Choose the colour of the panel that was clicked on."""
        screen, tool = self._screen, self._tool
        if event.inaxes is screen.map:
            tool.choose_chroma(x, y)
        for axes, colors in ((screen.recent, tool.session.recent), (screen.advised, tool.panel.advised)):
            if event.inaxes is axes and round(x) < len(colors):
                tool.choose(colors[round(x)])

    def _scroll(self, event: MouseEvent) -> None:
        if event.inaxes is self._screen.view:
            self._tool.zoom(self._screen.place(event.x, event.y), event.step)

    def _key(self, event: KeyEvent) -> None:
        self._keyboard.press(event.key or "")

    def _leave(self, _: Event) -> None:
        """The pointer is gone."""
        if not self._hand.busy:
            self._tool.display.pointer = None
            self._tool.display.refresh_moving()

    def _close(self, _: Event) -> None:
        """The window was closed."""
        self._tool.session.finish()
        self._tool.close()
