"""The window's contents in matplotlib: what is drawn where, and how little of it is drawn again.

A full draw costs hundreds of milliseconds, a blit few. So what changes often is animated: a full draw leaves it out and
keeps the rest as the ground, on which it is put in two layers, the picture, and what moves above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from pyvarcolor.interactive.palette import MOST_CHROMA

Picture = NDArray[np.uint8]

PANEL, STATUS, GAP = 190, 26, 10  # pixels at 100 dpi: width of the panel, height of the status line, space between
COLUMNS = 9
GROUND, FACE, INK, FAINT = "#262628", "#333337", "#e8e8e8", "#9a9aa0"
MAP_SIZE = 121


class Screen:
    """The picture, the panel of colours beside it and the status line below.

    Parameters
    ----------
    figure : Figure
        To be filled; it is cleared.
    """

    def __init__(self, figure: Figure) -> None:
        figure.clear()
        figure.set_facecolor(GROUND)
        self.figure = figure
        self.blits = bool(getattr(figure.canvas, "supports_blit", False)) and hasattr(figure.canvas, "buffer_rgba")
        self.shown: Picture = np.zeros((1, 1, 3), np.uint8)
        self._ground: Any = None
        self._under: Any = None
        self._make_view()
        self._make_panel()
        self.lay_out()
        self._connection = figure.canvas.mpl_connect("draw_event", lambda _: self._keep_ground())

    @property
    def canvas(self) -> Any:
        """What all is drawn on: a canvas of Agg, where it blits."""
        return self.figure.canvas

    @property
    def scale(self) -> float:
        """Pixels of the screen for one at 100 dpi."""
        return self.figure.dpi / 100

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of the view in pixels of the screen."""
        box = self.view.bbox
        return max(round(box.height), 1), max(round(box.width), 1)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Pixels from the view's upper left corner, x to the right and y down, of a place on the canvas."""
        box = self.view.bbox
        return x - box.x0, box.y1 - y

    def lay_out(self) -> None:
        """Give everything its place in a figure of this size."""
        width, height = self.figure.bbox.width / self.scale, self.figure.bbox.height / self.scale
        panel = width - PANEL

        def put(axes: Any, left: float, top: float, wide: float, high: float) -> None:
            axes.set_position((left / width, 1 - (top + high) / height, max(wide, 1) / width, max(high, 1) / height))

        inner = PANEL - 2 * GAP
        put(self.view, 0, 0, panel, height - STATUS)
        put(self.map, panel + GAP, 30, inner, inner)
        put(self.brush, panel + GAP, inner + 40, inner, 46)
        put(self.recent, panel + GAP, inner + 112, inner, inner / COLUMNS)
        put(self.advised, panel + GAP, inner + 156, inner, inner / COLUMNS)
        put(self.notes, panel + GAP, inner + 190, inner, height - inner - 190 - STATUS)
        put(self.status, 0, height - STATUS, width, STATUS)
        high, wide = self.window
        self.view.set(xlim=(0, wide), ylim=(high, 0))
        self.picture.set_extent((0, wide, high, 0))

    def show_picture(self, picture: Picture) -> None:
        """Show this in the view, (h, w, 3)."""
        self.shown = picture
        if not self.blits:
            self.picture.set_data(picture)
            self.canvas.draw_idle()
        elif self._ground is not None:
            self.canvas.restore_region(self._ground)
            self._put_picture()
            self.canvas.blit(self.figure.bbox)

    def show_moving(self, places: Sequence[tuple[float, float]] = (), reach: float = 0) -> None:
        """Draw what lies above the picture again, after it was changed.

        Parameters
        ----------
        places : sequence of (x, y), optional
            Where it was changed, in pixels of the view; none: anywhere.
        reach : float
            How far around them.
        """
        if not self.blits:
            self.canvas.draw_idle()
        elif self._under is not None:
            self.canvas.restore_region(self._under)
            self._put_moving()
            view = self.view.bbox
            near: Bbox | None = view
            if places:
                x, y = zip(*places, strict=True)
                corners = (min(x) - reach, view.y1 - max(y) - reach), (max(x) + reach, view.y1 - min(y) + reach)
                near = Bbox.intersection(Bbox(np.floor(corners)), view)
            if near is not None:
                self.canvas.blit(near)

    def show_status(self, text: str) -> None:
        """Show this in the status line."""
        if text == self.status_text.get_text():
            return
        self.status_text.set_text(text)
        if not self.blits:
            self.canvas.draw_idle()
        elif self._ground is not None:
            self.status.draw_artist(self.status.patch)
            self.status.draw_artist(self.status_text)
            self.canvas.blit(self.status.bbox)

    def show_stroke(
        self,
        panes: Sequence[tuple[NDArray[np.floating], NDArray[np.floating]]],
        width: float,
        color: str,
        alpha: float,
    ) -> None:
        """Have a stroke in progress in each pane: x and y in pixels of the view, and its width in them."""
        for line, (x, y) in zip(self.strokes, panes, strict=False):
            line.set(data=(x, y), linewidth=width * 72 / self.figure.dpi, color=color, alpha=alpha, visible=len(x) > 0)

    def show_brush(self, places: Sequence[tuple[float, float]], width: float) -> None:
        """Have the outline of the brush at each of these places."""
        turn = np.linspace(0, 2 * np.pi, 49)
        for outlines, place in zip(self.outlines, (*places, None, None), strict=False):
            for line in outlines:
                line.set_visible(place is not None)
                if place is not None:
                    line.set_data(place[0] + width / 2 * np.cos(turn), place[1] + width / 2 * np.sin(turn))

    def show_marks(self, places: Sequence[tuple[float, float]]) -> None:
        """Have a numbered ring at each of these places."""
        for number, mark in enumerate(self.marks):
            mark.set_visible(number < len(places))
            if number < len(places):
                mark.xy = mark.xyann = places[number]

    def show_divider(self, x: float | None) -> None:
        """Have a line between before and after."""
        self.divider.set_visible(x is not None)
        if x is not None:
            self.divider.set_xdata([x, x])

    def show_words(self, words: str | None) -> None:
        """Have a sheet of text above the picture."""
        self.sheet.set_visible(words is not None)
        self.sheet.set_text(words or "")
        lines = (words or "").count("\n") + 1
        # as large as the window allows, nine points at most
        self.sheet.set_fontsize(min(9.0, self.window[0] / (lines + 3) / 1.35 * 72 / self.figure.dpi))

    def show_map(self, picture: Picture, chroma: tuple[float, float], heading: str) -> None:
        """Have this map of colours, with the brush's own marked."""
        self.map_image.set_data(picture)
        self.mark.set_data([chroma[0]], [chroma[1]])
        self.map_heading.set_text(heading)

    def show_colors(self, brush: str, words: str, recent: Sequence[str], advised: Sequence[str]) -> None:
        """Have the brush's colour and what it does, colours used before, and those that are suggested."""
        self.brush.set_facecolor(brush)
        light = sum(bytes.fromhex(brush[1:])) > 384
        self.brush_text.set(text=words, color="black" if light else "white")
        for image, colors in ((self.recent_image, recent), (self.advised_image, advised)):
            row = np.array([tuple(bytes.fromhex(GROUND[1:]))] * COLUMNS, np.uint8)
            for k, color in enumerate(colors[:COLUMNS]):
                row[k] = tuple(bytes.fromhex(color[1:]))
            image.set_data(row[None])
        self.advised_heading.set_text("suggested here" if advised else "")

    def show_notes(self, notes: str) -> None:
        """Have these lines below the colours, and draw the panel again."""
        self.notes_text.set_text(notes)
        self.canvas.draw_idle()

    def _make_view(self) -> None:
        """The picture, and what moves above it."""
        figure = self.figure
        self.view = figure.add_axes((0, 0, 1, 1), facecolor=GROUND)
        self.view.set_axis_off()
        self.picture = self.view.imshow(self.shown, interpolation="nearest", aspect="auto", animated=self.blits)
        self.strokes = [self._line(solid_capstyle="round", solid_joinstyle="round") for _ in range(2)]
        self.outlines = [
            [self._line(color="black", linewidth=1.6), self._line(color="white", linewidth=0.7)] for _ in range(2)
        ]
        self.divider = self._line(color="white", linewidth=1.2)
        self.divider.set_data([0, 0], [0, 1])
        self.divider.set_transform(self.view.get_xaxis_transform())
        self.marks = [self._mark(number) for number in range(1, 10)]
        self.sheet = self.view.text(
            *(0.5, 0.5),
            "",
            transform=self.view.transAxes,
            ha="center",
            va="center",
            ma="left",
            family="monospace",
            color=INK,
            visible=False,
            bbox={"facecolor": FACE, "edgecolor": FAINT, "boxstyle": "round,pad=1", "alpha": 0.95},
            animated=self.blits,
        )

    def _line(self, **style: Any) -> Line2D:
        """A line in pixels of the view."""
        line = Line2D([], [], visible=False, animated=self.blits, **style)
        self.view.add_line(line)
        return line

    def _mark(self, number: int) -> Any:
        """A numbered ring."""
        return self.view.annotate(
            str(number),
            (0, 0),
            (0, 0),
            ha="center",
            va="center",
            fontsize=8,
            color="white",
            visible=False,
            bbox={"boxstyle": "circle,pad=0.35", "facecolor": "#000000a0", "edgecolor": "#ffd34d", "linewidth": 1.5},
            animated=self.blits,
        )

    def _make_panel(self) -> None:
        """Map, brush, swatches, notes and the status line."""
        figure = self.figure
        self.map = figure.add_axes((0, 0, 1, 1))
        reach = (-MOST_CHROMA, MOST_CHROMA) * 2
        self.map_image = self.map.imshow(np.full((MAP_SIZE, MAP_SIZE, 3), 255, np.uint8), extent=reach, aspect="auto")
        (self.mark,) = self.map.plot([0], [0], "o", mfc="none", mec="black", ms=8, mew=1.5)
        self.map_heading = self._heading(self.map)
        self.brush = figure.add_axes((0, 0, 1, 1))
        self.brush_text = self.brush.text(0.5, 0.5, "", ha="center", va="center", fontsize=9)
        self.recent = figure.add_axes((0, 0, 1, 1))
        self.advised = figure.add_axes((0, 0, 1, 1))
        blank = np.zeros((1, COLUMNS, 3), np.uint8)
        self.recent_image = self.recent.imshow(blank, aspect="auto", interpolation="nearest")
        self.advised_image = self.advised.imshow(blank, aspect="auto", interpolation="nearest")
        self._heading(self.recent).set_text("used before: 1 ... 9")
        self.advised_heading = self._heading(self.advised)
        for axes in (self.map, self.brush, self.recent, self.advised):
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set_color(GROUND)
        self.notes = figure.add_axes((0, 0, 1, 1))
        self.notes.set_axis_off()
        self.notes_text = self.notes.text(0, 1, "", va="top", fontsize=8, color=FAINT, linespacing=1.5)
        self.status = figure.add_axes((0, 0, 1, 1), facecolor=FACE)
        self.status.set(xticks=[], yticks=[])
        for spine in self.status.spines.values():
            spine.set_visible(False)
        self.status_text = self.status.text(
            0.008, 0.5, "", va="center", fontsize=8.5, color=INK, family="monospace", animated=self.blits
        )

    @staticmethod
    def _heading(axes: Any) -> Any:
        """Words above axes of the panel."""
        return axes.set_title("", fontsize=8, color=FAINT, loc="left", pad=3)

    def _keep_ground(self) -> None:
        """After a full draw: keep what was drawn, and put what is animated on it."""
        if self.blits:
            self._ground = self.canvas.copy_from_bbox(self.figure.bbox)
            self._put_picture()
            self.canvas.blit(self.figure.bbox)

    def _put_picture(self) -> None:
        buffer = np.asarray(self.canvas.buffer_rgba())
        height, width = (min(sides) for sides in zip(self.shown.shape[:2], buffer.shape[:2], strict=True))
        buffer[:height, :width, :3] = self.shown[:height, :width]  # much faster than by way of an image of matplotlib
        self._under = self.canvas.copy_from_bbox(self.view.bbox)
        self._put_moving()
        self.status.draw_artist(self.status_text)

    def _put_moving(self) -> None:
        outlines = [line for pair in self.outlines for line in pair]
        for artist in (*self.strokes, self.divider, *self.marks, *outlines, self.sheet):
            if artist.get_visible():
                self.view.draw_artist(artist)
