"""`StrokeTool`: strokes on a photograph in a matplotlib figure, and colour that follows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from pyvarcolor.color import check_photo, lab_to_rgb
from pyvarcolor.interactive.actions import Actions, Button
from pyvarcolor.interactive.events import Events
from pyvarcolor.interactive.files import Files
from pyvarcolor.interactive.keeper import Keeper
from pyvarcolor.interactive.painter import Painter
from pyvarcolor.interactive.scene import Scene
from pyvarcolor.interactive.screen import Screen
from pyvarcolor.interactive.session import Session
from pyvarcolor.io.photo import Photo
from pyvarcolor.kernels import load
from pyvarcolor.recipe import Recipe
from pyvarcolor.strokes.vector import VectorStroke

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class StrokeTool(Actions):
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
    panel : Panel
        What is said and shown beside it.
    draw_button : {"left", "right"}
        Which one paints.
    question : Question or None
        What waits for an answer.
    helping, picking, follows, closed : bool
        Whether the help is shown, the next click takes a colour, colour follows the brush, it is over.
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
        draw_button: Button = "right",
        figure: Figure | None = None,
        method: str | Recipe = "auto",
        backend: str = "auto",
        threads: int | None = None,
    ) -> None:
        if draw_button not in ("left", "right"):
            raise ValueError(f"draw_button must be 'left' or 'right', but is {draw_button!r}")
        pixels = photo.pixels if isinstance(photo, Photo) else check_photo(photo, "photo")
        scene = Scene(pixels, load(backend, threads))
        gray = lab_to_rgb(scene.small, np.zeros((*scene.small.shape, 2), np.float32), np.float32)[..., 0]
        super().__init__(
            scene,
            Screen(_new_figure() if figure is None else figure),
            Session(strokes),
            Painter(np.ascontiguousarray(gray), Recipe.of(method), backend, threads),
            None if files is None else Keeper(files, scene.shape),
            live=live,
            draw_button=draw_button,
        )
        Events(self)


def _new_figure() -> Figure:
    """A window of its own, without the toolbar."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context({"toolbar": "None"}):
        return plt.figure(figsize=(12, 7.6), dpi=100)
