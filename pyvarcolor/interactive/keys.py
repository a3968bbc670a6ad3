"""Keys and gestures: what the help shows is what the tool obeys."""

from __future__ import annotations

from typing import NamedTuple


class Binding(NamedTuple):
    """Keys, as matplotlib names them, the action they stand for, and what the help says."""

    keys: tuple[str, ...]
    action: str
    shown: str
    text: str


BINDINGS = (
    Binding(("e",), "toggle_eraser", "E", "erase, or paint again"),
    Binding(("n",), "choose_neutral", "N", 'neutral: "keep this gray"'),
    Binding(("i",), "pick_next", "I", "take the colour under the next click"),
    Binding(("x",), "swap_colors", "X", "swap the last two colours"),
    Binding(tuple("123456789"), "choose_recent", "1 ... 9", "a colour used before"),
    Binding(("]", "+"), "grow_brush", "]  +", "larger brush"),
    Binding(("[", "-"), "shrink_brush", "[  -", "smaller brush"),
    Binding(("r",), "toggle_button", "R", "paint with the left button, or the right"),
    Binding(("ctrl+z",), "undo", "Ctrl+Z", "undo"),
    Binding(("ctrl+y", "ctrl+Z", "ctrl+shift+z", "ctrl+shift+Z"), "redo", "Ctrl+Y", "redo"),
    Binding(("delete",), "clear", "Del", "take all strokes away"),
    Binding(("tab", "t"), "toggle_gray", "Tab  T", "before, after"),
    Binding(("d",), "toggle_divider", "D", "before | after, with a divider to drag"),
    Binding(("b",), "toggle_beside", "B", "strokes beside the colour"),
    Binding(("v",), "toggle_strokes", "V", "hide the strokes, or show them"),
    Binding(("home", "f"), "fit", "Home  F", "see all of the photograph"),
    Binding((" ",), "solve", "Space", "colour it now"),
    Binding(("a",), "toggle_live", "A", "colour follows the brush, or waits for Space"),
    Binding(("p",), "suggest_places", "P", "where a stroke would help most"),
    Binding(("s", "ctrl+s"), "save", "S", "save"),
    Binding(("ctrl+o", "o"), "ask_for_file", "Ctrl+O  O", "open other strokes"),
    Binding(("h", "f1"), "toggle_help", "H  F1", "this help"),
    Binding(("escape",), "leave", "Esc", "close"),
)

ACTIONS = {key: binding.action for binding in BINDINGS for key in binding.keys}


def gestures(draw_button: str) -> list[tuple[str, str]]:
    """What the mouse does.

    Parameters
    ----------
    draw_button : {"left", "right"}
        Which one paints.

    Returns
    -------
    list of (str, str)
        Gesture and meaning.
    """
    pan = "left" if draw_button == "right" else "right"
    return [
        (f"{draw_button}-drag", "paint"),
        (f"{pan}-drag", "move the photograph"),
        (f"{pan}-click", "colours that this place can have"),
        ("wheel", "zoom at the pointer"),
        ("Ctrl+click", "take the colour under the pointer"),
        ("click on the map", "choose a colour (a* to the right, b* up)"),
        ("click on a swatch", "choose that colour"),
    ]


def help_text(draw_button: str) -> str:
    """The help, in lines of one width.

    Parameters
    ----------
    draw_button : {"left", "right"}
        Which one paints.

    Returns
    -------
    str

    Examples
    --------
    >>> print(help_text("left").splitlines()[0])
    left-drag          paint
    """
    rows = [*gestures(draw_button), ("", ""), *((each.shown, each.text) for each in BINDINGS)]
    return "\n".join(f"{name:<19}{text}".rstrip() for name, text in rows)
