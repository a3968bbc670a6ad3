"""What a worker does with one photograph: every fault stays with its file."""

from __future__ import annotations

import errno
import re
import secrets
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pyvarcolor.batch.jobs import Job
from pyvarcolor.batch.manifest import Record
from pyvarcolor.color import lightness_from_gray
from pyvarcolor.hints import Hints
from pyvarcolor.io import Photo, TooManyPixelsError, read_pages, write_pages
from pyvarcolor.io.photo import Pixels
from pyvarcolor.memory import available_memory, peak_memory, reset_peak_memory
from pyvarcolor.pipeline import colorize
from pyvarcolor.provenance import note, sha256
from pyvarcolor.recipe import Recipe
from pyvarcolor.result import Colorization
from pyvarcolor.strokes.parsing import read_strokes
from pyvarcolor.tiles import colorize_tiles

DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
LEFTOVER = ".pyvarcolor-"
"""How the names of unfinished files begin."""

_STAGED = re.compile(rf"{re.escape(LEFTOVER)}[0-9a-f]+\.\w+")
_FILE_BYTES = 64  # a pixel: as read, in colour, and being written
_TILE = 4096


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How photographs are coloured, on what, and which are not.

    Parameters
    ----------
    recipe : pyvarcolor.Recipe
        Method, prior and space.
    backend, threads
        As in `pyvarcolor.colorize`, for each photograph.
    max_pixels : int
        Larger photographs are refused.
    overwrite : bool
        Replace files that no record of the manifest says to be ours.
    """

    recipe: Recipe = field(default_factory=Recipe.of)
    backend: str = "auto"
    threads: int = 1
    max_pixels: int = 250_000_000
    overwrite: bool = False

    @property
    def pixel_bytes(self) -> int:
        """What colouring in one piece takes for each pixel."""
        return 4 * self.recipe.peak_floats_per_pixel + _FILE_BYTES

    def colorize(self, pixels: Pixels, hints: Hints | None, tile: int | None) -> Colorization:
        """Colour one page, in tiles if there is a side for them."""
        run = colorize if tile is None else partial(colorize_tiles, tile=tile)
        return run(pixels, hints, method=self.recipe, backend=self.backend, threads=self.threads)


@dataclass(frozen=True)
class Task:
    """A job for a worker.

    Parameters
    ----------
    job : Job
    settings : Settings
    out_dir : Path
        Folder of all results.
    before : Record or None
        What the manifest says of it.
    resume : bool
        Whether to leave it as it is if `before` proves it done.
    memory : int or None
        Bytes that it may take; None for all there is.
    alone : bool
        It cannot be put off: what needs more memory is coloured in tiles.
    """

    job: Job
    settings: Settings
    out_dir: Path
    before: Record | None = None
    resume: bool = True
    memory: int | None = None
    alone: bool = False


@dataclass(frozen=True)
class Kept:
    """It was done before, and nothing has changed since."""


@dataclass(frozen=True)
class NeedsRoom:
    """It needs more memory than its share: to be run alone."""


@dataclass(frozen=True)
class DiskFull:
    """There is no room for the result: to be done another time."""

    reason: str


Outcome = Record | Kept | NeedsRoom | DiskFull


def work(task: Task) -> Outcome:
    """Colour one photograph; whatever goes wrong is told in the record.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Record, Kept, NeedsRoom or DiskFull
    """
    began = time.perf_counter()
    reset_peak_memory()
    try:
        record = first_record(task.job, task.settings.recipe)
        if task.resume and task.before is not None and _proves(task.before, record, task.out_dir):
            return Kept()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            record = _colorize_file(task, record)
        texts = list(dict.fromkeys(str(each.message) for each in caught if issubclass(each.category, UserWarning)))
        record = replace(record, warnings=record.warnings + texts)
    except TooManyPixelsError as error:
        if not task.alone:
            return NeedsRoom()
        record = replace(record, error=str(error))
    except OSError as error:
        if error.errno in DISK_FULL:
            return DiskFull(str(error))
        record = replace(record, error=str(error))
    except MemoryError as error:
        if not task.alone:
            return NeedsRoom()
        record = replace(record, error=f"there is not enough memory ({error})")
    except ValueError as error:
        record = replace(record, error=str(error))
    except Exception as error:  # noqa: BLE001 (a method of a third party may raise anything)
        record = replace(record, error=f"{type(error).__name__}: {error}")
    told = partial(_STAGED.sub, lambda _: Path(record.output).name)
    return replace(
        record,
        error=told(record.error),
        warnings=list(map(told, record.warnings)),
        seconds=round(time.perf_counter() - began, 3),
        peak_memory=peak_memory(),
        finished=now(),
    )


def first_record(job: Job, recipe: Recipe) -> Record:
    """What is known of a job before it is done: it failed, unless told otherwise.

    Parameters
    ----------
    job : Job
    recipe : Recipe

    Returns
    -------
    Record
    """
    return Record(
        input=str(job.photo),
        input_sha256=sha256(job.photo),
        output=job.output,
        strokes="" if job.strokes is None else str(job.strokes),
        strokes_sha256="" if job.strokes is None else sha256(job.strokes),
        recipe=recipe.facts(),
        versions=_versions(),
        outcome="failed",
    )


def quarantined(task: Task) -> Record:
    """What is said of a photograph that workers die of.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Record
    """
    return replace(
        first_record(task.job, task.settings.recipe),
        outcome="quarantined",
        error="two workers died of it, the second with this photograph alone: out of memory, killed, or a crash of a "
        "library; try it by itself with `pyvarcolor colorize`",
        finished=now(),
    )


def now() -> str:
    """The time, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _versions() -> dict[str, str]:
    """Of what decides about the bytes of a result."""
    return {name: version(name) for name in ("pyvarcolor", "numpy", "tifffile", "imagecodecs", "pillow")}


def _proves(before: Record, record: Record, out_dir: Path) -> bool:
    """Whether a record says that the same was done, and its result still lies there."""
    same = before.outcome == "done" and before.cause == record.cause
    return same and sha256(out_dir / before.output) == before.output_sha256


class _Page(NamedTuple):
    """What the record tells of a page."""

    shape: tuple[int, ...]
    dtype: str
    backend: str
    tile: int | None
    moved: float
    lightness_error: float


def _colorize_file(task: Task, record: Record) -> Record:
    """Colour all pages of a photograph and put the file in place."""
    job, settings, target = task.job, task.settings, task.out_dir / task.job.output
    fits = _pixels_that_fit(task)
    limit = settings.max_pixels if task.alone else min(settings.max_pixels, fits)
    done: list[_Page] = []

    def pages() -> Iterator[tuple[Pixels, Photo]]:
        for photo in read_pages(job.photo, max_pixels=limit):
            hints = None if job.strokes is None else read_strokes(job.strokes, photo.pixels).hints
            tile = None if photo.pixels.shape[0] * photo.pixels.shape[1] <= fits else _TILE
            result = settings.colorize(photo.pixels, hints, tile)
            error = np.abs(lightness_from_gray(result.rgb) - lightness_from_gray(photo.pixels)).max()
            shape, dtype, backend = photo.pixels.shape, photo.pixels.dtype.name, result.report.backend
            done.append(_Page(shape, dtype, backend, tile, result.moved, float(error)))
            yield result.rgb, photo

    made_how = note(**record.recipe, strokes=job.strokes and job.strokes.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _staged(target) as staged:
        write_pages(staged, pages(), note=made_how)
        digest = sha256(staged)
        if target.exists():
            there = sha256(target)
            ours = there == digest or (task.before is not None and there == task.before.output_sha256)
            if target.samefile(job.photo) or not (ours or settings.overwrite):
                raise FileExistsError(
                    f"cannot write {target}: another file has this name, or it was changed since; "
                    "move it away, or allow to replace it (--overwrite)"
                )
        staged.replace(target)
    first, tile = done[0], max((page.tile for page in done), key=bool)
    return replace(
        record,
        outcome="done",
        output_sha256=digest,
        backend=first.backend,
        warnings=[] if tile is None else [f"coloured in tiles of {tile} pixels, for memory was short"],
        pages=len(done),
        width=first.shape[1],
        height=first.shape[0],
        dtype=first.dtype,
        tile=tile,
        lightness_error=round(max(page.lightness_error for page in done), 4),
        moved=round(sum(page.moved for page in done) / len(done), 6),
    )


def _pixels_that_fit(task: Task) -> int:
    """How many pixels can be coloured in one piece."""
    memory = task.memory if task.memory is not None else available_memory()
    return task.settings.max_pixels if memory is None else memory // task.settings.pixel_bytes


@contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """A name beside the target for what is not finished; nothing is left there."""
    staged = target.with_name(f"{LEFTOVER}{secrets.token_hex(8)}{target.suffix}")
    try:
        yield staged
    finally:
        staged.unlink(missing_ok=True)
