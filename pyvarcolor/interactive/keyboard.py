"""What keys do: answer a question, type a name, or act as `keys.py` says."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from pyvarcolor.interactive.keys import ACTIONS

if TYPE_CHECKING:
    from pyvarcolor.interactive.actions import Actions

HELD = 1.0  # seconds within which a key is held rather than pressed again, where its release is not told
BOUNCE = 0.06  # seconds between release and press of a key that is held, where these are told


class Keyboard:
    """The keys of one tool.

    Parameters
    ----------
    tool : Actions
        What they act on.
    """

    def __init__(self, tool: Actions) -> None:
        self._tool = tool
        self._at, self._held = 0.0, False

    def press(self, key: str) -> None:
        """A key, as matplotlib names it."""
        tool = self._tool
        if tool.question is not None:
            if key in ("enter", "escape"):
                tool.answer(yes=key == "enter")
            return
        if tool.panel.typed is not None:
            self._type(key, tool.panel.typed)
            return
        action = ACTIONS.get(key) or ACTIONS.get(key.lower() if len(key) == 1 else key)
        if action == "choose_recent":
            tool.choose_recent(int(key))
        elif action is not None and (action != "toggle_button" or self._is_pressed_anew()):
            tool.panel.message = ""
            if action not in ("leave", "save"):
                tool.confirmed.forget()
            getattr(tool, action)()

    def release(self, key: str) -> None:
        """It is up again, where toolkits tell."""
        if ACTIONS.get(key.lower()) == "toggle_button":
            self._held, self._at = False, time.monotonic()

    def _is_pressed_anew(self) -> bool:
        """Whether a key was pressed, rather than repeated because it is held down."""
        now = time.monotonic()
        since, held = now - self._at, self._held
        self._at, self._held = now, True
        return since > (HELD if held else BOUNCE)

    def _type(self, key: str, typed: str) -> None:
        """A key while a name is typed."""
        panel = self._tool.panel
        if key in ("enter", "escape"):
            panel.typed = None
            if key == "enter":
                self._tool.open(Path(typed).expanduser())
        elif key == "backspace":
            panel.typed = typed[:-1]
        elif len(key) == 1:
            panel.typed = typed + key
        self._tool.refresh_status()
