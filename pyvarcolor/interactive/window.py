"""A window for the stroke tool, or a page in a browser; and plain words where there is neither."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from pyvarcolor.interactive.stroke_tool import StrokeTool

TOOLKITS = ("macosx",) * (sys.platform == "darwin") + ("tkagg", "qtagg", "gtk4agg", "gtk3agg", "wxagg")
TURN = 0.0005
"""Seconds after which a thread lets another one have its turn, if that waits."""

_ADVICE = (
    "Ways out: --web paints in a browser (over `ssh -L {port}:localhost:{port}` too); on a machine with a screen "
    "install Tk (Debian, Ubuntu: apt install python3-tk) or Qt (pip install PySide6); over ssh, connect with `ssh -X`"
)


class NoWindowError(RuntimeError):
    """There is no toolkit that could open a window here; says why, and what would help."""


def choose_toolkit(name: str | None, port: int) -> str:
    """Have matplotlib use a toolkit that opens windows.

    Parameters
    ----------
    name : str or None
        One of matplotlib's backends; None tries ``$MPLBACKEND`` and then those it knows.
    port : int
        For the advice.

    Returns
    -------
    str
        The one that is used.

    Raises
    ------
    NoWindowError
        If none works.
    """
    asked = name or os.environ.get("MPLBACKEND")
    reasons = {}
    for toolkit in (asked,) if name else (asked, *TOOLKITS):
        if toolkit is None:
            continue
        try:
            plt.switch_backend(toolkit)
            if toolkit.lower() in ("agg", "pdf", "svg", "ps", "cairo", "template"):
                raise ImportError("it draws to files alone")
            return toolkit
        except (ImportError, ValueError, RuntimeError) as error:
            reasons[toolkit] = " ".join(str(error).split())
    why = "; ".join(f"{toolkit}: {reason}" for toolkit, reason in list(reasons.items())[: 1 if name else 2])
    raise NoWindowError(f"no window can be opened here ({why}). {_ADVICE.format(port=port)}")


def run(
    make: Callable[[], StrokeTool], *, title: str, toolkit: str | None, web: bool, port: int, browser: bool
) -> StrokeTool:
    """Open the stroke tool, and wait until it is closed.

    Parameters
    ----------
    make : callable
        Makes the tool, in a figure of its own.
    title : str
        Of the window.
    toolkit : str or None
        As for `choose_toolkit`.
    web : bool
        A page on 127.0.0.1 instead of a window.
    port : int
        Of that page, or the next one that is free.
    browser : bool
        Whether to open the page.

    Returns
    -------
    StrokeTool
        It is closed.

    Raises
    ------
    NoWindowError
        If there is no window, or what the page needs is not installed.
    """
    if web:
        try:
            plt.switch_backend("module://pyvarcolor.interactive.webagg")
        except (ImportError, RuntimeError) as error:
            raise NoWindowError(f'--web needs tornado: pip install "pyvarcolor[web]" ({error})') from error
    else:
        choose_toolkit(toolkit, port)
    page: Any = {"webagg.address": "127.0.0.1", "webagg.port": port, "webagg.open_in_browser": browser}
    with mpl.rc_context(page), _quick_turns():
        tool = make()
        manager: Any = tool.screen.canvas.manager
        manager.set_window_title(title)
        with _closing(tool), contextlib.redirect_stdout(sys.stderr):
            if web:
                _stop_serving_after(tool)
            plt.show(block=True)
    return tool


@contextlib.contextmanager
def _quick_turns() -> Iterator[None]:
    """Let the window's thread have its turn soon: Tk takes many for one stroke of ink, and 5 ms each can be long."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@contextlib.contextmanager
def _closing(tool: StrokeTool) -> Iterator[None]:
    """Close the tool in the end, however that comes."""
    try:
        yield
    except KeyboardInterrupt:
        pass  # what was painted is in the side file
    finally:
        tool.close()


def _stop_serving_after(tool: StrokeTool) -> None:
    """End the page's server with the tool."""
    from tornado.ioloop import IOLoop

    loop = IOLoop.current()
    tool.when_closed = lambda: loop.add_callback(loop.stop)
