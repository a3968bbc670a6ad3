"""The files of one session: the strokes, the colour photograph, and what must not be overwritten."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pyvarcolor.hints import Hints
from pyvarcolor.io.photo import Photo
from pyvarcolor.pipeline import colorize
from pyvarcolor.provenance import note_on
from pyvarcolor.recipe import Recipe
from pyvarcolor.result import Colorization
from pyvarcolor.strokes.parsing import read_strokes
from pyvarcolor.strokes.pictures import check_format, save_strokes
from pyvarcolor.strokes.raster import Raster
from pyvarcolor.strokes.vector import VectorStroke
from pyvarcolor.tiles import colorize_tiles

TILE = 4096


@dataclass(frozen=True)
class Saved:
    """A file that was written, the strokes it was made from, and how many seconds it took."""

    path: Path
    strokes: tuple[VectorStroke, ...]
    seconds: float


@dataclass
class Files:
    """Where a session saves.

    Parameters
    ----------
    photo : Photo
        The photograph: its size, depth and metadata are those of the result.
    strokes : Path
        File of strokes.
    format : str
        How they are written; see `pyvarcolor.strokes.pictures.save_strokes`.
    color : Path or None
        File of the colour photograph; None: there is none.
    recipe : Recipe
        How it is coloured.
    backend, threads
        As `pyvarcolor.colorize` takes them.
    opened : set of Path
        Files that were opened in this session, and may be replaced.

    Attributes
    ----------
    written : set of Path
        Files that were written in this session.

    Raises
    ------
    ValueError
        If the names do not fit the formats, or one is that of the photograph itself.
    OSError
        If a file could not be written there.
    """

    photo: Photo
    strokes: Path
    format: str = "auto"
    color: Path | None = None
    recipe: Recipe = field(default_factory=Recipe.of)
    backend: str = "auto"
    threads: int | None = None
    opened: set[Path] = field(default_factory=set)
    written: set[Path] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        from pyvarcolor.io import check_place, check_target

        check = check_place if check_format(self.strokes, self.format) == "vector" else check_target
        check(self.strokes, like=self.photo, overwrite=True)
        if self.color is not None:
            check_target(self.color, like=self.photo, overwrite=True)
        for path in filter(None, (self.strokes, self.color)):
            if path.exists() and Path(self.photo.source).exists() and path.samefile(self.photo.source):
                raise ValueError(f"what is saved must not replace the photograph, but {path} is the photograph itself")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the photograph."""
        return self.photo.pixels.shape[0], self.photo.pixels.shape[1]

    def in_the_way(self) -> list[Path]:
        """Files that saving would replace, and that are not of this session."""
        ours = self.opened | self.written
        return [path for path in (self.strokes, self.color) if path and path not in ours and path.exists()]

    def load(self, path: Path) -> tuple[VectorStroke, ...]:
        """Strokes of a file.

        Parameters
        ----------
        path : Path
            Picture of strokes, or JSON.

        Returns
        -------
        tuple of VectorStroke

        Raises
        ------
        ValueError, OSError
            As `pyvarcolor.strokes.parsing.read_strokes` does.
        """
        return read_strokes(path, self.photo.pixels).traced()

    def save(self, strokes: tuple[VectorStroke, ...]) -> Iterator[Saved]:
        """Write the strokes, then the photograph coloured at its full size.

        Parameters
        ----------
        strokes : tuple of VectorStroke
            All there are.

        Yields
        ------
        Saved
            Each file, as soon as it is there.

        Raises
        ------
        OSError, ValueError
            If one cannot be written.
        """
        from pyvarcolor.io import write_photo

        began = time.perf_counter()
        save_strokes(self.strokes, strokes, self.shape, format=self.format)
        self.written.add(self.strokes)
        yield Saved(self.strokes, strokes, time.perf_counter() - began)
        if self.color is None:
            return
        raster = Raster(self.shape)
        raster.show(strokes)
        hints = raster.hints()
        try:
            result = self._colorize(colorize, hints)
        except MemoryError:
            result = self._colorize(partial(colorize_tiles, tile=TILE), hints)
        note = note_on(result, **self.recipe.choices(), strokes=self.strokes.name)
        write_photo(self.color, result.rgb, like=self.photo, note=note, overwrite=True)
        self.written.add(self.color)
        yield Saved(self.color, strokes, time.perf_counter() - began)

    def _colorize(self, run: Callable[..., Colorization], hints: Hints) -> Colorization:
        return run(self.photo.pixels, hints, method=self.recipe, backend=self.backend, threads=self.threads)
